#include "reactor/sources.h"

#include <algorithm>
#include <unistd.h>

#include "base/check.h"
#include "base/timer_lane.h"
#include "reactor/system_failure.h"

namespace imcd::reactor {

Sources::Sources(const Options& options, Figures& figures)
    : udp(epoll, figures),
      streams(epoll, figures),
      mi_fifo(epoll),
      mi_replies(options.mi_reply_dir, epoll) {}

Result<std::unique_ptr<Sources>> Sources::open(const Options& options, Figures& figures,
                                               SendBatch send) {
  std::unique_ptr<Sources> sources(new Sources(options, figures));
  if (auto done = sources->open_own(options.signals); !done) return std::unexpected(done.error());
  if (auto done = sources->udp.open(options, send, sources->warnings); !done) {
    return std::unexpected(done.error());
  }
  if (auto done = sources->listeners.open(options.listen_tcp, sources->epoll, sources->warnings);
      !done) {
    return std::unexpected(done.error());
  }
  if (auto done = sources->open_resolver(options.dns_servers); !done) {
    return std::unexpected(done.error());
  }
  if (auto done = sources->open_mi(options); !done) return std::unexpected(done.error());
  return sources;
}

// What the loop needs whatever the options say.
Result<void> Sources::open_own(std::span<const int> signal_numbers) {
  const auto take = [](auto opened, auto& into) -> Result<void> {
    if (!opened) return std::unexpected(opened.error());
    into = std::move(*opened);
    return {};
  };
  if (auto done = take(Epoll::open(), epoll); !done) return done;
  if (auto done = take(DeadlineTimer::open(), timer); !done) return done;
  if (auto done = take(WakeEvent::open(), wake_event); !done) return done;
  if (auto done = take(Signals::open(signal_numbers), signals); !done) return done;

  if (auto done = epoll.watch(timer.fd(), {SourceKind::timer}); !done) return done;
  if (auto done = epoll.watch(wake_event.fd(), {SourceKind::wake}); !done) return done;
  return epoll.watch(signals.fd(), {SourceKind::signals});
}

Result<void> Sources::open_resolver(std::span<const Address> servers) {
  const auto listens = [this](bool (Address::*is_family)() const) {
    return std::ranges::any_of(udp.bound(), is_family) ||
           std::ranges::any_of(listeners.bound(), is_family);
  };
  auto opened =
      Resolver::open(servers, {listens(&Address::is_ipv4), listens(&Address::is_ipv6)}, epoll);
  if (!opened) return std::unexpected(opened.error());
  resolver = *std::move(opened);
  return {};
}

Result<void> Sources::open_mi(const Options& options) {
  if (options.mi_fifo.empty()) return {};
  if (auto done = mi_fifo.open(options.mi_fifo, options.mi_fifo_mode); !done) return done;
  if (::access(options.mi_reply_dir.c_str(), X_OK) != 0) {
    const std::string why = error_text(errno);
    warnings.push_back("no management reply can be written in " + options.mi_reply_dir + ": " +
                       why);
  }
  return {};
}

const Address& Sources::bound(SocketId socket) const {
  if (socket < udp.size()) return udp.bound()[socket];
  const std::size_t index = socket - udp.size();
  CHECK(index < listeners.bound().size());
  return listeners.bound()[index];
}

void Sources::note(const epoll_event& event, MonoTime now) {
  const Source source = Epoll::source_of(event);
  switch (source.kind) {
    case SourceKind::timer:
      return timer.on_fired();
    case SourceKind::mi_reply:
      return mi_replies.on_ready(source.index);
    case SourceKind::udp:
      return udp[source.index].note(event.events, ready, now);
    case SourceKind::stream:
      streams.note(source.index, event.events);
      if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0) ready.add(source);
      return;
    case SourceKind::listener:
    case SourceKind::dns:
    case SourceKind::wake:
    case SourceKind::signals:
    case SourceKind::mi_fifo:
      return ready.add(source);
    case SourceKind::count:
      return;
  }
}

void Sources::retry(MonoTime now) {
  udp.retry(now);
  listeners.retry(ready, now);
  streams.on_deadline(now);
}

bool Sources::any_left() const {
  return !ready.empty() || mi_replies.pending_events() != 0 || streams.pending_events() != 0 ||
         resolver->pending_answers() != 0;
}

std::optional<MonoTime> Sources::next_deadline() const {
  const auto first = earlier(udp.retry_at(), listeners.retry_at());
  return earlier(earlier(first, mi_fifo.next_deadline()),
                 earlier(streams.next_deadline(), resolver->next_deadline()));
}

}  // namespace imcd::reactor
