#include "parser/host.h"

#include <gtest/gtest.h>

#include "guarded_bytes.h"

namespace imcd::parser {
namespace {

bool accepts(std::string_view text) {
  const GuardedBytes guarded(text);
  return is_host(guarded.view());
}

TEST(Host, NamesAndAddressesAreHosts) {
  for (const std::string_view text :
       {"a", "example.com", "example.com.", "x-1.example", "3com", "3f2a91bc", "a.b.c.d.e.f",
        "1.2.3.x", "my_container", "192.0.2.1", "0.0.0.0", "255.255.255.255", "[::1]",
        "[2001:db8::10:5070]", "[::ffff:192.0.2.1]", "[2001:DB8:0:0:0:0:0:1]"}) {
    EXPECT_TRUE(accepts(text)) << text;
  }
}

TEST(Host, AllElseIsNone) {
  for (const std::string_view text : {"",
                                      ".",
                                      ".a",
                                      "a..b",
                                      "a..",
                                      "-a",
                                      "a-",
                                      "a.-b",
                                      "a b",
                                      "a/b",
                                      "a:b",
                                      "a%20b",
                                      "\xc3\xbc",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "1.2.3.4.",
                                      "0001.2.3.4",
                                      "300.1.1.1",
                                      "a.1",
                                      "2001:db8::1",
                                      "[]",
                                      "[",
                                      "[::1",
                                      "::1]",
                                      "[1.2.3.4]",
                                      "[::1]x",
                                      "[:::1]",
                                      "[::1%eth0]",
                                      "[2001:db8::1::2]",
                                      "[12345::]"}) {
    EXPECT_FALSE(accepts(text)) << text;
  }
}

// RFC 5118 4.10: the grammar of RFC 3261 asks for a colon too many before an embedded IPv4 address.
TEST(Host, AThirdColonBeforeAnIpv4AddressIsOverlooked) {
  EXPECT_TRUE(accepts("[2001:db8:::192.0.2.1]"));
  EXPECT_EQ(parse_host_address("[2001:db8:::192.0.2.1]"), parse_ip("2001:db8::192.0.2.1"));
  EXPECT_FALSE(accepts("[2001:db8::::192.0.2.1]"));
  EXPECT_FALSE(accepts("[2001:db8:::1]"));
  EXPECT_FALSE(accepts("[" + std::string(60, '0') + ":::192.0.2.1]"));
}

TEST(Host, ThePlaceBehindIsWhereItEnds) {
  Cursor cursor("[::1]:5070;x");
  std::string_view host;
  ASSERT_TRUE(take_host(cursor, host));
  EXPECT_EQ(host, "[::1]");
  EXPECT_EQ(cursor.rest(), ":5070;x");
}

TEST(Host, APortIsANumberFrom1To65535) {
  const auto port_of = [](std::string_view text) {
    const GuardedBytes guarded(text);
    Cursor cursor(guarded.view());
    std::uint16_t port = 0;
    return take_port(cursor, port) && cursor.at_end() ? port : 0;
  };
  EXPECT_EQ(port_of("1"), 1);
  EXPECT_EQ(port_of("05060"), 5060);
  EXPECT_EQ(port_of("65535"), 65535);
  for (const std::string_view text :
       {"", "0", "65536", "99999999999999999999", "-1", "5060x", " 1"}) {
    EXPECT_EQ(port_of(text), 0) << text;
  }
}

TEST(Host, ANameIsNoAddress) {
  EXPECT_FALSE(parse_host_address("example.com"));
  EXPECT_FALSE(parse_host_address(""));
  EXPECT_TRUE(parse_host_address("2001:db8::9:255"));
}

}  // namespace
}  // namespace imcd::parser
