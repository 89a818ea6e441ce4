// Names: next hops that the DNS has to be asked for, of proxies and of members' hosts.

#include <gtest/gtest.h>
#include <map>

#include "base/limits.h"
#include "server/harness.h"

namespace imcd::server {
namespace {

NameAnswer addresses(std::initializer_list<const char*> list, Duration ttl = 60s) {
  NameAnswer answer{.outcome = NameAnswer::Outcome::found, .ttl = ttl};
  for (const char* text : list) answer.addresses.push_back(*parse_ip(text));
  return answer;
}

NameAnswer services(std::vector<Service> list, Duration ttl = 60s) {
  return {.outcome = NameAnswer::Outcome::found, .services = std::move(list), .ttl = ttl};
}

const NameAnswer no_such_name{.outcome = NameAnswer::Outcome::none};
const NameAnswer no_answer{.outcome = NameAnswer::Outcome::failed};

class Names : public testing::Test {
 protected:
  explicit Names(Settings settings = default_settings())
      : h({.settings = settings, .load = false}) {
    h.dns = [this](const NameQuestion& question) -> std::optional<NameAnswer> {
      if (is_silent) return std::nullopt;
      const auto found = zone.find(question.name);
      return found != zone.end() ? found->second : no_such_name;
    };
    h.network = [this](const Flow& to, std::string_view bytes) {
      if (bytes.starts_with("MESSAGE")) sent_to.push_back(address_text(to.peer));
      return true;
    };
  }

  // Rooms `chat` with members at hosts, read from the database.
  void load(std::initializer_list<const char*> hosts) {
    h.database.rooms[{"chat", "example.org"}] = 0;
    h.database.members[{"sip:chat@example.org", "alice", "example.org"}] = 0;
    for (const char* host : hosts) {
      h.database.members[{"sip:chat@example.org", "ghost", host}] = 0;
    }
    h.restart();
    h.options.load = true;
    h.restart();
  }
  // Both come straight to us, so that each has been heard of.
  void bob_joins(const char* uri) {
    alice.say("chat", "#list");
    h.run_for(1s);
    bob.own_uri = uri;
    bob.say("chat", "#join");
    h.run_for(1s);
  }
  void say(std::string_view text) {
    alice.say("chat", text);
    h.run_for(100ms);
  }
  [[nodiscard]] std::uint64_t unroutable() {
    return at(h.figures().deliveries, DeliveryResult::unroutable).value();
  }
  [[nodiscard]] std::size_t times_asked(const std::string& name) const {
    return static_cast<std::size_t>(std::ranges::count(h.questions, name, &NameQuestion::name));
  }

