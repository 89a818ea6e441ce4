// StreamPeer: the other end of a TCP connection on loopback, a plain socket that blocks.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "base/address.h"
#include "peer.h"
#include "reactor/fd.h"
#include "reactor/socket_address.h"

namespace imcd::reactor {

inline Address local_address(int fd) {
  SocketAddress address{};
  socklen_t size = sizeof address;
  EXPECT_EQ(::getsockname(fd, &address.any, &size), 0);
  return read_socket_address(address);
}

class StreamPeer {
 public:
  explicit StreamPeer(Fd fd) : fd_(std::move(fd)) {}
  // `receive_bytes`: of its buffer; 0 for the kernel's choice.
  explicit StreamPeer(const Address& to, int receive_bytes = 0)
      : fd_(::socket(to.is_ipv4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_bytes != 0) {
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    }
    SocketAddress address{};
    const socklen_t size = write_socket_address(address, to);
    EXPECT_EQ(::connect(fd_.get(), &address.any, size), 0);
  }

  [[nodiscard]] Address address() const { return local_address(fd_.get()); }
  [[nodiscard]] int fd() const { return fd_.get(); }

  void send(std::string_view text) const {
    EXPECT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  // What is there, without waiting; sets is_ended when there will be no more.
  std::string take() {
    std::string text(1U << 20, '\0');
    const ssize_t size = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno == ECONNRESET)) is_ended = true;
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

  void send_no_more() const { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_ = Fd(); }
  // With a reset instead of an orderly end.
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

  bool is_ended = false;

 private:
  Fd fd_;
};

// Listens, for streams that the reactor opens.
class StreamServer {
 public:
  StreamServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    SocketAddress address{};
    const socklen_t size = write_socket_address(address, any_port_v4);
    EXPECT_EQ(::bind(fd_.get(), &address.any, size), 0);
    EXPECT_EQ(::listen(fd_.get(), 16), 0);
  }
  [[nodiscard]] Address address() const { return local_address(fd_.get()); }
  // False: nobody has connected yet.
  [[nodiscard]] StreamPeer accept() const {
    pollfd watched{fd_.get(), POLLIN, 0};
    ::poll(&watched, 1, 10000);
    Fd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(fd) << "nobody connected";
    return StreamPeer(std::move(fd));
  }

 private:
  Fd fd_;
};

}  // namespace imcd::reactor
