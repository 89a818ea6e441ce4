#include "reactor/socket_address.h"

#include <gtest/gtest.h>

namespace imcd::reactor {
namespace {

TEST(SocketAddress, BothFamiliesComeBackAsTheyWent) {
  for (const char* text : {"192.0.2.7:5060", "[2001:db8::7]:65535", "0.0.0.0:0", "[::]:1"}) {
    const Address address = *parse_address(text);
    SocketAddress kernel{};
    EXPECT_EQ(write_socket_address(kernel, address),
              address.is_ipv4() ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    EXPECT_EQ(read_socket_address(kernel), address) << text;
  }
}

TEST(SocketAddress, LinkLocalAddressKeepsItsInterface) {
  Address address = *parse_address("[fe80::1]:5060");
  address.scope_id = 3;
  SocketAddress kernel{};
  write_socket_address(kernel, address);
  EXPECT_EQ(read_socket_address(kernel).scope_id, 3U);
}

TEST(SocketAddress, EmptyAddressHasNoForm) {
  SocketAddress kernel{};
  EXPECT_EQ(write_socket_address(kernel, Address{}), 0U);
  EXPECT_TRUE(read_socket_address(SocketAddress{}).empty());
}

}  // namespace
}  // namespace imcd::reactor
