#include "parser/cases.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/text.h"

namespace imcd::parser {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view fence = "```";
constexpr std::size_t repetitions_max = 100000;

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

class Reader {
 public:
  Reader(std::string_view document, std::string_view name) : rest_(document), name_(name) {}

  std::vector<Case> read() {
    while (next_line()) {
      if (line_.starts_with("## ")) {
        begin_case();
      } else if (line_.starts_with(fence)) {
        take_block(line_.substr(fence.size()));
      }
    }
    end_case();
    return std::move(cases_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw std::runtime_error(std::string(name_) + ".md:" + std::to_string(number_) + ": " +
                             std::string(what));
  }

  bool next_line() {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) fail("the last line does not end");
    line_ = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    ++number_;
    return true;
  }

  void begin_case() {
    end_case();
    Case one;
    one.name = std::string(name_) + ": " + std::string(line_.substr(3));
    for (const Case& other : cases_) {
      if (other.name == one.name) fail("there is a case of that name already");
    }
    cases_.push_back(std::move(one));
  }

  void end_case() const {
    if (!cases_.empty() && cases_.back().expectations.empty()) fail("a case expects nothing");
  }

  void take_block(std::string_view word) {
    if (cases_.empty()) fail("a block before the first case");
    Case& one = cases_.back();
    if (word == "expect") {
      if (one.kind.empty()) fail("nothing is received before the expectations");
      return take_expectations(one);
    }
    if (!one.kind.empty()) fail("a case receives one thing");
    if (word != "sip" && word != "uri") fail("no such kind of block");
    one.kind = word;
    take_bytes(one);
  }

  // The next line of the block; false at its end.
  bool next_in_block() {
    if (!next_line()) fail("a block does not end");
    return line_ != fence;
  }

  void take_bytes(Case& one) {
    bool is_joined = true;
    while (next_in_block()) {
      if (!is_joined) one.bytes += "\r\n";
      is_joined = append(one.bytes, line_);
    }
    if (!is_joined && one.is_message()) one.bytes += "\r\n";
  }

  void take_expectations(Case& one) {
    while (next_in_block()) {
      const std::size_t colon = std::min(line_.find(':'), line_.size());
      Expectation expectation{std::string(line_.substr(0, colon)), {}};
      if (colon != line_.size()) append(expectation.value, trim(line_.substr(colon + 1)));
      one.expectations.push_back(std::move(expectation));
    }
  }

  // Appends what the text stands for; whether the next line follows without a line end.
  bool append(std::string& out, std::string_view text) const {
    while (!text.empty()) {
      if (text.front() != '\\') {
        const std::size_t length = std::min(text.find('\\'), text.size());
        out += text.substr(0, length);
        text.remove_prefix(length);
        continue;
      }
      text.remove_prefix(1);
      if (text.empty()) return true;
      text.remove_prefix(append_escape(out, text));
    }
    return false;
  }

  // What stands behind a backslash; its length.
  std::size_t append_escape(std::string& out, std::string_view text) const {
    switch (text.front()) {
      case 'r':
        out += '\r';
        return 1;
      case 'n':
        out += '\n';
        return 1;
      case 't':
        out += '\t';
        return 1;
      case '\\':
        out += '\\';
        return 1;
      case 'x':
        return append_byte(out, text);
      case '{':
        return append_repeated(out, text);
      default:
        fail("no such escape");
    }
  }

  std::size_t append_byte(std::string& out, std::string_view text) const {
    if (text.size() < 3 || hex_value(text[1]) < 0 || hex_value(text[2]) < 0) fail("bad \\xHH");
    out += static_cast<char>(hex_value(text[1]) * 16 + hex_value(text[2]));
    return 3;
  }

  // {3*ab}; what is repeated may hold escapes but these.
  std::size_t append_repeated(std::string& out, std::string_view text) const {
    const std::size_t star = text.find('*');
    const std::size_t end = text.find('}');
    if (star == std::string_view::npos || end == std::string_view::npos || end < star) {
      fail("bad \\{N*text}");
    }
    const auto times = parse_number(text.substr(1, star - 1), repetitions_max);
    if (!times) fail("bad number in \\{N*text}");
    std::string piece;
    append(piece, text.substr(star + 1, end - star - 1));
    for (std::uint64_t left = *times; left > 0; --left) out += piece;
    return end + 1;
  }

  std::string_view rest_;
  std::string_view name_;
  std::string_view line_;
  std::size_t number_ = 0;
  std::vector<Case> cases_;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Case> read_all() {
  const fs::path root = PARSER_CASES_DIRECTORY;
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".md") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<Case> all;
  for (const fs::path& path : paths) {
    const std::string name = path.lexically_relative(root).replace_extension().generic_string();
    for (Case& one : read_cases(read_file(path), name)) all.push_back(std::move(one));
  }
  if (all.empty()) throw std::runtime_error("no cases in " + root.string());
  return all;
}

}  // namespace

std::vector<Case> read_cases(std::string_view document, std::string_view name) {
  return Reader(document, name).read();
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    try {
      return read_all();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      std::abort();
    }
  }();
  return all;
}

}  // namespace imcd::parser
