// UTF-8 (RFC 3629), as far as those need it who must not cut or pass on broken sequences.
#pragma once

#include <cstddef>
#include <string_view>

namespace imcd::parser {

// Bytes of the code point at the front of `text`, from 1 to 4; 0 when there is no well-formed one
// (also for overlong forms, surrogates and what lies beyond U+10FFFF).
constexpr std::size_t code_point_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&byte](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return continues(1) ? 2 : 0;
  if (!continues(1) || !continues(2)) return 0;
  if (first < 0xf0) {
    const bool is_overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool is_surrogate = first == 0xed && byte(1) >= 0xa0;
    return is_overlong || is_surrogate ? 0 : 3;
  }
  const bool is_overlong = first == 0xf0 && byte(1) < 0x90;
  const bool is_beyond = first > 0xf4 || (first == 0xf4 && byte(1) >= 0x90);
  return is_overlong || is_beyond || !continues(3) ? 0 : 4;
}

// The whole text is well-formed; ASCII is.
constexpr bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = code_point_bytes(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace imcd::parser
