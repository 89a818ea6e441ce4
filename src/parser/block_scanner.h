// The scanners that look at 64 bytes at a time (see parser/line_scanner.h), for x86-64. Private to
// the line scanner.
#pragma once

#include <string_view>

#include "parser/line_scanner.h"

#if defined(__x86_64__)
#define IMCD_HAS_BLOCK_SCANNER

namespace imcd::parser {

// False, and nothing certain in `head`, when the head holds a NUL, a bare CR or a bare LF.
bool scan_blocks_sse2(std::string_view bytes, Head& head);
bool scan_blocks_avx2(std::string_view bytes, Head& head);

}  // namespace imcd::parser

#endif
