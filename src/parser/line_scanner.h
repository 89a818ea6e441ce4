// The one pass over a message's head: where each line ends, where its first colon is, whether it is
// folded, and whether it holds a NUL, a bare CR or a bare LF. Everything after it works on short
// pieces; this is the only loop that looks at every byte of the head.
//
// There are three of it, which tell the same of any bytes. The scalar one is the definition. The
// others look at 64 bytes at a time and take about one instruction for each byte; a head with a
// control character in it, which no honest peer sends, they leave to the scalar one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/limits.h"

namespace imcd::parser {

// Offsets into what was scanned. Without initial values, as a table of them is made per message.
struct HeadLine {
  std::uint32_t begin;
  std::uint32_t colon;  // Of the first one; equal to `end` where there is none.
  std::uint32_t end;    // The CRLF that ends the line, behind all its folds.
  bool is_folded;       // RFC 3261 7.3.1. The start line cannot be.
  bool has_control;     // NUL, CR without LF, or LF without CR.
};

struct Head {
  static constexpr std::size_t lines_max = limits::header_fields_max + 1;

  std::array<HeadLine, lines_max> lines;  // The start line first; the empty line is not among them.
  std::size_t line_count = 0;
  bool has_too_many = false;  // There were more than lines_max; the rest was skipped.
  bool is_ended = false;      // The empty line was there.
  // Behind the empty line. Without one: where the line begins that has no end.
  std::size_t end = 0;
};

enum class Scanner : std::uint8_t { scalar, sse2, avx2 };

// Whether this processor can run it.
bool has_scanner(Scanner scanner);

// RFC 3261 7 and 25.1: a line ends at CRLF only; a CR or LF by itself is part of the line, and
// noted. At most 4 GiB. The fastest scanner that the processor has.
void scan_head(std::string_view bytes, Head& head);

// With one of them, which must be there.
void scan_head(Scanner scanner, std::string_view bytes, Head& head);

}  // namespace imcd::parser
