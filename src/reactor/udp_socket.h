// UdpSocket: one bound UDP socket, IPv4 or IPv6 but never both, with its options set. Reading is
// ReceiveBatch's and sending UdpSender's.
//
// The socket asks for error reports (IP_RECVERR). Without them the kernel tells an unconnected
// socket neither that a peer's port is closed nor that a queue below has dropped a datagram
// (ENOBUFS), and both would be lost in silence.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/figures.h"
#include "base/result.h"
#include "reactor/fd.h"

namespace imcd::reactor {

class UdpSocket {
 public:
  static Result<UdpSocket> open(const Address& listen);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Address& bound() const { return bound_; }

  // Asks for buffers of these sizes, 0 for the kernel's default, and adds a warning for each that
  // came out smaller.
  void set_buffers(std::size_t receive_bytes, std::size_t send_bytes,
                   std::vector<std::string>& warnings) const;

  // Takes the reports of lost datagrams off the socket and counts them; true if some may be left.
  // `refused`: those are added whose port was closed.
  bool take_error_reports(Figures& figures, std::vector<Address>& refused) const;

 private:
  Fd fd_;
  Address bound_;
};

}  // namespace imcd::reactor
