// SocketAddress: what the kernel calls an address, in 28 bytes, and the ways from and to ours.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/address.h"

namespace imcd::reactor {

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// Returns the length the kernel wants with it; 0 for an empty address, which no call accepts.
socklen_t write_socket_address(SocketAddress& out, const Address& address);

// Empty for a family that is neither IPv4 nor IPv6.
Address read_socket_address(const SocketAddress& from);

}  // namespace imcd::reactor
