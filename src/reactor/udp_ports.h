// UdpPorts: the UDP ports that imcd listens on, in the order of their SocketIds. It owns them and
// hands the datagrams of an outbox to those they leave from.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/figures.h"
#include "base/outbox.h"
#include "base/result.h"
#include "base/time.h"
#include "reactor/epoll.h"
#include "reactor/reactor.h"
#include "reactor/udp_port.h"

namespace imcd::reactor {

class UdpPorts {
 public:
  // Both must outlive it.
  UdpPorts(Epoll& epoll, Figures& figures) : epoll_(epoll), figures_(figures) {}

  // Adds a warning for each buffer that came out smaller than asked for.
  Result<void> open(const Options& options, SendBatch send_batch,
                    std::vector<std::string>& warnings);

  [[nodiscard]] std::size_t size() const { return ports_.size(); }
  [[nodiscard]] std::span<const Address> bound() const { return bound_; }
  UdpPort& operator[](SocketId id) { return *ports_[id]; }

  // The datagrams among those of the outbox; streams' are left alone.
  void send(const Outbox& out, MonoTime now);
  void retry(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> retry_at() const;

  // At the exit: what waits is tried again; what is left in the end is given up.
  [[nodiscard]] bool idle() const;
  void resume(MonoTime now);
  void abandon();

 private:
  Epoll& epoll_;
  Figures& figures_;
  std::vector<std::unique_ptr<UdpPort>> ports_;  // Index = SocketId.
  std::vector<Address> bound_;
};

}  // namespace imcd::reactor
