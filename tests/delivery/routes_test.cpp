#include "delivery/routes.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "parser/uri.h"

namespace imcd::delivery {
namespace {

class RoutesTest : public testing::Test {
 protected:
  RoutesTest() {
    sockets.via_sent_by = {"192.0.2.9:5070"};
    sockets.ipv4_socket = 0;
  }
  Routes& routes() {
    if (!routes_)
      routes_ = std::make_unique<Routes>(settings, sockets, key, identities, live_streams, figures);
    return *routes_;
  }
  IdentityRef user(std::string_view uri) { return identities.intern(*parser::parse_uri(uri)); }
  Route find(std::string_view uri) { return routes().find(*user(uri), now); }
  static Flow udp(std::string_view address) { return {*parse_address(address), 0}; }
  void answer(const std::string& name, std::vector<Address> addresses) {
    NameAnswer answer;
    answer.outcome = NameAnswer::Outcome::found;
    answer.addresses = std::move(addresses);
    answer.ttl = 1h;
    routes().on_resolved({name, NameKind::addresses}, answer, now, out);
  }

  HashKey key{1, 2};
  Epochs epochs;
  Figures figures;
  IdentityTable identities{key, epochs};
  LiveStreams live_streams;
  DeliverySettings settings;
  OwnSockets sockets;
  Outbox out;
  MonoTime now{1000s};

