// Proxies whose name the DNS has to be asked for (RFC 3263, RFC 2782).

#include <gtest/gtest.h>
#include <map>

#include "base/limits.h"
#include "server/names_fixture.h"

namespace imcd::server {
namespace {

using Lines = std::vector<std::string>;

Settings behind(NextHop proxy) {
  Settings settings = default_settings();
  settings.deliveries.outbound_proxies = {std::move(proxy)};
  return settings;
}

class ProxyByName : public Names {
 protected:
  explicit ProxyByName(NextHop proxy = NextHop("proxy.example", 0)) : Names(behind(proxy)) {}
};

TEST_F(ProxyByName, ServiceRecordsSayWhereItIs) {
  zone["_sip._udp.proxy.example"] =
      services({{10, 0, 5080, "Two.example."}, {5, 0, 5070, "one.example"}});
  zone["one.example"] = addresses({"127.0.0.21"});
  zone["two.example"] = addresses({"127.0.0.22"});
  load({"far.example"});
  say("hello");
  EXPECT_EQ(sent_to, Lines{"127.0.0.21:5070"});
  EXPECT_EQ(times_asked("far.example"), 0U);
}

TEST_F(ProxyByName, SecondByPriorityTakesOverWhenTheFirstIsSilent) {
  const Peer& second = h.peer("second");
  zone["_sip._udp.proxy.example"] =
      services({{10, 0, second.address.port, "two.example"}, {5, 0, 5070, "one.example"}});
  zone["one.example"] = addresses({"127.0.0.21"});
  zone["two.example"] = addresses({"127.0.0.1"});
  load({"far.example"});
  say("one");
  EXPECT_EQ(sent_to, Lines{"127.0.0.21:5070"});
  h.run_for(40s);  // Timer F too.
  EXPECT_EQ(h.figures().proxies_down.value(), 1);
  sent_to.clear();
  say("two");
  EXPECT_EQ(sent_to, Lines{address_text(second.address)});
}

TEST_F(ProxyByName, WithoutServiceRecordsItIsItsAddressAtTheDefaultPort) {
  zone["proxy.example"] = addresses({"127.0.0.21"});
  load({"far.example"});
  say("hello");
  EXPECT_EQ(sent_to, Lines{"127.0.0.21:5060"});
  EXPECT_EQ(h.questions, (std::vector<NameQuestion>{{"_sip._udp.proxy.example", NameKind::services},
                                                    {"proxy.example", NameKind::addresses}}));
}

TEST_F(ProxyByName, DeliveriesWaitForTheFirstAnswer) {
  is_silent = true;
  load({"far.example"});
  say("hello");
  EXPECT_TRUE(sent_to.empty());
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_EQ(unroutable(), 0U);
  is_silent = false;
  zone["proxy.example"] = addresses({"127.0.0.21"});
  h.answer({"_sip._udp.proxy.example", NameKind::services}, no_such_name);
  h.run_for(100ms);
  EXPECT_EQ(sent_to, Lines{"127.0.0.21:5060"});
}

TEST_F(ProxyByName, ChatIsRefusedWhileDeliveriesWaitTooLong) {
  is_silent = true;
  load({"far.example"});
  say("hello");
  h.run_for(limits::hop_wait_max);
  say("more");
  EXPECT_EQ(alice.last_code(), 503);
}

TEST_F(ProxyByName, DnsThatComesUpLateIsAskedAgain) {
  zone["_sip._udp.proxy.example"] = no_answer;
  load({"far.example"});
  say("hello");
  EXPECT_TRUE(sent_to.empty());
  zone["_sip._udp.proxy.example"] = no_such_name;
  zone["proxy.example"] = addresses({"127.0.0.21"});
  h.run_for(limits::name_failure_kept);
  ASSERT_FALSE(sent_to.empty());
  EXPECT_EQ(sent_to.front(), "127.0.0.21:5060");
  EXPECT_EQ(std::ranges::count(
                h.log, "the DNS does not answer for an outbound proxy peer=proxy.example kept="),
            1);
}

TEST_F(ProxyByName, LastGoodAnswerServesWhileTheDnsIsSilent) {
  zone["proxy.example"] = addresses({"127.0.0.21"}, 10s);
  load({"far.example"});
  h.run_for(1s);
  is_silent = true;
  h.run_for(10min);
  EXPECT_GT(times_asked("_sip._udp.proxy.example"), 10U);
  say("hello");
  EXPECT_EQ(sent_to, Lines{"127.0.0.21:5060"});
  is_silent = false;
  zone["proxy.example"] = addresses({"127.0.0.22"}, 10s);
  h.run_for(1min);
  sent_to.clear();
  say("again");
  EXPECT_EQ(sent_to, Lines{"127.0.0.22:5060"});
}

TEST_F(ProxyByName, DeliveriesFollowTheProxyToItsNextAddress) {
  zone["proxy.example"] = addresses({"127.0.0.21"}, 30s);
  load({"a.example", "b.example"});
  say("one");
  EXPECT_EQ(sent_to, (Lines{"127.0.0.21:5060", "127.0.0.21:5060"}));
  zone["proxy.example"] = addresses({"127.0.0.22"}, 30s);
  h.run_for(40s);  // Timer F of the first too.
  sent_to.clear();
  say("two");
  EXPECT_EQ(sent_to, (Lines{"127.0.0.22:5060", "127.0.0.22:5060"}));
}

TEST_F(ProxyByName, NameWithoutAddressKeepsTheLastOneAndSaysSoOnce) {
  zone["proxy.example"] = addresses({"127.0.0.21"}, 10s);
  load({"far.example"});
  h.run_for(1s);
  zone.clear();
  h.run_for(5min);
  say("hello");
  EXPECT_EQ(sent_to, Lines{"127.0.0.21:5060"});
  EXPECT_EQ(std::ranges::count(h.log,
                               "the DNS has no address for an outbound proxy "
                               "peer=proxy.example kept=127.0.0.21:5060"),
            1);
}

TEST_F(ProxyByName, OrderOfOneAnswerIsKeptHoweverTheDnsShufflesIt) {
  zone["proxy.example"] = addresses({"127.0.0.21", "127.0.0.22", "127.0.0.23"}, 10s);
  load({"far.example"});
  h.run_for(1s);
  zone["proxy.example"] = addresses({"127.0.0.23", "127.0.0.21", "127.0.0.22"}, 10s);
  h.run_for(1min);
  EXPECT_EQ(std::ranges::count_if(h.log,
                                  [](const std::string& line) {
                                    return line.starts_with("an outbound proxy was found");
                                  }),
            1);
}

TEST_F(ProxyByName, ServiceThatIsDeclaredAbsentIsNotReplaced) {
  zone["_sip._udp.proxy.example"] = services({{0, 0, 0, "."}});
  zone["proxy.example"] = addresses({"127.0.0.21"});
  load({"far.example"});
  say("hello");
  EXPECT_TRUE(sent_to.empty());
}

// RFC 2782: of many processes, three in four should draw the target of weight 3.
TEST(ProxyWeights, AreTheChancesOfTheTargets) {
  int heavy = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Figures figures;
    delivery::ProxyNames names({NextHop("proxy.example", 0)}, {seed, 1}, figures);
    Outbox out;
    names.on_deadline(MonoTime{}, out);
    names.on_answer({"_sip._udp.proxy.example", NameKind::services},
                    services({{0, 300, 5060, "heavy.example"}, {0, 100, 5060, "light.example"}}),
                    MonoTime{}, out);
    names.on_answer({"heavy.example", NameKind::addresses}, addresses({"127.0.0.3"}), MonoTime{},
                    out);
    names.on_answer({"light.example", NameKind::addresses}, addresses({"127.0.0.4"}), MonoTime{},
                    out);
    ASSERT_EQ(names.endpoints().size(), 2U);
    if (names.endpoints().front() == *parse_ip("127.0.0.3", 5060)) ++heavy;
  }
  EXPECT_GT(heavy, 260);
  EXPECT_LT(heavy, 340);
}

TEST(ProxyServices, AreThoseOfItsTransport) {
  Figures figures;
  delivery::ProxyNames names({NextHop("proxy.example", 0, Transport::tcp)}, {1, 1}, figures);
  Outbox out;
  names.on_deadline(MonoTime{}, out);
  ASSERT_EQ(out.questions().size(), 1U);
  EXPECT_EQ(out.questions()[0].name, "_sip._tcp.proxy.example");
  names.on_answer(out.questions()[0], services({{0, 0, 5090, "one.example"}}), MonoTime{}, out);
  names.on_answer({"one.example", NameKind::addresses}, addresses({"127.0.0.3"}), MonoTime{}, out);
  EXPECT_EQ(names.endpoints(), std::vector{Endpoint(Transport::tcp, *parse_ip("127.0.0.3", 5090))});
}

class ProxyByNameAndPort : public ProxyByName {
 protected:
  ProxyByNameAndPort() : ProxyByName(NextHop("proxy.example", 5090)) {}
};

TEST_F(ProxyByNameAndPort, AsksForNoService) {
  zone["proxy.example"] = addresses({"127.0.0.21"});
  load({"far.example"});
  say("hello");
  EXPECT_EQ(sent_to, Lines{"127.0.0.21:5090"});
  EXPECT_EQ(times_asked("_sip._udp.proxy.example"), 0U);
}

class NameThenAddress : public Names {
 protected:
  static Settings settings() {
    Settings settings = behind(NextHop("proxy.example", 5090));
    settings.deliveries.outbound_proxies.emplace_back(*parse_address("127.0.0.30:5060"));
    return settings;
  }
  NameThenAddress() : Names(settings()) {}
};

TEST_F(NameThenAddress, TheAddressServesUntilTheNameIsKnown) {
  is_silent = true;
  load({"a.example", "b.example"});
  say("one");
  EXPECT_EQ(sent_to, (Lines{"127.0.0.30:5060", "127.0.0.30:5060"}));
  h.answer({"proxy.example", NameKind::addresses}, addresses({"127.0.0.21"}));
  h.run_for(33s);
  sent_to.clear();
  say("two");
  EXPECT_EQ(sent_to, (Lines{"127.0.0.21:5090", "127.0.0.21:5090"}));
}

}  // namespace
}  // namespace imcd::server
