// Workers: seeds in several processes, as a broken invariant of the core ends the one it happens
// in. They share their counts and the seed they are at with the parent, which shows the progress,
// names the seed that failed, and stops the rest. Ctrl-C stops all; the counts so far are shown.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "sim/plan.h"

namespace imcd::sim {

struct Run {
  std::uint64_t first = 1;
  std::uint64_t seeds = 100;
  std::uint64_t jobs = 1;
  std::chrono::minutes at_most{0};  // 0: until all seeds are done.
  bool is_quiet = false;            // Neither progress nor table.
  PlanOptions options;
};

enum class End { held, failed, interrupted };

End run_seeds(const Run& run);

}  // namespace imcd::sim
