// Pace: how old a datagram must be before it is taken as no longer in the peer's buffer. A peer
// that loses datagrams gets them more slowly: each second in which more than 2 % of them were lost
// doubles the pace, each clean second halves it.
//
// A delivery to a user who otherwise answers counts as lost when it has to be sent again. But a
// user may be slow: his answer takes the loss back (the idea of Eifel, RFC 3522, and like there a
// slowing that it caused is undone). Our copies are alike, so time tells which one was answered: an
// answer to the second comes as soon after it as others do after theirs; one that comes later
// belongs to the first, which was not lost.
//
//   sent ──500 ms──▶ sent again: a loss ──▶ answered as fast as others are: it was one
//                                   └─────▶ answered later: taken back
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
    if (now - second_.begin >= 1s) end_second(now);
    ++second_.sent;
  }
  // A delivery that was sent once was answered so long after.
  void on_answered(Duration after) { usual_ += (after - usual_) / 8; }
  // The first retransmission to a user who answered lately.
  void on_lost(MonoTime now) {
    if (now - second_.begin >= 1s) end_second(now);
    ++second_.lost;
  }
  // A delivery that was counted as lost at `lost_at` was answered so long after its last copy.
  // True: it was not lost.
  bool on_late_answer(MonoTime lost_at, Duration after) {
    if (after <= usual_ + usual_ / 2 + jitter) return false;
    take_back(lost_at);
    return true;
  }

 private:
  struct Second {
    MonoTime begin{};
    std::int64_t sent = 0;
    std::int64_t lost = 0;  // Less those of earlier seconds that were taken back.
    bool doubled = false;   // It doubled the pace.
    [[nodiscard]] bool is_lossy() const { return lost > lost_few && lost * 50 > sent; }
  };

  void take_back(MonoTime lost_at) {
    if (lost_at < before_.begin || lost_at >= second_.begin) {
      --second_.lost;
      return;
    }
    --before_.lost;
    if (!before_.doubled || before_.is_lossy()) return;
    before_.doubled = false;
    pace_ = std::max(pace_ / 2, limits::hop_pace);
  }

  void end_second(MonoTime now) {
    if (second_.is_lossy()) {
      second_.doubled = pace_ < limits::hop_pace_longest;
      pace_ = std::min(2 * pace_, limits::hop_pace_longest);
      // Losses right after going faster: that was too fast.
      if (halved_) patience_ = std::min(4 * patience_, patience_longest);
      clean_seconds_ = 0;
      halved_ = false;
    } else if (second_.lost <= 0 && pace_ > limits::hop_pace && ++clean_seconds_ >= patience_) {
      pace_ = std::max(pace_ / 2, limits::hop_pace);
      clean_seconds_ = 0;
      halved_ = true;
    }
    before_ = second_;
    second_ = {.begin = now};
  }

  // So few are no sign of a full buffer.
  static constexpr std::int64_t lost_few = 2;
  static constexpr std::uint32_t patience_longest = 64;  // Seconds.
  static constexpr Duration jitter = 5ms;

  Duration pace_ = limits::hop_pace;
  Duration usual_{};  // From a delivery to its answer: a mean of the last ones.
  Second second_;     // This one, and the one before.
  Second before_;
  std::uint32_t clean_seconds_ = 0;
  std::uint32_t patience_ = 1;  // Clean seconds before the pace is halved.
  bool halved_ = false;         // The last change was a halving.
};

}  // namespace imcd::delivery
