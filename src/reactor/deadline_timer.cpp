#include "reactor/deadline_timer.h"

#include <algorithm>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/check.h"
#include "reactor/system_failure.h"

namespace imcd::reactor {

Result<DeadlineTimer> DeadlineTimer::open() {
  DeadlineTimer timer;
  timer.fd_ = Fd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer.fd_) return fail_as("cannot create the timer");
  return timer;
}

void DeadlineTimer::arm(MonoTime deadline) {
  if (armed_ && *armed_ <= deadline) return;
  armed_ = deadline;
  // Zero would disarm it, and a deadline that early is due anyway.
  const Duration since_boot = std::max(deadline.time_since_epoch(), Duration{1});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  itimerspec spec{};
  spec.it_value.tv_sec = seconds.count();
  spec.it_value.tv_nsec = (since_boot - seconds).count();
  CHECK(::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr) == 0);
}

void DeadlineTimer::on_fired() {
  std::uint64_t expirations = 0;
  // EAGAIN: it was armed anew after it had fired, and fires again.
  if (::read(fd_.get(), &expirations, sizeof expirations) == sizeof expirations) armed_.reset();
}

}  // namespace imcd::reactor