 private:
  std::unique_ptr<Routes> routes_;
};

TEST_F(RoutesTest, AProxyTakesWhateverTheUriSays) {
  settings.outbound_proxies = {*parse_address("192.0.2.1:5060")};
  EXPECT_EQ(find("sip:bob@192.0.2.77:5080").flow, udp("192.0.2.1:5060"));
  EXPECT_TRUE(routes().is_proxy(udp("192.0.2.1:5060")));
  EXPECT_FALSE(routes().has_several_proxies());
}

TEST_F(RoutesTest, AProxyThatIsSparedOrClosedIsPassedOver) {
  settings.outbound_proxies = {*parse_address("192.0.2.1:5060"), *parse_address("192.0.2.2:5060")};
  EXPECT_EQ(*routes().proxy(now), udp("192.0.2.1:5060"));
  routes().spare_proxy(udp("192.0.2.1:5060"), now + 3s);
  EXPECT_EQ(*routes().proxy(now), udp("192.0.2.2:5060"));
  EXPECT_EQ(*routes().proxy(now + 3s), udp("192.0.2.1:5060"));
  routes().on_port_closed(udp("192.0.2.1:5060"));
  EXPECT_EQ(find("sip:bob@example.org").flow, udp("192.0.2.2:5060"));
}

TEST_F(RoutesTest, UsersWaitForTheFirstAddressOfAProxy) {
  settings.outbound_proxies = {NextHop("proxy.example", 5060)};
  const Route route = find("sip:bob@example.org");
  ASSERT_EQ(route.line, &routes().proxy_line());
  EXPECT_EQ(figures.names_waited_for.value(), 1);
  EXPECT_EQ(routes().proxy(now), nullptr);
  // As whoever joins it does.
  *route.line = {.first = 5, .last = 5, .users = 1};
  routes().on_deadline(now, out);
  ASSERT_EQ(out.questions().size(), 1U);
  answer("proxy.example", {*parse_ip("192.0.2.1")});
  const auto dismissed = routes().take_dismissed();
  ASSERT_EQ(dismissed.size(), 1U);
  EXPECT_EQ(dismissed[0].first, 5U);
  EXPECT_EQ(figures.names_waited_for.value(), 0);
  EXPECT_TRUE(routes().take_dismissed().empty());
  EXPECT_EQ(find("sip:bob@example.org").flow, udp("192.0.2.1:5060"));
}

TEST_F(RoutesTest, WithoutAProxyAUriWithHostAndPortIsTheWay) {
  EXPECT_EQ(find("sip:bob@192.0.2.77:5080").flow, udp("192.0.2.77:5080"));
  EXPECT_EQ(find("sip:bob@192.0.2.77").flow, udp("192.0.2.77:5060"));
  const Route ipv6 = find("sip:bob@[2001:db8::1]:5060");
  EXPECT_FALSE(ipv6.flow) << "there is no socket for it";
  EXPECT_EQ(ipv6.line, nullptr);
}

TEST_F(RoutesTest, WhereTheUserCameFromGoesBeforeAHostWithoutPort) {
  const auto bob = user("sip:bob@192.0.2.77");
  routes().on_source(*bob, udp("192.0.2.5:40000"));
  EXPECT_EQ(routes().find(*bob, now).flow, udp("192.0.2.5:40000"));
  const auto carol = user("sip:carol@192.0.2.77:5080");
  routes().on_source(*carol, udp("192.0.2.5:40001"));
  EXPECT_EQ(routes().find(*carol, now).flow, udp("192.0.2.77:5080"));
}

TEST_F(RoutesTest, AStreamIsAWayWhileItIsThere) {
  const auto bob = user("sip:bob@192.0.2.77");
  const Flow stream{*parse_address("192.0.2.5:40000"), 0, Transport::tcp, 12};
  live_streams.on_open(12);
  routes().on_source(*bob, stream);
  EXPECT_EQ(routes().find(*bob, now).flow, stream);
  live_streams.on_ended(12);
  EXPECT_EQ(routes().find(*bob, now).flow, udp("192.0.2.77:5060"));
}

TEST_F(RoutesTest, AHostThatTheDnsDoesNotKnowIsNoWay) {
  const Route route = find("sip:bob@phone.example");
  ASSERT_NE(route.line, nullptr);
  *route.line = {.first = 5, .last = 5, .users = 1};
  routes().ask(out);
  ASSERT_EQ(out.questions().size(), 1U);
  EXPECT_EQ(routes().next_deadline(), now + limits::name_wait_max);
  now += limits::name_wait_max;
  routes().on_deadline(now, out);
  EXPECT_EQ(routes().take_dismissed().size(), 1U);
  const Route after = find("sip:bob@phone.example");
  EXPECT_FALSE(after.flow);
  EXPECT_EQ(after.line, nullptr);
}

TEST_F(RoutesTest, NoMoreThanSoManyUsersWaitForNames) {
  const auto bob = user("sip:bob@phone.example");
  Routes few(settings, sockets, key, identities, live_streams, figures, 2);
  ASSERT_NE(few.find(*bob, now).line, nullptr);
  ASSERT_NE(few.find(*bob, now).line, nullptr);
  const Route beyond = few.find(*bob, now);
  EXPECT_FALSE(beyond.flow);
  EXPECT_EQ(beyond.line, nullptr);
}

TEST_F(RoutesTest, AtAnOrderlyStopNobodyWaits) {
  const Route first = find("sip:bob@one.example");
  *first.line = {.first = 5, .last = 5, .users = 1};
  const Route second = find("sip:bob@two.example");
  *second.line = {.first = 6, .last = 6, .users = 1};
  routes().dismiss_all(now);
  EXPECT_EQ(routes().take_dismissed().size(), 2U);
  EXPECT_EQ(figures.names_waited_for.value(), 0);
}

TEST_F(RoutesTest, ALongRequestMayGoBesideTheProxyOverTcp) {
  settings.outbound_proxies = {*parse_address("192.0.2.1:5060")};
  const Flow beside{*parse_address("192.0.2.1:5060"), 0, Transport::tcp};
  EXPECT_EQ(routes().stream_beside(udp("192.0.2.1:5060")), beside);
  EXPECT_EQ(routes().stream_beside(beside), std::nullopt);
  EXPECT_EQ(routes().stream_beside(udp("192.0.2.2:5060")), std::nullopt);
}

}  // namespace
}  // namespace imcd::delivery
