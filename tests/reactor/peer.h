// Peer: the other end of a loopback UDP conversation, a plain socket that blocks.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "base/address.h"
#include "reactor/fd.h"
#include "reactor/socket_address.h"

namespace imcd::reactor {

inline const Address any_port_v4 = *parse_ip("127.0.0.1");
inline const Address any_port_v6 = *parse_ip("::1");

class Peer {
 public:
  explicit Peer(const Address& local = any_port_v4)
      : fd_(::socket(local.is_ipv4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    SocketAddress address{};
    socklen_t size = write_socket_address(address, local);
    EXPECT_EQ(::bind(fd_.get(), &address.any, size), 0);
    size = sizeof address;
    EXPECT_EQ(::getsockname(fd_.get(), &address.any, &size), 0);
    address_ = read_socket_address(address);
  }

  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  void send(const Address& to, std::string_view text) const {
    SocketAddress address{};
    const socklen_t size = write_socket_address(address, to);
    EXPECT_EQ(::sendto(fd_.get(), text.data(), text.size(), 0, &address.any, size),
              static_cast<ssize_t>(text.size()));
  }

  // Datagrams of so many bytes each, the last perhaps shorter, in one call of the kernel's.
  void send_run(const Address& to, std::string_view text, std::uint16_t bytes_each) const {
    const int segment = bytes_each;
    EXPECT_EQ(::setsockopt(fd_.get(), IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment), 0);
    send(to, text);
    const int none = 0;
    EXPECT_EQ(::setsockopt(fd_.get(), IPPROTO_UDP, UDP_SEGMENT, &none, sizeof none), 0);
  }

  // What is there, without waiting.
  [[nodiscard]] std::optional<std::string> take() const {
    std::string text(65536, '\0');
    const ssize_t size = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
    if (size < 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(size));
    return text;
  }

  // Waits for it, but not for ever.
  [[nodiscard]] std::string receive() const {
    pollfd watched{fd_.get(), POLLIN, 0};
    ::poll(&watched, 1, 10000);
    return take().value_or("nothing came");
  }

 private:
  Fd fd_;
  Address address_;
};

inline bool has_ipv6_loopback() {
  const Fd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  SocketAddress address{};
  const socklen_t size = write_socket_address(address, any_port_v6);
  return fd && ::bind(fd.get(), &address.any, size) == 0;
}

}  // namespace imcd::reactor
