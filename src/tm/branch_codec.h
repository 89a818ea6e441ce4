// BranchCodec: the token in our branches and Call-IDs, from which a response's transaction is found
// without a search: 6 hexadecimal digits of slot, 8 of generation, 12 of a keyed checksum, so that
// nobody else can make one. Making a token costs a hash; who keeps it compares bytes instead.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/same_bytes.h"
#include "base/siphash.h"
#include "base/timer_lane.h"

namespace imcd::tm {

// Names a transaction across turns. After the transaction is gone it names nothing.
struct ClientTransactionId {
  std::uint32_t slot = no_slot;
  std::uint32_t generation = 0;
  friend bool operator==(const ClientTransactionId&, const ClientTransactionId&) = default;
};

class BranchCodec {
 public:
  static constexpr std::string_view cookie = "z9hG4bK";
  static constexpr std::size_t token_bytes = 6 + 8 + 12;
  using Token = std::array<char, token_bytes>;
  // May stand behind the token, as much of it as the writer likes; it says nothing.
  static constexpr std::string_view padding =
      "----------------------------------------------------------------";
  // What six digits can name.
  static constexpr std::size_t slots_max = std::size_t{1} << 24;

  explicit BranchCodec(HashKey key) : key_(key) {}

  [[nodiscard]] Token token(ClientTransactionId id) const;
  void write_token(ByteBuffer& out, ClientTransactionId id) const {
    const Token text = token(id);
    out.append({text.data(), text.size()});
  }
  // Nothing for a branch that we did not make.
  [[nodiscard]] std::optional<ClientTransactionId> read_branch(std::string_view branch) const;

  // For those who have kept the token: what stands in its place in a branch, if there is such a
  // place; the slot that it names, which may be any; and whether it is this token.
  using TokenText = std::span<const char, token_bytes>;
  [[nodiscard]] static std::optional<TokenText> find_token(std::string_view branch);
  [[nodiscard]] static std::uint32_t read_slot(TokenText text);
  [[nodiscard]] static bool is_token(TokenText text, const Token& token) {
    return same_bytes<token_bytes>(text.data(), token.data());
  }

 private:
  [[nodiscard]] std::uint64_t checksum(ClientTransactionId id) const;

  HashKey key_;
};

}  // namespace imcd::tm
