// DeadlineTimer: a timerfd that ends the loop's sleep in time. It promises to fire at or before the
// deadline it was last given, not exactly then: SIP's deadlines mostly move away before they are
// reached, and one early wake-up every now and then costs less than setting the timer each turn.
#pragma once

#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "reactor/fd.h"

namespace imcd::reactor {

class DeadlineTimer {
 public:
  static Result<DeadlineTimer> open();

  [[nodiscard]] int fd() const { return fd_.get(); }
  void arm(MonoTime deadline);
  void on_fired();

 private:
  Fd fd_;
  std::optional<MonoTime> armed_;
};

}  // namespace imcd::reactor
