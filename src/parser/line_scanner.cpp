#include "parser/line_scanner.h"

#include "base/check.h"
#include "base/text.h"
#include "parser/block_scanner.h"

namespace imcd::parser {
namespace {

consteval std::array<bool, 256> build_stops() {
  std::array<bool, 256> table{};
  for (const char c : {'\0', '\r', '\n', ':'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> stops = build_stops();

constexpr std::uint32_t none = UINT32_MAX;

bool is_line_end(std::string_view bytes, std::size_t at) {
  return at + 1 < bytes.size() && bytes[at] == '\r' && bytes[at + 1] == '\n';
}

// Fills everything but `begin`; false when the bytes end before the line does.
bool scan_line(std::string_view bytes, bool may_fold, HeadLine& line) {
  line.colon = none;
  line.is_folded = false;
  line.has_control = false;
  for (std::size_t at = line.begin; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (!stops[static_cast<unsigned char>(c)]) continue;
    if (c == ':') {
      if (line.colon == none) line.colon = static_cast<std::uint32_t>(at);
    } else if (!is_line_end(bytes, at)) {
      line.has_control = true;
    } else if (may_fold && at + 2 < bytes.size() && is_blank(bytes[at + 2])) {
      line.is_folded = true;
      at += 2;
    } else {
      line.end = static_cast<std::uint32_t>(at);
      if (line.colon == none) line.colon = line.end;
      return true;
    }
  }
  return false;
}

void scan_scalar(std::string_view bytes, Head& head) {
  head.line_count = 0;
  head.has_too_many = false;
  head.is_ended = false;
  head.end = 0;
  bool is_start = true;
  while (head.end < bytes.size()) {
    if (is_line_end(bytes, head.end)) {
      head.is_ended = true;
      head.end += 2;
      return;
    }
    HeadLine line;
    line.begin = static_cast<std::uint32_t>(head.end);
    if (!scan_line(bytes, !is_start, line)) return;
    is_start = false;
    head.end = std::size_t{line.end} + 2;
    if (head.line_count < Head::lines_max) {
      head.lines[head.line_count++] = line;
    } else {
      head.has_too_many = true;
    }
  }
}

void scan_with([[maybe_unused]] Scanner scanner, std::string_view bytes, Head& head) {
#ifdef IMCD_HAS_BLOCK_SCANNER
  if (scanner == Scanner::avx2 && scan_blocks_avx2(bytes, head)) return;
  if (scanner == Scanner::sse2 && scan_blocks_sse2(bytes, head)) return;
#endif
  scan_scalar(bytes, head);
}

Scanner find_fastest() {
  if (has_scanner(Scanner::avx2)) return Scanner::avx2;
  return has_scanner(Scanner::sse2) ? Scanner::sse2 : Scanner::scalar;
}

}  // namespace

bool has_scanner(Scanner scanner) {
#ifdef IMCD_HAS_BLOCK_SCANNER
  if (scanner == Scanner::avx2) {
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0;
  }
  return true;
#else
  return scanner == Scanner::scalar;
#endif
}

void scan_head(Scanner scanner, std::string_view bytes, Head& head) {
  CHECK(has_scanner(scanner));
  scan_with(scanner, bytes, head);
}

void scan_head(std::string_view bytes, Head& head) {
  // What the processor can do never changes, so every run with the same input does the same.
  static const Scanner fastest = find_fastest();
  scan_with(fastest, bytes, head);
}

}  // namespace imcd::parser
