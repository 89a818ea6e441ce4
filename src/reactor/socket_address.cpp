#include "reactor/socket_address.h"

#include <array>
#include <cstring>

namespace imcd::reactor {

socklen_t write_socket_address(SocketAddress& out, const Address& address) {
  if (address.is_ipv4()) {
    out.v4 = {};
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(address.port);
    std::memcpy(&out.v4.sin_addr, address.ip.data() + 12, 4);
    return sizeof out.v4;
  }
  if (address.is_ipv6()) {
    out.v6 = {};
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(address.port);
    out.v6.sin6_scope_id = address.scope_id;
    std::memcpy(&out.v6.sin6_addr, address.ip.data(), 16);
    return sizeof out.v6;
  }
  return 0;
}

Address read_socket_address(const SocketAddress& from) {
  if (from.any.sa_family == AF_INET) {
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &from.v4.sin_addr, 4);
    return Address::ipv4(octets, ntohs(from.v4.sin_port));
  }
  Address address;
  if (from.any.sa_family == AF_INET6) {
    std::memcpy(address.ip.data(), &from.v6.sin6_addr, 16);
    address.scope_id = from.v6.sin6_scope_id;
    address.port = ntohs(from.v6.sin6_port);
    address.family = Address::Family::ipv6;
  }
  return address;
}

}  // namespace imcd::reactor
