// UdpPort: one UDP socket with all that is kept beside it: the sender that writes into it, whether
// the kernel has been asked to tell of room in its buffer, and what is known of its errors and
// drops. Its index among the ports is its SocketId.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/figures.h"
#include "base/time.h"
#include "reactor/epoll.h"
#include "reactor/ready_list.h"
#include "reactor/udp_sender.h"
#include "reactor/udp_socket.h"

namespace imcd::reactor {

class UdpPort {
 public:
  // `epoll` and `figures` must outlive it.
  UdpPort(UdpSocket socket, SocketId id, SendBatch send, Epoll& epoll, Figures& figures);
  UdpPort(const UdpPort&) = delete;
  UdpPort& operator=(const UdpPort&) = delete;

  [[nodiscard]] int fd() const { return socket_.fd(); }

  // --- In ---

  // What epoll reported of it; on the list if there is something to read.
  void note(std::uint32_t events, ReadyList& ready, MonoTime now);
  [[nodiscard]] bool has_error_reports() const { return has_error_reports_; }
  // Adds those whose port was closed to `refused`.
  void take_error_reports(std::vector<Address>& refused);
  // The sum that the kernel told, which wraps around.
  void count_drops(std::uint32_t drops);

  // --- Out ---

  // The bytes must stay until the next flush().
  void add(const Address& peer, std::string_view bytes, MonoTime now) {
    sender_.add(peer, bytes, now);
  }
  void flush(MonoTime now);
  // Goes on with what waits for memory of the kernel's, if it is time.
  void retry(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> retry_at() const { return sender_.retry_at(); }

  // Goes on with what waits, for whatever reason.
  void resume(MonoTime now) { sender_.resume(now); }
  [[nodiscard]] bool idle() const { return sender_.idle(); }
  // What still waits is given up.
  void abandon() { sender_.abandon(); }

 private:
  void watch_for_room();
  void ask_for_room();

  UdpSocket socket_;
  SocketId id_;
  UdpSender sender_;
  Epoll& epoll_;
  Figures& figures_;
  bool watched_for_room_ = false;  // EPOLLOUT is asked for.
  bool has_error_reports_ = false;
  std::uint32_t drops_ = 0;  // As the kernel told last.
};

}  // namespace imcd::reactor
