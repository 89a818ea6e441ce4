#include "reactor/epoll.h"

#include <cerrno>

#include "base/check.h"
#include "reactor/system_failure.h"

namespace imcd::reactor {
namespace {

epoll_event event_for(std::uint32_t events, Source source) {
  epoll_event event{};
  event.events = events | EPOLLET;
  event.data.u64 = std::bit_cast<std::uint64_t>(source);
  return event;
}

}  // namespace

Result<Epoll> Epoll::open() {
  Epoll epoll;
  epoll.fd_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.fd_) return fail_as("cannot create the event queue");
  return epoll;
}

Result<void> Epoll::watch(int fd, Source source) {
  if (add(fd, EPOLLIN, source)) return {};
  return fail_as("cannot add to the event queue");
}

bool Epoll::add(int fd, std::uint32_t events, Source source) {
  epoll_event event = event_for(events, source);
  return ::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Epoll::change(int fd, std::uint32_t events, Source source) {
  epoll_event event = event_for(events, source);
  CHECK(::epoll_ctl(fd_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

std::span<const epoll_event> Epoll::wait(bool may_sleep) {
  const int count =
      ::epoll_wait(fd_.get(), events_.data(), static_cast<int>(events_.size()), may_sleep ? -1 : 0);
  // A signal that nobody took over (a debugger's, say) makes an empty turn.
  CHECK(count >= 0 || errno == EINTR);
  return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace imcd::reactor
