// WakeEvent: an eventfd by which other threads end the loop's sleep. Many calls may become one.
#pragma once

#include "base/result.h"
#include "reactor/fd.h"

namespace imcd::reactor {

class WakeEvent {
 public:
  static Result<WakeEvent> open();

  [[nodiscard]] int fd() const { return fd_.get(); }
  // From any thread.
  void raise();
  // True if it was raised since the last time.
  bool take();

 private:
  Fd fd_;
};

}  // namespace imcd::reactor
