#include "base/text.h"
#include "tm/client_transactions.h"

namespace imcd::tm {
namespace {

// Hexadecimal digits in lower case only, as we write them; all ones for anything else.
constexpr std::uint64_t bad_hex = ~std::uint64_t{0};

std::uint64_t read_hex(std::string_view text) {
  std::uint64_t number = 0;
  for (const char c : text) {
    if (is_digit(c)) {
      number = number << 4 | static_cast<std::uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      number = number << 4 | static_cast<std::uint64_t>(c - 'a' + 10);
    } else {
      return bad_hex;
    }
  }
  return number;
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
  if (branch.size() < bytes || !branch.starts_with(cookie) ||
      !padding.starts_with(branch.substr(bytes))) {
    return std::nullopt;
  }
  branch = branch.substr(0, bytes);
  branch.remove_prefix(cookie.size());
  const std::uint64_t slot = read_hex(branch.substr(0, 6));
  const std::uint64_t generation = read_hex(branch.substr(6, 8));
  const std::uint64_t sum = read_hex(branch.substr(14));
  if (slot == bad_hex || generation == bad_hex) return std::nullopt;
  const ClientTransactionId id{static_cast<std::uint32_t>(slot),
                               static_cast<std::uint32_t>(generation)};
  if (sum != checksum(id)) return std::nullopt;
  return id;
}

}  // namespace imcd::tm
