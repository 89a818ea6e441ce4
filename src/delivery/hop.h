// Hop: a next hop and its pacing (DESIGN 5). A burst larger than the receive buffer at the other
// end is lost there, so at most `hop_window` datagrams to a hop may be neither answered nor younger
// than its pace. Users with something to send wait in the hop's lines, each once, and take turns.
// Over TCP there is no such window: the link alone tells what may be written.
//
//   none ──somebody waits──▶ ready ──served──▶ none: nobody waits any more
//                              ▲      └──────▶ stuck: window, pause or link ─┐
//                              └── an answer, its time, the link ────────────┘
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/time.h"
#include "base/timer_lane.h"
#include "delivery/hop_lines.h"
#include "delivery/link.h"
#include "delivery/pace.h"
#include "delivery/refusals.h"

namespace imcd::delivery {

struct Hop {
  enum class State : std::uint8_t { none, ready, stuck };

  Flow flow;
  std::uint64_t hash = 0;  // Of the flow.
  HopRing lines;
  // By the time they were sent. Over UDP: the deliveries that fill the window. Over TCP: all that
  // are under way, which are lost with the connection.
  TimerLane sent{Duration::zero()};
  Pace pace;
  Refusals refusals;
  std::uint32_t in_window = 0;           // Over UDP.
  std::uint32_t in_flight = 0;           // Deliveries without a final answer.
  std::optional<MonoTime> paused_until;  // It said 503.
  MonoTime wakes_at = MonoTime::max();   // The time of its entry among those that wait for one.
  Link link;                             // Over TCP.
  State state = State::none;
  bool is_listed_idle = false;
  TimerNode idle;  // While listed as idle.

  [[nodiscard]] bool is_paused(MonoTime now) const { return paused_until && *paused_until > now; }
  [[nodiscard]] bool is_tcp() const { return flow.transport == Transport::tcp; }
  // Nothing refers to it: it may be forgotten.
  [[nodiscard]] bool is_idle() const {
    return lines.empty() && state == State::none && in_flight == 0 &&
           link.state() == Link::State::closed;
  }
};

}  // namespace imcd::delivery
