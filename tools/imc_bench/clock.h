// The clock by which a run is measured.
#pragma once

#include <chrono>
#include <ctime>

#include "base/time.h"

namespace imcd::bench {

inline MonoTime mono_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return MonoTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace imcd::bench
