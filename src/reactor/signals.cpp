#include "reactor/signals.h"

#include <csignal>
#include <pthread.h>
#include <string>
#include <sys/signalfd.h>
#include <unistd.h>

#include "reactor/system_failure.h"

namespace imcd::reactor {

Result<Signals> Signals::open(std::span<const int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) {
    if (sigaddset(&set, number) != 0) {
      return fail_as("cannot take signal " + std::to_string(number));
    }
  }
  for (const int harmless : {SIGPIPE, SIGXFSZ}) {
    if (std::signal(harmless, SIG_IGN) == SIG_ERR) {
      return fail_as("cannot ignore signal " + std::to_string(harmless));
    }
  }
  const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr);
  if (error != 0) return fail_as("cannot block the signals", error);
  Signals signals;
  signals.fd_ = Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals.fd_) return fail_as("cannot create the signal queue");
  return signals;
}

std::optional<int> Signals::take() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace imcd::reactor
