// Workers: seeds in several processes, as a broken invariant of the core ends the one it happens
// in. They share their counts and the seed they are at with the parent, which shows the progress,
// names the seed that failed, and stops the rest.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/plan.h"

namespace imcd::sim {

struct Run {
  std::uint64_t first = 1;
  std::uint64_t seeds = 100;
  std::vector<std::uint64_t> named;  // Before the others.
  std::uint64_t jobs = 1;
  std::chrono::minutes at_most{0};  // 0: until all seeds are done.
  bool is_quiet = false;            // Neither progress nor table.
  PlanOptions options;
};

// Whether all seeds held.
bool run_seeds(const Run& run);

}  // namespace imcd::sim
