// Shares: how the memory that peers can fill is divided (option memory_max). Each kind of thing
// that waits or is remembered for peers has a share of its own, so that none takes another's place,
// and turns it into a number of things by what one of them costs. Within a share users and rooms
// have bounds of their own: who owns it says which.
//
// Beside it stand the rooms, their members and what is fixed at the start: those are what the
// operator serves. One GiB, the default, is what a small machine can spare and lets each member of
// ten rooms of 100,000 be behind; the largest share goes to what texts and users take, as these
// are what a busy hour needs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace imcd {

enum class Share : std::uint8_t {
  texts,       // Chat messages, each once: delivery::SharedMessages.
  notices,     // Likewise, of what rooms say beside chat.
  queues,      // A place for each message in each user's queue: delivery::Mailboxes.
  users,       // Who has something pending, or whose absence is remembered: delivery::Mailboxes.
  deliveries,  // Under way, without an answer: delivery::Transactions.
  requests,    // Remembered for Timer J: tm::ServerTransactions.
  hops,        // Next hops: delivery::Hops.
  count,
};

class Shares {
 public:
  explicit constexpr Shares(std::size_t memory_max) : memory_max_(memory_max) {}

  [[nodiscard]] constexpr std::size_t bytes(Share share) const {
    return memory_max_ / sixteenths_in_all * sixteenths[static_cast<std::size_t>(share)];
  }
  // How many things that cost so many bytes each.
  [[nodiscard]] constexpr std::size_t places(Share share, std::size_t bytes_each) const {
    return bytes(share) / bytes_each;
  }

 private:
  static constexpr std::size_t sixteenths_in_all = 16;
  static constexpr std::array<std::size_t, static_cast<std::size_t>(Share::count)> sixteenths = {
      4, 1, 2, 4, 2, 2, 1};
  static_assert(sixteenths[0] + sixteenths[1] + sixteenths[2] + sixteenths[3] + sixteenths[4] +
                    sixteenths[5] + sixteenths[6] ==
                sixteenths_in_all);

  std::size_t memory_max_;
};

}  // namespace imcd
