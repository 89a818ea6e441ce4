// ByteChunk: up to 16 bytes that are classified together, with what every x86-64 processor has; on
// others byte by byte, which takes longer and gives the same. A mask has one bit for each byte, the
// lowest for the first; where there are fewer bytes than 16, NUL stands behind them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "parser/characters.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace imcd::parser {

// Plain characters: letters, digits, hyphen, dot and underscore. Branches, tags, Call-IDs, users
// and hosts are made of little else.
constexpr bool is_plain(char c) { return is_in(CharSet::label, c) || c == '.'; }

#ifdef __SSE2__

class ByteChunk {
 public:
  static constexpr std::size_t bytes_max = 16;

  // The first 16 of `length` bytes, or all; it looks at no byte beyond them.
  ByteChunk(const char* at, std::size_t length)
      : bytes_(length < bytes_max ? load_short(at, length)
                                  : _mm_loadu_si128(reinterpret_cast<const __m128i*>(at))) {}

  [[nodiscard]] std::uint32_t plain() const {
    const __m128i letters = in_range<'a', 'z'>(_mm_or_si128(bytes_, _mm_set1_epi8(0x20)));
    const __m128i others = _mm_or_si128(in_range<'-', '.'>(bytes_), equal('_'));
    return mask(_mm_or_si128(_mm_or_si128(letters, in_range<'0', '9'>(bytes_)), others));
  }
  // Dots and hyphens.
  [[nodiscard]] std::uint32_t marks() const { return mask(in_range<'-', '.'>(bytes_)); }
  [[nodiscard]] std::uint32_t blanks() const { return mask(_mm_or_si128(equal(' '), equal('\t'))); }
  // Quotes, commas and blanks.
  [[nodiscard]] std::uint32_t separators() const {
    const __m128i blanks = _mm_or_si128(equal(' '), equal('\t'));
    return mask(_mm_or_si128(blanks, _mm_or_si128(equal('"'), equal(','))));
  }

  [[nodiscard]] std::uint32_t equal_to(char c) const { return mask(equal(c)); }

  [[nodiscard]] std::array<char, bytes_max> bytes() const {
    return std::bit_cast<std::array<char, bytes_max>>(bytes_);
  }

 private:
  // Two loads that may overlap, as what is in both is the same.
  static __m128i load_short(const char* at, std::size_t length) {
    if (length > 8) {
      const std::uint64_t last = load<std::uint64_t>(at + length - 8) >> (8 * (16 - length));
      return _mm_set_epi64x(static_cast<long long>(last),
                            static_cast<long long>(load<std::uint64_t>(at)));
    }
    std::uint64_t word = 0;
    if (length >= 4) {
      word = load<std::uint32_t>(at) | load<std::uint32_t>(at + length - 4) << (8 * (length - 4));
    } else if (length > 0) {
      word = load<std::uint8_t>(at) | load<std::uint8_t>(at + length / 2) << (8 * (length / 2)) |
             load<std::uint8_t>(at + length - 1) << (8 * (length - 1));
    }
    return _mm_cvtsi64_si128(static_cast<long long>(word));
  }
  template <class Word>
  static std::uint64_t load(const char* at) {
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
  }

  // Compared as signed, after a shift that makes `first` the lowest value there is.
  template <char first, char last>
  static __m128i in_range(__m128i bytes) {
    const __m128i shifted = _mm_add_epi8(bytes, _mm_set1_epi8(static_cast<char>(-128 - first)));
    return _mm_cmplt_epi8(shifted, _mm_set1_epi8(static_cast<char>(-128 + (last - first) + 1)));
  }
  [[nodiscard]] __m128i equal(char c) const { return _mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c)); }
  static std::uint32_t mask(__m128i bytes) {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes));
  }

  __m128i bytes_;
};

#else

class ByteChunk {
 public:
  static constexpr std::size_t bytes_max = 16;

  ByteChunk(const char* at, std::size_t length) {
    std::memcpy(bytes_.data(), at, length < bytes_max ? length : bytes_max);
  }

  [[nodiscard]] std::uint32_t plain() const { return mask(is_plain); }
  [[nodiscard]] std::uint32_t marks() const {
    return mask([](char c) { return c == '.' || c == '-'; });
  }
  [[nodiscard]] std::uint32_t blanks() const {
    return mask([](char c) { return c == ' ' || c == '\t'; });
  }
  [[nodiscard]] std::uint32_t separators() const {
    return mask([](char c) { return c == '"' || c == ',' || is_blank(c); });
  }
  [[nodiscard]] std::uint32_t equal_to(char wanted) const {
    return mask([wanted](char c) { return c == wanted; });
  }
  [[nodiscard]] std::array<char, bytes_max> bytes() const { return bytes_; }

 private:
  template <class Predicate>
  [[nodiscard]] std::uint32_t mask(Predicate predicate) const {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < bytes_max; ++i) mask |= (predicate(bytes_[i]) ? 1U : 0U) << i;
    return mask;
  }

  std::array<char, bytes_max> bytes_{};
};

#endif

// How many bytes at the front of the text are plain.
inline std::size_t plain_run(std::string_view text) {
  const char* const at = text.data();
  const std::size_t size = text.size();
  for (std::size_t length = 0; length < size; length += ByteChunk::bytes_max) {
    const std::uint32_t stops = ByteChunk(at + length, size - length).plain() ^ 0xffff;
    if (stops != 0) return length + static_cast<std::size_t>(std::countr_zero(stops));
  }
  return size;
}

// Whether any byte of the text is in the mask: `has_any<&ByteChunk::blanks>(text)`.
template <auto mask>
bool has_any(std::string_view text) {
  std::uint32_t found = 0;
  for (std::size_t at = 0; at < text.size(); at += ByteChunk::bytes_max) {
    found |= (ByteChunk(text.data() + at, text.size() - at).*mask)();
  }
  return found != 0;
}

}  // namespace imcd::parser
