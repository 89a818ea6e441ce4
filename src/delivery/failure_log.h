// FailureLog: what operators read of deliveries that fail. The first failure of a kind, a code and
// a next hop is a line in the log at once, those that follow are counted, and the count is the next
// line, a minute later at the earliest. So a proxy that refuses what it should relay is seen at its
// first refusal, and a storm of refusals costs a line a minute.
//
// A kind that was quiet for a minute is forgotten. At most limits::failures_told_max are told apart
// at a time; further ones share a line.
//
// Timer: when the earliest of them has a line to write or may be forgotten.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/figures.h"
#include "base/outbox.h"
#include "base/time.h"

namespace imcd::delivery {

class FailureLog {
 public:
  struct Failure {
    // Any but `accepted`. Those without a next hop have the address empty.
    DeliveryResult result = DeliveryResult::refused;
    std::uint16_t code = 0;  // That of the answer, or which stands for none (RFC 3261 8.1.3.1).
    Endpoint hop;
    friend bool operator==(const Failure&, const Failure&) = default;
  };

  void note(const Failure& failure, MonoTime now);
  // Writes the lines that are due.
  void tell(MonoTime now, Outbox& out) {
    if (tell_at_ && *tell_at_ <= now) tell_due(now, out);
  }
  [[nodiscard]] std::optional<MonoTime> next_deadline() const { return tell_at_; }

 private:
  struct Entry {
    std::optional<Failure> failure;  // None: all that are told together.
    std::uint64_t count = 0;         // Since its last line.
    MonoTime tell_at{};
  };
  void tell_due(MonoTime now, Outbox& out);
  static void write(const Entry& entry, Outbox& out);

  std::vector<Entry> entries_;  // Few, so a search is a short walk.
  std::optional<MonoTime> tell_at_;
};

}  // namespace imcd::delivery
