// Ledger: the chat messages of a run and the deliveries that the server made of them, each once,
// with what became of it. The checker writes it from what goes over the wire; the peers look up
// what they answered before.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "sim/names.h"

namespace imcd::sim {

// A set of the users who take part.
using UserSet = std::uint64_t;
inline UserSet only(UserId user) { return user < 64 ? UserSet{1} << user : 0; }

struct Chat {
  UserId sender = 0;
  RoomId room = 0;
  std::uint32_t life = 0;   // Of the process that accepted it; 0: none did.
  std::uint64_t index = 0;  // Counts up as messages are accepted.
  Instant accepted;
  std::optional<WallTime> expires;
  UserSet recipients = 0;
  UserSet heard = 0;
  // Two requests with the same text were accepted, as damage had made two of one.
  bool is_ambiguous = false;
};

// One client transaction of the server's.
struct Delivery {
  std::uint32_t life = 0;
  UserId user = 0;
  std::uint32_t chat = none;  // none: a notice.
  std::uint32_t hop = 0;
  std::uint64_t request = 0;  // Hash of its bytes.
  MonoTime first_sent{};
  std::uint32_t copies = 1;
  std::uint16_t final_code = 0;  // Of the first final response that reached the server in time.
  bool final_was_damaged = false;
  bool is_over = false;  // Answered, or timed out.
  bool in_window = true;
  // What the member made of it.
  std::uint16_t answer = 0;  // 0: not yet decided.
  MonoTime answer_at{};
};

class Ledger {
 public:
  explicit Ledger(std::size_t users) : users_(users) {}

  // The next message that the workload writes.
  std::uint32_t new_chat() {
    chats_.emplace_back();
    last_delivery_.resize(chats_.size() * users_, none);
    return static_cast<std::uint32_t>(chats_.size() - 1);
  }
  [[nodiscard]] bool has_chat(std::uint32_t chat) const { return chat < chats_.size(); }
  Chat& chat(std::uint32_t number) { return chats_[number]; }
  std::vector<Chat>& chats() { return chats_; }

  // The newest delivery of that message to that user, who takes part.
  std::uint32_t& last_delivery(std::uint32_t chat, UserId user) {
    return last_delivery_[chat * users_ + user];
  }

  std::optional<std::uint32_t> find_delivery(std::string_view branch) const {
    const auto found = by_branch_.find(key(branch));
    if (found == by_branch_.end()) return std::nullopt;
    return found->second;
  }
  std::uint32_t new_delivery(std::string_view branch, const Delivery& delivery) {
    const auto number = static_cast<std::uint32_t>(deliveries_.size());
    deliveries_.push_back(delivery);
    by_branch_[key(branch)] = number;
    return number;
  }
  Delivery& delivery(std::uint32_t number) { return deliveries_[number]; }

 private:
  // The padding at the end of a branch says nothing.
  static std::size_t key(std::string_view branch) {
    return std::hash<std::string_view>()(branch.substr(0, branch.find_last_not_of('-') + 1));
  }

  std::size_t users_;
  std::vector<Chat> chats_;
  std::vector<std::uint32_t> last_delivery_;  // By chat and user.
  std::vector<Delivery> deliveries_;
  std::unordered_map<std::size_t, std::uint32_t> by_branch_;
};

}  // namespace imcd::sim
