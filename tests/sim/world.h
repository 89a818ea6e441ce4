// World: what all parts of a simulated run share, and how a check that fails is told.
#pragma once

#include <stdexcept>
#include <string>

#include "base/time.h"
#include "sim/counts.h"
#include "sim/datagrams.h"
#include "sim/dice.h"
#include "sim/plan.h"
#include "sim/schedule.h"
#include "sim/trace.h"

namespace imcd::sim {

// The server broke a promise. `check` is its short name, what() the story.
class Violation : public std::runtime_error {
 public:
  Violation(std::string check_name, const std::string& story)
      : std::runtime_error(story), check(std::move(check_name)) {}
  std::string check;
};

struct World {
  World(const Plan& its_plan, Counts& its_counts, const Trace& its_trace)
      : plan(its_plan), dice(its_plan.seed ^ 0x5eed), counts(its_counts), trace(its_trace) {}

  void at(Duration delay, EventKind kind, std::uint32_t a = 0, std::uint32_t b = 0) {
    schedule.add(now.mono + delay, kind, a, b);
  }

  const Plan& plan;
  Dice dice;
  Counts& counts;
  const Trace& trace;
  Instant now{MonoTime(1h), WallTime(std::chrono::hours(480000))};
  Schedule schedule;
  Datagrams datagrams;
  bool is_calm = false;  // The time of faults is over.
};

}  // namespace imcd::sim