  Harness h;
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
  std::map<std::string, NameAnswer> zone;
  bool is_silent = false;
  std::vector<std::string> sent_to;  // Peers of MESSAGE requests, retransmissions too.
};

using Lines = std::vector<std::string>;

// --- Members' hosts -----------------------------------------------------------------------------

TEST_F(Names, MemberIsReachedWhereTheDnsSaysItsHostIs) {
  zone["far.example"] = addresses({"127.0.0.9"});
  load({"far.example"});
  say("hello");
  EXPECT_EQ(sent_to, Lines{"127.0.0.9:5060"});
  EXPECT_EQ(h.questions, (std::vector<NameQuestion>{{"far.example", NameKind::addresses}}));
}

TEST_F(Names, AddressesOfMembersAskNothing) {
  load({"127.0.0.8"});
  say("hello");
  EXPECT_EQ(sent_to, Lines{"127.0.0.8:5060"});
  EXPECT_TRUE(h.questions.empty());
}

TEST_F(Names, WhoCameStraightToUsAsksNothing) {
  load({});
  bob_joins("sip:bob@example.org");
  say("hello");
  EXPECT_TRUE(bob.has_heard("hello"));
  EXPECT_TRUE(h.questions.empty());
}

TEST_F(Names, PortOfTheUriGoesWithTheAddressOfItsHost) {
  zone["far.example"] = addresses({"127.0.0.9"});
  load({});
  bob_joins("sip:bob@Far.Example:5099");
  EXPECT_TRUE(std::ranges::count(sent_to, "127.0.0.9:5099") > 0);
  EXPECT_EQ(times_asked("far.example"), 1U);
}

TEST_F(Names, WhoseNamedHostIsUnknownIsReachedWhereHeCameFrom) {
  load({});
  bob_joins("sip:bob@laptop.example:5099");
  say("hello");
  EXPECT_TRUE(bob.has_heard("hello"));
}

TEST_F(Names, MessagesWaitForTheAnswerInTheirOrder) {
  is_silent = true;
  load({"far.example"});
  say("one");
  say("two");
  EXPECT_TRUE(sent_to.empty());
  EXPECT_EQ(h.figures().names_waited_for.value(), 1);
  EXPECT_EQ(times_asked("far.example"), 1U);
  h.network = [this](const Flow& to, std::string_view bytes) {
    if (to.peer.port != 5060) return true;
    sent_to.emplace_back(bytes.substr(bytes.rfind('\n') + 1));
    return true;
  };
  h.answer({"far.example", NameKind::addresses}, addresses({"127.0.0.9"}));
  h.run_for(1ms);
  EXPECT_EQ(sent_to, Lines{"<alice@example.org>: one"});
  EXPECT_EQ(h.figures().names_waited_for.value(), 0);
  h.run_for(33s);  // Timer F.
  EXPECT_EQ(sent_to.back(), "<alice@example.org>: two");
}

TEST_F(Names, UnknownHostIsUnroutableAndNotAskedForAgainAtOnce) {
  load({"nowhere.example"});
  say("one");
  EXPECT_EQ(unroutable(), 1U);
  EXPECT_EQ(h.server().deliveries().pending_users(), 0U);
  say("two");
  EXPECT_EQ(unroutable(), 2U);
  EXPECT_EQ(times_asked("nowhere.example"), 1U);
  h.run_for(limits::name_failure_kept);
  zone["nowhere.example"] = addresses({"127.0.0.9"});
  say("three");
  EXPECT_EQ(sent_to, Lines{"127.0.0.9:5060"});
  EXPECT_EQ(h.figures().names_unknown.value(), 1U);
}

TEST_F(Names, SilenceOfTheDnsEndsTheWait) {
  is_silent = true;
  load({"far.example"});
  say("one");
  h.run_for(limits::name_wait_max);
  EXPECT_EQ(unroutable(), 1U);
  EXPECT_EQ(h.figures().names_failed.value(), 1U);
  EXPECT_EQ(h.figures().names_waited_for.value(), 0);
  // The answer comes all the same, and finds nobody.
  h.answer({"far.example", NameKind::addresses}, addresses({"127.0.0.9"}));
  h.run_for(1s);
  EXPECT_TRUE(sent_to.empty());
}

TEST_F(Names, AnswerHoldsForItsTtlAndThenTheNextOneDoes) {
  zone["far.example"] = addresses({"127.0.0.9"}, 60s);
  load({"far.example"});
  say("one");
  h.run_for(50s);
  sent_to.clear();
  say("two");
  EXPECT_EQ(times_asked("far.example"), 1U);
  h.run_for(60s);
  zone["far.example"] = addresses({"127.0.0.10"}, 60s);
  sent_to.clear();
  say("three");
  EXPECT_EQ(times_asked("far.example"), 2U);
  EXPECT_EQ(sent_to, Lines{"127.0.0.10:5060"});
}

TEST_F(Names, TtlOfNothingDoesNotMakeAQuestionOfEachMessage) {
  zone["far.example"] = addresses({"127.0.0.9"}, 0s);
  load({"far.example"});
  for (int i = 0; i < 10; ++i) say("hello");
  EXPECT_EQ(times_asked("far.example"), 1U);
}

TEST_F(Names, LastGoodAnswerServesWhileTheDnsFails) {
  zone["far.example"] = addresses({"127.0.0.9"}, 10s);
  load({"far.example"});
  say("one");
  h.run_for(40s);
  zone["far.example"] = no_answer;
  sent_to.clear();
  say("two");
  EXPECT_EQ(times_asked("far.example"), 2U);
  EXPECT_EQ(sent_to, Lines{"127.0.0.9:5060"});
  EXPECT_EQ(unroutable(), 0U);
}

TEST_F(Names, AddressOfAFamilyWithoutASocketIsNoWay) {
  zone["far.example"] = addresses({"::1"});
  load({"far.example"});
  say("hello");
  EXPECT_TRUE(sent_to.empty());
  EXPECT_EQ(unroutable(), 1U);
}

TEST_F(Names, MembersAtOneHostMakeOneQuestion) {
  is_silent = true;
  load({});
  for (int i = 0; i < 50; ++i) {
    h.database.members[{"sip:chat@example.org", "m" + std::to_string(i), "far.example"}] = 0;
  }
  h.restart();
  say("hello");
  EXPECT_EQ(h.questions.size(), 1U);
  EXPECT_EQ(h.figures().names_waited_for.value(), 50);
  h.answer({"far.example", NameKind::addresses}, addresses({"127.0.0.9"}));
  h.run_for(100ms);
  EXPECT_EQ(sent_to.size(), 50U);
}

TEST_F(Names, FloodOfHostsAsksAFewAtATimeAndEndsUnroutable) {
  is_silent = true;
  load({});
  constexpr int many = 1000;
  for (int i = 0; i < many; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example";
    h.database.members[{"sip:chat@example.org", "ghost", host}] = 0;
  }
  h.restart();
  say("hello");
  EXPECT_EQ(h.questions.size(), limits::name_questions_max);
  // One is answered, so one more may be asked.
  h.answer(h.questions[0], no_such_name);
  EXPECT_EQ(h.questions.size(), limits::name_questions_max + 1);
  h.run_for(limits::name_wait_max + 1s);
  EXPECT_EQ(unroutable(), static_cast<std::uint64_t>(many));
  EXPECT_EQ(h.server().deliveries().pending_users(), 0U);
}

TEST_F(Names, OrderlyStopDropsWhatWaitsForAName) {
  is_silent = true;
  load({"far.example"});
  say("hello");
  h.order(Order::stop);
  h.run_for(1s);
  EXPECT_EQ(h.exit_code, 0);
  EXPECT_EQ(at(h.figures().deliveries, DeliveryResult::dropped).value(), 1U);
  EXPECT_EQ(h.figures().names_waited_for.value(), 0);
}

TEST_F(Names, WhoSpeaksWhileHisHostIsLookedUpIsReachedOnce) {
  is_silent = true;
  load({});
  bob_joins("sip:bob@laptop.example:5099");
  say("hello");
  bob.say("chat", "me too");
  h.run_for(100ms);
  h.answer({"laptop.example", NameKind::addresses}, no_such_name);
  h.run_for(1s);
  EXPECT_EQ(std::ranges::count(bob.heard(), "<alice@example.org>: hello"), 1);
}

// --- Outbound proxies ---------------------------------------------------------------------------

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
