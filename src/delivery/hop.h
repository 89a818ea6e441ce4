// Hop: a next hop and its pacing (DESIGN 5). A burst larger than the receive buffer at the other
// end is lost there, so at most `hop_window` datagrams to a hop may be neither answered nor younger
// than its pace. Users with something to send wait in the hop's line, each once, and take turns.
// Over TCP there is no such window: the link alone tells what may be written.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/time.h"
#include "base/timer_lane.h"
#include "delivery/link.h"
#include "delivery/mailbox.h"
#include "delivery/pace.h"

namespace imcd::delivery {

struct Hop {
  Flow flow;
  WaitingLine line;
  // By the time they were sent. Over UDP: the deliveries that fill the window. Over TCP: all that
  // are under way, which are lost with the connection.
  TimerLane sent{Duration::zero()};
  Pace pace;
  std::uint32_t in_window = 0;           // Over UDP.
  std::uint32_t in_flight = 0;           // Deliveries without a final answer.
  std::optional<MonoTime> paused_until;  // 503 with Retry-After.
  Link link;                             // Over TCP.
  bool is_active = false;                // In the list of hops with users in line.

  [[nodiscard]] bool is_tcp() const { return flow.transport == Transport::tcp; }
  // Nothing refers to it: it may be forgotten.
  [[nodiscard]] bool is_idle() const {
    return line.empty() && !is_active && in_flight == 0 && link.state() == Link::State::closed;
  }
};

}  // namespace imcd::delivery
