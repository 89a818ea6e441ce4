// User: the queue of one address of record, across all rooms, and whether somebody is there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "base/limits.h"
#include "base/time.h"
#include "base/timer_lane.h"
#include "identity/identity.h"

namespace imcd::delivery {

// Whether a user answers (DESIGN 5 "User queue").
//
//   present ──3 timeouts in a row, or 404/410/480──▶ away ──the delay is over──▶ probing
//      ▲                                              ▲                            │
//      │                                              └──── no answer: twice ──────┤
//      └───── a delivery was accepted, or the user sent a message ─────────────────┘
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

// Users that wait for something, in the order they came, linked by User::next_waiting; each is in
// one line at most.
struct WaitingLine {
  std::uint32_t first = no_slot;
  std::uint32_t last = no_slot;
  [[nodiscard]] bool empty() const { return first == no_slot; }
};

struct User {
  IdentityRef who;
  std::uint32_t first = no_slot;  // Queue.
  std::uint32_t last = no_slot;
  std::uint32_t queued = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t next_waiting = no_slot;
  bool waiting = false;  // In a hop's line, or in one for its address.
  MonoTime waiting_since{};
  Presence presence;
  bool resting = false;  // Nothing is pending, but its absence is remembered.
  TimerNode rest;        // While resting.
  std::uint32_t generation = 0;
  // Where what is under way was sent to, when the user has moved since; else empty. It is repeated
  // as it was, and nothing new starts before it has ended.
  std::string former_uri;
  // Chat messages that were dropped, for one word when the user is back, and where the first of
  // them came from.
  std::uint32_t missed = 0;
  std::string missed_from;
};

}  // namespace imcd::delivery
