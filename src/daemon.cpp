#include "daemon.h"

#include <csignal>
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace imcd {
namespace {

std::optional<SocketId> first_socket(std::span<const Address> bound, Address::Family family) {
  for (SocketId socket = 0; socket < bound.size(); ++socket) {
    if (bound[socket].family == family) return socket;
  }
  return std::nullopt;
}

delivery::OwnSockets own_sockets(const NetworkSettings& settings, const reactor::Reactor& reactor) {
  const std::span<const Address> bound = reactor.bound();
  delivery::OwnSockets sockets;
  for (const auto addresses : {bound, reactor.bound_tcp()}) {
    for (const Address& address : addresses) {
      sockets.via_sent_by.push_back(address_text(settings.advertised_address(address)));
    }
  }
  sockets.ipv4_socket = first_socket(bound, Address::Family::ipv4);
  sockets.ipv6_socket = first_socket(bound, Address::Family::ipv6);
  const auto tcp_socket = [&](Address::Family family) -> std::optional<SocketId> {
    const auto socket = first_socket(reactor.bound_tcp(), family);
    if (!socket) return std::nullopt;
    return static_cast<SocketId>(bound.size()) + *socket;
  };
  sockets.ipv4_tcp_socket = tcp_socket(Address::Family::ipv4);
  sockets.ipv6_tcp_socket = tcp_socket(Address::Family::ipv6);
  return sockets;
}

}  // namespace

Daemon::Daemon(const Settings& settings, reactor::Reactor& reactor, LogPrinter& printer,
               Figures& figures, std::unique_ptr<db::Store> store, HashKey seed, Instant now)
    : reactor_(reactor),
      printer_(printer),
      server_(settings, {own_sockets(settings.network, reactor), IMCD_VERSION, seed}, figures, now),
      storage_(std::move(store), [&reactor] { reactor.wake(); }) {}

void Daemon::on_signal(int signal, Instant now, Outbox& out) {
  switch (signal) {
    case SIGTERM:
    case SIGINT:
      sd_notify(0, "STOPPING=1\nSTATUS=Shutting down");
      server_.on_order(Order::stop, now, out);
      break;
    case SIGUSR1:
      server_.on_order(Order::summary, now, out);
      break;
    case SIGHUP:
      server_.on_order(Order::reload, now, out);
      break;
    default:
      break;
  }
}

void Daemon::on_wake(Instant now, Outbox& out) {
  // A turn takes what fits into the ring at most: a long load must neither hold back its own log
  // lines nor the answers to those who ask meanwhile.
  for (std::size_t taken = 0; taken < db::StorageThread::answers_max; ++taken) {
    auto answer = storage_.take();
    if (!answer) return;
    std::visit([&](auto& kind) { on_answer(kind, now, out); }, *answer);
  }
  reactor_.wake();
}

void Daemon::on_answer(const db::Opened& opened, Instant now, Outbox& out) {
  server_.on_store_opened(now, out);
  if (server_.is_loading()) load_reporter_.begin(opened.rows_expected, now);
  for (const std::string& warning : opened.warnings) out.log({LogLevel::warning, warning, {}});
}

void Daemon::on_answer(const db::OpenFailed& failed, Instant now, Outbox& out) {
  server_.on_open_failed(failed.error, now, out);
}

void Daemon::on_answer(const db::LoadFailed& failed, Instant now, Outbox& out) {
  load_reporter_.end();
  server_.on_load_failed(failed.error, now, out);
}

void Daemon::on_answer(const records::LoadedRows& rows, Instant now, Outbox& out) {
  server_.on_rows_loaded(rows, now, out);
  load_reporter_.add(rows.size(), now, out);
}

void Daemon::on_answer(const db::LoadFinished&, Instant now, Outbox& out) {
  load_reporter_.end();
  server_.on_loaded(now, out);
  announce_ready();
}

void Daemon::on_answer(db::CommitResult& result, Instant now, Outbox& out) {
  server_.on_commit(std::move(result), now, out);
}

void Daemon::announce_ready() const {
  std::string line = "imcd ready:";
  for (const Address& address : reactor_.bound()) {
    line += ' ' + endpoint_text({Transport::udp, address});
  }
  for (const Address& address : reactor_.bound_tcp()) {
    line += ' ' + endpoint_text({Transport::tcp, address});
  }
  fmt::print(stderr, "{}\n", line);
  sd_notify(0, "READY=1\nSTATUS=Serving");
}

void Daemon::watch_memory(Instant now) {
  const bool is_short = memory_reserve_.is_gone();
  if (is_short == memory_is_short_) return;
  memory_is_short_ = is_short;
  server_.set_memory_short(is_short);
  printer_.print({LogLevel::error,
                  is_short ? "memory is short; requests are refused"
                           : "memory is there again; requests are taken",
                  {}},
                 now.wall);
}

void Daemon::on_actions(const Outbox& out, Instant now) {
  watch_memory(now);
  for (const BatchId batch : out.batches()) {
    // The journal has one batch under way, so the ring has room.
    CHECK(storage_.submit(server_.take_batch(batch)));
  }
  if (!out.log_lines().empty()) load_reporter_.clear_line();
  for (const LogLine& line : out.log_lines()) printer_.print(line, now.wall);
}

}  // namespace imcd
