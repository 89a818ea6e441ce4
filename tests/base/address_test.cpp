#include "base/address.h"

#include <gtest/gtest.h>

namespace imcd {
namespace {

TEST(Address, WritesWhatItParsed) {
  for (const char* text : {"127.0.0.1:5060", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:5060",
                           "[2001:db8::9:1]:5070"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address_text(*address), text);
  }
}

TEST(Address, RefusesWhatIsNoLiteral) {
  for (const char* text : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "localhost:5060",
                           "::1:5060", "[::1]", "[127.0.0.1]:5060", "1.2.3:5", "127.0.0.1:5060x"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(Address, KnowsItsWildcard) {
  EXPECT_TRUE(parse_ip("0.0.0.0")->is_wildcard());
  EXPECT_TRUE(parse_ip("::")->is_wildcard());
  EXPECT_FALSE(parse_ip("::1")->is_wildcard());
  EXPECT_FALSE(parse_ip("0.0.0.1")->is_wildcard());
}

TEST(Network, ContainsItsAddressesOnly) {
  const auto network = parse_network("10.1.2.3/9");
  ASSERT_TRUE(network);
  EXPECT_TRUE(network->contains(*parse_ip("10.127.255.255")));
  EXPECT_FALSE(network->contains(*parse_ip("10.128.0.0")));
  EXPECT_FALSE(network->contains(*parse_ip("11.0.0.0")));
  EXPECT_EQ(*network, *parse_network("10.0.0.0/9"));
  EXPECT_TRUE(parse_network("::1")->contains(*parse_ip("[::1]")));
  EXPECT_FALSE(parse_network("::1")->contains(*parse_ip("::2")));
  EXPECT_TRUE(parse_network("0.0.0.0/0")->contains(*parse_ip("192.0.2.1")));
  EXPECT_FALSE(parse_network("0.0.0.0/0")->contains(*parse_ip("2001:db8::1")));
  EXPECT_TRUE(parse_network("::/0")->contains(*parse_ip("2001:db8::1")));
}

TEST(Network, RefusesBadLengths) {
  for (const char* text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "/8", "example"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
}

}  // namespace
}  // namespace imcd
