#include "tm/branch_codec.h"

#include <bit>
#include <cstring>

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

void write_hex(char* at, std::uint32_t number) {
  std::uint64_t values = number;
  values = (values | values << 16) & 0x0000ffff0000ffff;
  values = (values | values << 8) & 0x00ff00ff00ff00ff;
  values = (values | values << 4) & 0x0f * each_byte;
  const std::uint64_t letters = (values + 6 * each_byte) >> 4 & each_byte;
  const std::uint64_t digits = in_text_order(values + '0' * each_byte + ('a' - '0' - 10) * letters);
  std::memcpy(at, &digits, sizeof digits);
}

}  // namespace

std::uint64_t BranchCodec::checksum(ClientTransactionId id) const {
  const std::uint64_t both = static_cast<std::uint64_t>(id.slot) << 32 | id.generation;
  return siphash(key_, both) >> 16;
}

// Eight digits each: the slot and two more, which the generation takes back; the checksum's first
// and its last, of which four are the same.
BranchCodec::Token BranchCodec::token(ClientTransactionId id) const {
  const std::uint64_t sum = checksum(id);
  Token token;
  write_hex(token.data(), id.slot << 8);
  write_hex(token.data() + 6, id.generation);
  write_hex(token.data() + 14, static_cast<std::uint32_t>(sum >> 16));
  write_hex(token.data() + 18, static_cast<std::uint32_t>(sum));
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
