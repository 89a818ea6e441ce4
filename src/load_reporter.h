// LoadReporter: tells the operator how far a long load has come. On a terminal one line that
// changes in place; in the log a line every few seconds; to systemd the same, with a request for
// more time, so that a start is not ended for taking long.
#pragma once

#include <cstdint>
#include <optional>

#include "base/outbox.h"
#include "base/time.h"
#include "db/load_progress.h"

namespace imcd {

class LoadReporter {
 public:
  LoadReporter();

  void begin(std::uint64_t rows_expected, Instant now);
  void add(std::uint64_t rows, Instant now, Outbox& out);
  void end();
  // Before anything else is written to the terminal.
  void clear_line();

 private:
  bool on_terminal_;
  bool is_shown_ = false;
  // Two, as each has its own interval.
  std::optional<db::LoadProgress> logged_;
  std::optional<db::LoadProgress> shown_;
};

}  // namespace imcd
