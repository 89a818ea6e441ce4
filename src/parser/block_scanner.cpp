#include "parser/block_scanner.h"

#ifdef IMCD_HAS_BLOCK_SCANNER

#include <algorithm>
#include <bit>
#include <cstring>
#include <immintrin.h>

#include "base/text.h"

// A function for a newer processor can take in one for an older one, not the other way round: what
// both scanners share is a template that is always taken in whole.
#define IMCD_ALWAYS_INLINE [[gnu::always_inline]] inline
#define IMCD_AVX2 [[gnu::target("avx2,bmi")]]

namespace imcd::parser {
namespace {

constexpr std::size_t block_bytes = 64;
constexpr std::uint32_t none = UINT32_MAX;

// One bit for each byte of a block, the lowest for the first.
struct Masks {
  std::uint64_t cr;
  std::uint64_t lf;
  std::uint64_t colon;
  std::uint64_t nul;
};

struct Sse2 {
  static std::uint64_t equal(const char* at, char c) {
    std::uint64_t mask = 0;
    for (unsigned i = 0; i < block_bytes; i += 16) {
      const __m128i part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
      const int bits = _mm_movemask_epi8(_mm_cmpeq_epi8(part, _mm_set1_epi8(c)));
      mask |= std::uint64_t{static_cast<std::uint32_t>(bits)} << i;
    }
    return mask;
  }
  static Masks read(const char* at) {
    return {equal(at, '\r'), equal(at, '\n'), equal(at, ':'), equal(at, '\0')};
  }
};

struct Avx2 {
  IMCD_AVX2 static std::uint64_t equal(__m256i low, __m256i high, char c) {
    const __m256i wanted = _mm256_set1_epi8(c);
    const int low_bits = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    const int high_bits = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return std::uint64_t{static_cast<std::uint32_t>(high_bits)} << 32 |
           static_cast<std::uint32_t>(low_bits);
  }
  IMCD_AVX2 static Masks read(const char* at) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32));
    // A NUL hides in neither half of the smaller bytes; where it is matters only if there is one.
    const __m256i zero = _mm256_setzero_si256();
    const __m256i smaller = _mm256_min_epu8(low, high);
    const bool has_nul = _mm256_movemask_epi8(_mm256_cmpeq_epi8(smaller, zero)) != 0;
    return {equal(low, high, '\r'), equal(low, high, '\n'), equal(low, high, ':'),
            has_nul ? equal(low, high, '\0') : 0};
  }
};

// The bits up to the lowest one of `mask`, and that one.
IMCD_ALWAYS_INLINE std::uint64_t up_to_lowest(std::uint64_t mask) { return mask ^ (mask - 1); }

// What the walk over the blocks knows of the line it is in.
struct Walk {
  std::string_view bytes;
  Head& head;
  std::size_t line_count = 0;
  std::uint32_t begin = 0;     // Of the line.
  std::uint32_t colon = none;  // Its first one.
  bool is_folded = false;
};

// At a CRLF whose LF is at `lf`. True when it is the empty line.
IMCD_ALWAYS_INLINE bool end_line(Walk& walk, std::uint32_t lf) {
  Head& head = walk.head;
  const std::uint32_t end = lf - 1;
  if (end == walk.begin) {
    head.is_ended = true;
    head.end = std::size_t{lf} + 1;
    return true;
  }
  // Most lines begin with a letter, which is above both kinds of blank.
  if (lf + 1 < walk.bytes.size() && walk.bytes[lf + 1] <= ' ' && is_blank(walk.bytes[lf + 1]) &&
      walk.begin != 0) {
    walk.is_folded = true;
    return false;
  }
  if (walk.line_count < Head::lines_max) {
    head.lines[walk.line_count++] = {.begin = walk.begin,
                                     .colon = std::min(walk.colon, end),
                                     .end = end,
                                     .is_folded = walk.is_folded,
                                     .has_control = false};
  } else {
    head.has_too_many = true;
  }
  walk.begin = lf + 1;
  walk.colon = none;
  walk.is_folded = false;
  return false;
}

enum class Step : std::uint8_t { more, ended, unclean };

// One block: `masks` of the bytes from `base` on, `cr_before` the bit of a CR right before it.
IMCD_ALWAYS_INLINE Step walk_block(Walk& walk, const Masks& masks, std::uint32_t base,
                                   std::uint64_t cr_before) {
  const std::uint64_t behind_cr = masks.cr << 1 | cr_before;
  const std::uint64_t unclean = (behind_cr ^ masks.lf) | masks.nul;
  std::uint64_t colons = masks.colon;
  for (std::uint64_t ends = masks.lf; ends != 0; ends &= ends - 1) {
    const std::uint64_t line = up_to_lowest(ends);
    if (walk.colon == none && (colons & line) != 0) {
      walk.colon = base + static_cast<std::uint32_t>(std::countr_zero(colons));
    }
    colons &= ~line;
    if ((unclean & line) != 0) return Step::unclean;
    if (end_line(walk, base + static_cast<std::uint32_t>(std::countr_zero(ends)))) {
      return Step::ended;
    }
  }
  if (unclean != 0) return Step::unclean;
  if (walk.colon == none && colons != 0) {
    walk.colon = base + static_cast<std::uint32_t>(std::countr_zero(colons));
  }
  return Step::more;
}

// The masks of a last block that is shorter: of the last 64 bytes, less those seen already.
template <class Set>
IMCD_ALWAYS_INLINE Masks read_tail(std::string_view bytes, std::size_t base) {
  char copy[block_bytes] = {};
  const char* at = bytes.data() + bytes.size() - block_bytes;
  unsigned seen = static_cast<unsigned>(block_bytes - (bytes.size() - base));
  std::uint64_t there = ~std::uint64_t{0};
  if (bytes.size() < block_bytes) {
    std::memcpy(copy, bytes.data(), bytes.size());
    at = copy;
    there >>= seen;
    seen = 0;
  }
  const Masks masks = Set::read(at);
  return {(masks.cr & there) >> seen, (masks.lf & there) >> seen, (masks.colon & there) >> seen,
          (masks.nul & there) >> seen};
}

template <class Set>
IMCD_ALWAYS_INLINE bool scan_blocks(std::string_view bytes, Head& head) {
  head.has_too_many = false;
  head.is_ended = false;
  Walk walk{.bytes = bytes, .head = head};
  std::uint64_t cr_before = 0;
  std::size_t base = 0;
  Step step = Step::more;
  for (; step == Step::more && base + block_bytes <= bytes.size(); base += block_bytes) {
    const Masks masks = Set::read(bytes.data() + base);
    step = walk_block(walk, masks, static_cast<std::uint32_t>(base), cr_before);
    cr_before = masks.cr >> (block_bytes - 1);
  }
  if (step == Step::more && base < bytes.size()) {
    const Masks masks = read_tail<Set>(bytes, base);
    step = walk_block(walk, masks, static_cast<std::uint32_t>(base), cr_before);
  }
  if (step == Step::more) head.end = walk.begin;
  head.line_count = walk.line_count;
  return step != Step::unclean;
}

}  // namespace

bool scan_blocks_sse2(std::string_view bytes, Head& head) { return scan_blocks<Sse2>(bytes, head); }

IMCD_AVX2 bool scan_blocks_avx2(std::string_view bytes, Head& head) {
  return scan_blocks<Avx2>(bytes, head);
}

}  // namespace imcd::parser

#endif
