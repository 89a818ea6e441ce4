// Counting: the result of a run while it grows, and the time that is counted: it begins after the
// warm-up and is as long as was asked for.
#pragma once

#include "base/time.h"
#include "options.h"
#include "result.h"

namespace imcd::bench {

class Counting {
 public:
  explicit Counting(const Options& options) : options_(options) {}

  // The load begins: the warm-up runs.
  void start(MonoTime now);
  // Looking at the processes takes its time: the counted time begins at what is returned.
  MonoTime begin();
  void end(MonoTime now);

  [[nodiscard]] bool is_on() const { return is_on_; }
  [[nodiscard]] bool is_due(MonoTime now) const { return !is_on_ && now >= from_; }
  [[nodiscard]] MonoTime until() const { return until_; }

  // The second of the counted time; nothing outside it.
  Second* second(MonoTime now);

  Result result;

 private:
  const Options& options_;
  MonoTime from_{};
  MonoTime until_{};
  bool is_on_ = false;
  Duration own_cpu_before_{};
};

}  // namespace imcd::bench
