// Link: the connection of a next hop over TCP. One is kept for each hop, made when it is first
// needed; the deliveries of all users go over it.
//
//               somebody waits, or it was open     on_open()
//     ┌──▶ closed ──────────────────────▶ connecting ──────▶ open ──on_blocked()──▶ open, blocked
//     │      ▲  ▲                             │                │
//     │      │  └────── fails, or 5 s ────────┘                │
//     │      └───────────── ends: what is unanswered is lost ──┘
//     └ after 0.25 s, doubling up to 16 s until an answer has come over it
//
// An answer, not the connection, shows that somebody is there: a peer that accepts and closes at
// once is not tried in a circle.
#pragma once

#include <algorithm>

#include "base/limits.h"
#include "base/stream.h"
#include "base/time.h"

namespace imcd::delivery {

class Link {
 public:
  enum class State : std::uint8_t { closed, connecting, open };

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] StreamId stream() const { return stream_; }
  [[nodiscard]] bool may_write() const { return state_ == State::open && !is_blocked_; }
  // The last attempt failed or the connection was lost, and it is too early for the next.
  [[nodiscard]] bool is_refused(MonoTime now) const {
    return state_ == State::closed && due_ > now;
  }
  // closed: no attempt before. connecting: given up then. It means nothing while open.
  [[nodiscard]] MonoTime due() const { return due_; }

  void on_connecting(StreamId stream, MonoTime now) {
    state_ = State::connecting;
    stream_ = stream;
    due_ = now + limits::connect_time;
  }
  void on_open(StreamId stream) {
    state_ = State::open;
    stream_ = stream;
    is_blocked_ = false;
  }
  void on_blocked(bool is_blocked) { is_blocked_ = is_blocked; }
  void on_answer() { back_off_ = {}; }
  void on_ended(MonoTime now) {
    state_ = State::closed;
    stream_ = 0;
    back_off_ = std::clamp(2 * back_off_, limits::reconnect_first, limits::reconnect_longest);
    due_ = now + back_off_;
  }

 private:
  State state_ = State::closed;
  bool is_blocked_ = false;
  StreamId stream_ = 0;
  MonoTime due_{};
  Duration back_off_{};
};

}  // namespace imcd::delivery
