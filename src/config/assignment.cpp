#include "config/assignment.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/shown_setting.h"

namespace imcd::config {
namespace {

void parse_line(std::string_view line, const std::string& place, Assignments& out) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  line = trim(line);
  if (line.empty() || line.front() == '#') return;
  const std::size_t equals = line.find('=');
  const std::string_view key = trim(line.substr(0, equals));
  if (equals == std::string_view::npos || key.empty()) {
    out.complaints.push_back(
        fmt::format("{}: {}: expected `key = value`", place, shown_setting(line)));
    return;
  }
  const std::string_view value = trim(line.substr(equals + 1));
  if (value.contains(" #") || value.contains("\t#")) {
    out.complaints.push_back(
        fmt::format("{}: {}: expected no comment behind a value; give it a line of its own", place,
                    shown_setting(fmt::format("{} = {}", key, value))));
    return;
  }
  out.list.push_back({place, std::string(key), std::string(value)});
}

// Takes what follows an argument; complains where nothing does.
class ArgumentReader {
 public:
  explicit ArgumentReader(std::span<const std::string_view> left) : left_(left) {}

  [[nodiscard]] bool done() const { return left_.empty(); }
  std::string_view next() {
    const std::string_view argument = left_.front();
    left_ = left_.subspan(1);
    return argument;
  }

 private:
  std::span<const std::string_view> left_;
};

void complain(Arguments& out, std::string_view argument, std::string_view expected) {
  out.assignments.complaints.push_back(
      fmt::format("command line: {}: {}", shown_setting(argument), expected));
}

void parse_option(std::string_view argument, ArgumentReader& reader, Arguments& out) {
  const std::string_view text = argument.substr(2);
  const std::size_t equals = text.find('=');
  const std::string_view key = text.substr(0, equals);
  if (equals != std::string_view::npos) {
    out.assignments.list.push_back(
        {"command line", std::string(key), std::string(text.substr(equals + 1))});
  } else if (reader.done()) {
    complain(out, argument, "expected a value after it");
  } else {
    out.assignments.list.push_back({"command line", std::string(key), std::string(reader.next())});
  }
}

void parse_file_argument(ArgumentReader& reader, Arguments& out) {
  if (reader.done()) return complain(out, "-c", "expected a file after it");
  if (out.file) complain(out, "-c", "expected only one file");
  out.file = reader.next();
}

}  // namespace

Assignments parse_file(std::string_view text, std::string_view path) {
  Assignments assignments;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    parse_line(text.substr(0, end), fmt::format("{}:{}", path, number), assignments);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return assignments;
}

Arguments parse_arguments(std::span<const std::string_view> arguments) {
  Arguments out;
  ArgumentReader reader(arguments);
  while (!reader.done()) {
    const std::string_view argument = reader.next();
    if (argument == "-h" || argument == "--help") {
      out.help = true;
    } else if (argument == "--version") {
      out.version = true;
    } else if (argument == "--check") {
      out.check = true;
    } else if (argument == "--db_check") {
      out.db_check = true;
    } else if (argument == "--sample_config") {
      out.sample_config = true;
    } else if (argument == "-c") {
      parse_file_argument(reader, out);
    } else if (argument.starts_with("--")) {
      parse_option(argument, reader, out);
    } else {
      complain(out, argument, "expected --key value, --key=value or -c FILE; see --help");
    }
  }
  return out;
}

}  // namespace imcd::config
