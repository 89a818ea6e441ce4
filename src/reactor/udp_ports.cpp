#include "reactor/udp_ports.h"

#include <algorithm>

#include "base/check.h"
#include "base/timer_lane.h"

namespace imcd::reactor {

Result<void> UdpPorts::open(const Options& options, SendBatch send_batch,
                            std::vector<std::string>& warnings) {
  for (const Address& listen : options.listen_udp) {
    auto socket = UdpSocket::open(listen);
    if (!socket) return std::unexpected(socket.error());
    socket->set_buffers(options.receive_buffer_bytes, options.send_buffer_bytes, warnings);
    bound_.push_back(socket->bound());
    const auto id = static_cast<SocketId>(ports_.size());
    ports_.push_back(
        std::make_unique<UdpPort>(std::move(*socket), id, send_batch, epoll_, figures_));
    if (auto done = epoll_.watch(ports_[id]->fd(), {SourceKind::udp, id}); !done) return done;
  }
  return {};
}

void UdpPorts::send(const Outbox& out, MonoTime now) {
  for (const Outbox::Datagram& datagram : out.datagrams()) {
    if (datagram.to.transport != Transport::udp) continue;
    CHECK(datagram.to.socket < ports_.size());
    ports_[datagram.to.socket]->add(datagram.to.peer, out.bytes(datagram), now);
  }
  for (const auto& port : ports_) port->flush(now);
}

void UdpPorts::retry(MonoTime now) {
  for (const auto& port : ports_) port->retry(now);
}

std::optional<MonoTime> UdpPorts::retry_at() const {
  std::optional<MonoTime> earliest;
  for (const auto& port : ports_) earliest = earlier(earliest, port->retry_at());
  return earliest;
}

bool UdpPorts::idle() const {
  return std::ranges::all_of(ports_, [](const auto& port) { return port->idle(); });
}

void UdpPorts::resume(MonoTime now) {
  for (const auto& port : ports_) port->resume(now);
}

void UdpPorts::abandon() {
  for (const auto& port : ports_) port->abandon();
}

}  // namespace imcd::reactor
