// Refusals: whether a 503 with Retry-After is the word of one user behind a next hop or of the hop
// itself (RFC 3261 21.5.4). One member's pauses him alone. When so many users in a row were refused
// and nobody was answered otherwise meanwhile, it is the hop that has no place: it is left alone
// for a second, so that what waits for others can show whether it is so. Three members who lie in a
// quiet hour hold nobody up for longer.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace imcd::delivery {

class Refusals {
 public:
  // By mailbox. True: the hop has no place; the next row begins.
  bool on_refused(std::uint32_t user) {
    const auto end = users_.begin() + count_;
    if (std::find(users_.begin(), end, user) != end) return false;
    users_[count_++] = user;
    if (count_ < users_.size()) return false;
    count_ = 0;
    return true;
  }
  // Any other final answer.
  void on_answered() { count_ = 0; }

 private:
  std::array<std::uint32_t, 3> users_{};
  std::uint32_t count_ = 0;
};

}  // namespace imcd::delivery
