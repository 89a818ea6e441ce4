// LogPrinter: log lines to standard error, as text or JSON, from a thread of its own so that a slow
// reader of standard error never stops the loop; when it can't keep up, the oldest lines are lost.
#pragma once

#include <memory>

#include "base/log.h"
#include "base/time.h"
#include "config/config.h"

namespace imcd {

class LogPrinter {
 public:
  // `for_journal`: standard error goes to systemd's journal, which adds the time itself and takes
  // the priority from a `<n>` prefix (sd-daemon(3)).
  LogPrinter(LogLevel lowest, config::LogFormat format, bool for_journal);
  // Prints what is waiting.
  ~LogPrinter();
  LogPrinter(const LogPrinter&) = delete;
  LogPrinter& operator=(const LogPrinter&) = delete;

  void print(const LogLine& line, WallTime now);

 private:
  LogLevel lowest_;
  config::LogFormat format_;
  bool for_journal_;
  struct Writer;  // The thread.
  std::unique_ptr<Writer> writer_;
};

// One line without its end, for tests as well.
std::string format_log_line(const LogLine& line, WallTime now, config::LogFormat format,
                            bool for_journal);

}  // namespace imcd
