// Progress: one line on standard error, written over itself each second, where that is a terminal.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "histogram.h"
#include "result.h"

namespace imcd::bench {

class Progress {
 public:
  Progress();

  void say(std::string_view text);
  // The second before this one; at most once a second.
  void show(MonoTime now, MonoTime start, const Result& result, std::uint64_t unfinished);
  void add(Duration latency) {
    if (terminal_) latencies_.add(latency);
  }
  // Leaves an empty line for what is printed next.
  void clear();

 private:
  bool terminal_;
  MonoTime next_{};
  Histogram latencies_;  // Since the line was written last.
};

}  // namespace imcd::bench
