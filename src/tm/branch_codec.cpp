#include "tm/branch_codec.h"

#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace imcd::tm {
namespace {

constexpr std::uint64_t each_byte = 0x0101010101010101;

// Eight hexadecimal digits are one word, the first in its highest byte.
std::uint64_t in_text_order(std::uint64_t digits) {
  return std::endian::native == std::endian::little ? std::byteswap(digits) : digits;
}

// Of eight other bytes, some number.
std::uint32_t read_hex(const char* at) {
  std::uint64_t digits = 0;
  std::memcpy(&digits, at, sizeof digits);
  digits = in_text_order(digits);
  const std::uint64_t letters = digits >> 6 & each_byte;
  std::uint64_t values = (digits & 0x0f * each_byte) + 9 * letters;
  values = (values | values >> 4) & 0x00ff00ff00ff00ff;
  values = (values | values >> 8) & 0x0000ffff0000ffff;
  return static_cast<std::uint32_t>(values | values >> 16);
}

// Sixteen hexadecimal digits.
#ifdef __SSE2__
void write_hex(char* at, std::uint64_t number) {
  const __m128i bytes = _mm_cvtsi64_si128(static_cast<long long>(in_text_order(number)));
  const __m128i low_halves = _mm_set1_epi8(0x0f);
  const __m128i values = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi64(bytes, 4), low_halves),
                                           _mm_and_si128(bytes, low_halves));
  const __m128i letters = _mm_cmpgt_epi8(values, _mm_set1_epi8(9));
  const __m128i offset = _mm_and_si128(letters, _mm_set1_epi8('a' - '0' - 10));
  const __m128i digits = _mm_add_epi8(_mm_add_epi8(values, _mm_set1_epi8('0')), offset);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(at), digits);
}
#else
void write_hex(char* at, std::uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4) *at++ = "0123456789abcdef"[number >> shift & 15];
}
#endif

}  // namespace

std::uint64_t BranchCodec::checksum(ClientTransactionId id) const {
  const std::uint64_t both = static_cast<std::uint64_t>(id.slot) << 32 | id.generation;
  return siphash(key_, both) >> 16;
}

// Sixteen digits each, of which six are the same: slot, generation and the first two of the
// checksum; the last four of the generation and the checksum.
BranchCodec::Token BranchCodec::token(ClientTransactionId id) const {
  const std::uint64_t sum = checksum(id);
  const std::uint64_t generation = id.generation;
  Token token;
  write_hex(token.data(), std::uint64_t{id.slot} << 40 | generation << 8 | sum >> 40);
  write_hex(token.data() + token_bytes - 16, generation << 48 | sum);
  return token;
}

std::optional<BranchCodec::TokenText> BranchCodec::find_token(std::string_view branch) {
  constexpr std::size_t bytes = cookie.size() + token_bytes;
  if (branch.size() < bytes || branch.size() > bytes + padding.size()) return std::nullopt;
  if (std::memcmp(branch.data(), cookie.data(), cookie.size()) != 0) return std::nullopt;
  const char* const behind = branch.data() + bytes;
  if (std::memcmp(behind, padding.data(), branch.size() - bytes) != 0) return std::nullopt;
  return TokenText(branch.data() + cookie.size(), token_bytes);
}

std::uint32_t BranchCodec::read_slot(TokenText text) { return read_hex(text.data()) >> 8; }

std::optional<ClientTransactionId> BranchCodec::read_branch(std::string_view branch) const {
  const auto text = find_token(branch);
  if (!text) return std::nullopt;
  // Whatever stands there: it is ours if we would write the same.
  const ClientTransactionId id{read_slot(*text), read_hex(text->data() + 6)};
  return is_token(*text, token(id)) ? std::optional(id) : std::nullopt;
}

}  // namespace imcd::tm
