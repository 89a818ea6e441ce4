// Hop: a next hop and its pacing. A burst larger than the receive buffer at the other end is lost
// there, so at most `window` datagrams to a hop may be neither answered nor older than hop_pace.
// Users with something to send wait in the hop's line, each once, and take turns.
#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/limits.h"
#include "base/time.h"
#include "tm/timer_lane.h"

namespace imcd::imc {

struct Hop {
  Flow flow;
  std::uint32_t first_waiting = tm::no_slot;  // Users, linked by User::next_waiting.
  std::uint32_t last_waiting = tm::no_slot;
  tm::TimerLane young{limits::hop_pace};  // Deliveries that fill the window.
  std::uint32_t in_window = 0;
  bool active = false;  // In Deliveries' list of hops with waiting users.

  [[nodiscard]] bool idle() const { return first_waiting == tm::no_slot && in_window == 0; }
};

}  // namespace imcd::imc
