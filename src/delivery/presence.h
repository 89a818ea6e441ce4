// Presence: whether a user answers (DESIGN 5 "User queue"). Whoever is away is tried again after a
// delay that doubles, with one message.
//
//   present ──3 timeouts in a row, or 404/410/480──▶ away ──the delay is over──▶ probing
//      ▲                                              ▲                            │
//      │                                              └──── no answer: twice ──────┤
//      └───── a delivery was accepted, or the user sent a message ─────────────────┘
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/limits.h"
#include "base/time.h"

namespace imcd::delivery {

class Presence {
 public:
  enum class State : std::uint8_t { present, away, probing };

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool is_present() const { return state_ == State::present; }
  // Nothing bad is remembered: the user needs no memory of ours.
  [[nodiscard]] bool is_clean() const { return is_present() && timeouts_ == 0; }
  [[nodiscard]] MonoTime away_until() const { return away_until_; }

  void on_answered() { *this = Presence{}; }
  // True: the user is away from now on, or still.
  bool on_timeout(MonoTime now) {
    if (is_present() && ++timeouts_ < limits::away_after_timeouts) return false;
    leave(now, limits::away_first);
    return true;
  }
  // The peer says that nobody is there; `retry_after` is its own guess.
  void on_unavailable(MonoTime now, std::optional<Duration> retry_after) {
    leave(now, std::clamp(retry_after.value_or(limits::away_first), limits::away_first,
                          limits::away_longest));
  }
  // The delay is over: the newest message may be tried.
  void on_deadline() {
    if (state_ == State::away) state_ = State::probing;
  }

 private:
  void leave(MonoTime now, Duration first) {
    delay_ = is_present() ? first : std::min(2 * delay_, limits::away_longest);
    away_until_ = now + delay_;
    state_ = State::away;
  }

  State state_ = State::present;
  std::uint8_t timeouts_ = 0;
  Duration delay_{};
  MonoTime away_until_{};
};

}  // namespace imcd::delivery
