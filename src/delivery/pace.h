// Pace: how old a datagram must be before it is taken as no longer in the peer's buffer. A peer
// that loses datagrams gets them more slowly: each second in which more than 2 % of them had to be
// sent again to users who otherwise answer doubles the pace, each clean second halves it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/limits.h"
#include "base/time.h"

namespace imcd::delivery {

class Pace {
 public:
  [[nodiscard]] Duration current() const { return pace_; }

  void on_sent(MonoTime now) {
    end_second(now);
    ++sent_;
  }
  // The first retransmission to a user who answered lately.
  void on_lost(MonoTime now) {
    end_second(now);
    ++lost_;
  }

 private:
  void end_second(MonoTime now) {
    if (now - second_ < 1s) return;
    if (lost_ > lost_few && lost_ * 50 > sent_) {
      pace_ = std::min(2 * pace_, limits::hop_pace_longest);
      // Losses right after going faster: that was too fast.
      if (halved_) patience_ = std::min(4 * patience_, patience_longest);
      clean_seconds_ = 0;
      halved_ = false;
    } else if (lost_ == 0 && pace_ > limits::hop_pace && ++clean_seconds_ >= patience_) {
      pace_ = std::max(pace_ / 2, limits::hop_pace);
      clean_seconds_ = 0;
      halved_ = true;
    }
    second_ = now;
    sent_ = lost_ = 0;
  }

  // So few are no sign of a full buffer.
  static constexpr std::uint32_t lost_few = 2;
  static constexpr std::uint32_t patience_longest = 64;  // Seconds.

  Duration pace_ = limits::hop_pace;
  MonoTime second_{};
  std::uint32_t sent_ = 0;
  std::uint32_t lost_ = 0;
  std::uint32_t clean_seconds_ = 0;
  std::uint32_t patience_ = 1;  // Clean seconds before the pace is halved.
  bool halved_ = false;         // The last change was a halving.
};

}  // namespace imcd::delivery
