// Plain characters: letters, digits, hyphen, dot and underscore. Branches, tags, Call-IDs, users
// and hosts are made of little else, so a long run is first measured by these, 16 bytes at a time
// with what every x86-64 processor has, and only then byte by byte (see Cursor::take_long_run).
// Without SSE2 no run is ever found to be plain, which costs time and changes nothing.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "parser/characters.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace imcd::parser {

constexpr bool is_plain(char c) { return is_in(CharSet::label, c) || c == '.'; }

// Whether a run of plain characters is a run of this set.
constexpr bool includes_plain(CharSet set) {
  for (unsigned c = 0; c < 256; ++c) {
    if (is_plain(static_cast<char>(c)) && !is_in(set, static_cast<char>(c))) return false;
  }
  return true;
}

#ifdef __SSE2__
namespace detail {

// Fewer than 16 bytes, without a look beyond them; NUL behind them. Parts may overlap, as what is
// in both is the same.
inline __m128i load_short(const char* at, std::size_t length) {
  const auto load = [at]<class Word>(std::size_t offset, Word word) {
    std::memcpy(&word, at + offset, sizeof word);
    return std::uint64_t{word};
  };
  if (length > 8) {
    const std::uint64_t last = load(length - 8, std::uint64_t{}) >> (8 * (16 - length));
    return _mm_set_epi64x(static_cast<long long>(last),
                          static_cast<long long>(load(0, std::uint64_t{})));
  }
  std::uint64_t word = 0;
  if (length >= 4) {
    word = load(0, std::uint32_t{}) | load(length - 4, std::uint32_t{}) << (8 * (length - 4));
  } else if (length > 0) {
    word = load(0, std::uint8_t{}) | load(length / 2, std::uint8_t{}) << (8 * (length / 2)) |
           load(length - 1, std::uint8_t{}) << (8 * (length - 1));
  }
  return _mm_cvtsi64_si128(static_cast<long long>(word));
}

inline __m128i load_at_most_16(const char* at, std::size_t length) {
  if (length < 16) return load_short(at, length);
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// Which bytes lie from `first` to `last`: compared as signed, after a shift that makes `first` the
// lowest value there is.
template <char first, char last>
__m128i in_range(__m128i bytes) {
  const __m128i shifted = _mm_add_epi8(bytes, _mm_set1_epi8(static_cast<char>(-128 - first)));
  return _mm_cmplt_epi8(shifted, _mm_set1_epi8(static_cast<char>(-128 + (last - first) + 1)));
}

inline std::uint32_t plain_mask(__m128i bytes) {
  const __m128i letters = in_range<'a', 'z'>(_mm_or_si128(bytes, _mm_set1_epi8(0x20)));
  const __m128i others =
      _mm_or_si128(in_range<'-', '.'>(bytes), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
  const __m128i plain = _mm_or_si128(_mm_or_si128(letters, in_range<'0', '9'>(bytes)), others);
  return static_cast<std::uint32_t>(_mm_movemask_epi8(plain));
}

}  // namespace detail
#endif

// How many bytes at the front of `text` are plain, or fewer.
inline std::size_t plain_run(std::string_view text) {
  std::size_t length = 0;
#ifdef __SSE2__
  for (; length < text.size(); length += 16) {
    const __m128i bytes = detail::load_at_most_16(text.data() + length, text.size() - length);
    const std::uint32_t stops = ~detail::plain_mask(bytes) & 0xffff;
    if (stops != 0) return length + static_cast<std::size_t>(std::countr_zero(stops));
  }
#else
  static_cast<void>(text);
#endif
  return length;
}

}  // namespace imcd::parser
