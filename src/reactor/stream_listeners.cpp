#include "reactor/stream_listeners.h"

#include <utility>

#include "base/timer_lane.h"

namespace imcd::reactor {

Result<void> StreamListeners::open(std::span<const Address> addresses, Epoll& epoll,
                                   std::vector<std::string>& warnings) {
  if (addresses.empty()) return {};
  if (std::string warning = raise_descriptor_limit(); !warning.empty()) {
    warnings.push_back(std::move(warning));
  }
  for (const Address& listen : addresses) {
    auto listener = StreamListener::open(listen);
    if (!listener) return std::unexpected(listener.error());
    bound_.push_back(listener->bound());
    const auto index = static_cast<std::uint32_t>(listeners_.size());
    if (auto done = epoll.watch(listener->fd(), {SourceKind::listener, index}); !done) return done;
    listeners_.push_back(std::move(*listener));
  }
  return {};
}

void StreamListeners::retry(ReadyList& ready, MonoTime now) {
  for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
    StreamListener& listener = listeners_[index];
    if (!listener.retry_at || *listener.retry_at > now) continue;
    listener.retry_at.reset();
    ready.add({SourceKind::listener, index});
  }
}

std::optional<MonoTime> StreamListeners::retry_at() const {
  std::optional<MonoTime> earliest;
  for (const StreamListener& listener : listeners_) earliest = earlier(earliest, listener.retry_at);
  return earliest;
}

}  // namespace imcd::reactor
