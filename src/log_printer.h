// LogPrinter: log lines to standard error, as text or JSON, from a thread of its own so that a slow
// reader of standard error never stops the loop; when it can't keep up, the oldest lines are lost.
#pragma once

#include <memory>

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"

namespace imcd {

class LogPrinter {
 public:
  // `for_journal`: standard error goes to systemd's journal, which adds the time itself and takes
  // the priority from a `<n>` prefix (sd-daemon(3)).
  LogPrinter(const LogSettings& settings, bool for_journal);
  // Prints what is waiting, or drops it where nobody reads: standard error keeps nobody from
  // ending.
  ~LogPrinter();
  LogPrinter(const LogPrinter&) = delete;
  LogPrinter& operator=(const LogPrinter&) = delete;

  void apply(const LogSettings& settings) { settings_ = settings; }

  void print(const LogLine& line, WallTime now);

 private:
  LogSettings settings_;
  bool for_journal_;
  struct Writer;  // The thread.
  std::unique_ptr<Writer> writer_;
};

// One line without its end, for tests as well.
std::string format_log_line(const LogLine& line, WallTime now, LogFormat format, bool for_journal);

}  // namespace imcd
