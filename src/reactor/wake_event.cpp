#include "reactor/wake_event.h"

#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

#include "reactor/system_failure.h"

namespace imcd::reactor {

Result<WakeEvent> WakeEvent::open() {
  WakeEvent event;
  event.fd_ = Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!event.fd_) return fail_as("cannot create the wake-up event");
  return event;
}

void WakeEvent::raise() {
  const std::uint64_t one = 1;
  // It fails only when the count is at its end, and then the loop is being woken already.
  [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
}

bool WakeEvent::take() {
  std::uint64_t count = 0;
  return ::read(fd_.get(), &count, sizeof count) == sizeof count;
}

}  // namespace imcd::reactor
