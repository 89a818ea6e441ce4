// Signals: those the daemon handles, taken as data in the loop instead of by handlers. They are
// blocked in the thread that opens them and in those it starts later, and stay blocked: a signal
// between the end of the loop and that of the process must not cut the orderly stop short.
#pragma once

#include <optional>
#include <span>

#include "base/result.h"
#include "reactor/fd.h"

namespace imcd::reactor {

class Signals {
 public:
  // Also makes SIGPIPE harmless, as a reply FIFO may lose its reader at any time, and SIGXFSZ: a
  // database that may not grow is a failing database.
  static Result<Signals> open(std::span<const int> numbers);

  [[nodiscard]] int fd() const { return fd_.get(); }
  // The next one that came, if any.
  std::optional<int> take();

 private:
  Fd fd_;
};

}  // namespace imcd::reactor
