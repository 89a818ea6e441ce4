#include <bit>
#include <cstring>

#include "tm/client_transactions.h"

namespace imcd::tm {
namespace {

constexpr std::uint64_t each_byte = 0x0101010101010101;

// Eight hexadecimal digits in one word, the first in its highest byte.
std::uint64_t load_digits(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return std::endian::native == std::endian::little ? std::byteswap(word) : word;
}

// Lower case only, as we write them. Sets `is_bad` where one is no such digit: written again, the
// values then give other digits.
std::uint32_t read_hex(const char* at, bool& is_bad) {
  const std::uint64_t digits = load_digits(at);
  const std::uint64_t letters = digits >> 6 & each_byte;
  std::uint64_t values = (digits & 0x0f * each_byte) + 9 * letters;
  const std::uint64_t above_nine = (values + 6 * each_byte) >> 4 & each_byte;
  is_bad |= values + '0' * each_byte + ('a' - '0' - 10) * above_nine != digits;
  is_bad |= (values & 0xf0 * each_byte) != 0;  // From g on.
  values = (values | values >> 4) & 0x00ff00ff00ff00ff;
  values = (values | values >> 8) & 0x0000ffff0000ffff;
  return static_cast<std::uint32_t>(values | values >> 16);
}

void write_hex(char* at, std::uint64_t number, std::size_t digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  while (digits > 0) {
    at[--digits] = hex[number & 0xf];
    number >>= 4;
  }
}

}  // namespace

std::uint64_t BranchCodec::checksum(ClientTransactionId id) const {
  const std::uint64_t both = static_cast<std::uint64_t>(id.slot) << 32 | id.generation;
  return siphash(key_, both) >> 16;
}

BranchCodec::Token BranchCodec::token(ClientTransactionId id) const {
  Token token;
  write_hex(token.data(), id.slot, 6);
  write_hex(token.data() + 6, id.generation, 8);
  write_hex(token.data() + 14, checksum(id), 12);
  return token;
}

std::optional<ClientTransactionId> BranchCodec::read_branch(std::string_view branch) const {
  constexpr std::size_t bytes = cookie.size() + token_bytes;
  if (branch.size() < bytes || std::memcmp(branch.data(), cookie.data(), cookie.size()) != 0) {
    return std::nullopt;
  }
  if (branch.size() > bytes && !padding.starts_with(branch.substr(bytes))) return std::nullopt;
  // Eight digits each: the slot and two more, the generation, the checksum's first and its last.
  const char* const token = branch.data() + cookie.size();
  bool is_bad = false;
  const ClientTransactionId id{read_hex(token, is_bad) >> 8, read_hex(token + 6, is_bad)};
  const std::uint64_t sum =
      std::uint64_t{read_hex(token + 14, is_bad)} << 16 | (read_hex(token + 18, is_bad) & 0xffff);
  if (is_bad || sum != checksum(id)) return std::nullopt;
  return id;
}

}  // namespace imcd::tm
