// Epoll: the one place where the loop sleeps. Everything is registered edge-triggered, so each
// report is a promise that must be kept until EAGAIN: what is not read at once goes on the
// ReadyList.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <sys/epoll.h>

#include "base/result.h"
#include "reactor/budget.h"
#include "reactor/fd.h"

namespace imcd::reactor {

enum class SourceKind : std::uint32_t {
  timer,
  wake,
  signals,
  mi_fifo,
  mi_reply,
  udp,
  listener,
  stream,
  dns,
  count
};

// Names what became ready: a kind and, where there are several, which one.
struct Source {
  SourceKind kind = SourceKind::timer;
  std::uint32_t index = 0;
};

class Epoll {
 public:
  static Result<Epoll> open();

  // For as long as the descriptor is open, reads only; an error is for the operator.
  [[nodiscard]] Result<void> watch(int fd, Source source);
  // False when the kernel has no room for one more; errno tells.
  [[nodiscard]] bool add(int fd, std::uint32_t events, Source source);
  // Reports again what holds at this moment, so an edge that came before is not lost.
  void change(int fd, std::uint32_t events, Source source);

  // Until something is ready, or just a look. Valid until the next call.
  std::span<const epoll_event> wait(bool may_sleep);

  static Source source_of(const epoll_event& event) {
    return std::bit_cast<Source>(std::uint64_t{event.data.u64});
  }

 private:
  Fd fd_;
  std::array<epoll_event, budget::events_per_wait> events_{};
};

}  // namespace imcd::reactor
