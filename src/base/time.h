// Time as a value. Nothing under src/server reads a clock: the reactor (or the simulator) reads it
// once per turn and hands the Instant in, so a run is a function of its inputs.
#pragma once

#include <chrono>
#include <cstdint>

namespace imcd {

using namespace std::chrono_literals;

using Duration = std::chrono::nanoseconds;

// A clock in name only: it types the monotonic time points and has no now().
struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

// For deadlines and ages. Its zero is arbitrary; it never goes back.
using MonoTime = MonotonicClock::time_point;

// For Date headers, logs and stored times: time since 1970 in UTC. May jump.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

struct Instant {
  MonoTime mono{};
  WallTime wall{};

  friend Instant operator+(Instant at, Duration by) {
    return {at.mono + by, at.wall + std::chrono::duration_cast<std::chrono::milliseconds>(by)};
  }
};

}  // namespace imcd
