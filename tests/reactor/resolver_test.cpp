// Names: questions of the core's go to the DNS, and each comes back with one answer.

#include <gtest/gtest.h>
#include <map>

#include "fake_dns.h"
#include "reactor/dns_reply.h"
#include "reactor/reactor.h"
#include "test_core.h"

namespace imcd::reactor {
namespace {

class Resolving : public testing::Test {
 protected:
  // Asks all at once and runs until all are answered.
  std::vector<NameAnswer> ask(const std::vector<NameQuestion>& questions,
                              std::vector<Address> listen = {any_port_v4}) {
    dns.start();
    auto opened =
        Reactor::open({.listen_udp = std::move(listen), .dns_servers = {dns.address()}}, figures);
    EXPECT_TRUE(opened) << opened.error().text;
    if (!opened) return {};
    std::vector<NameAnswer> answers(questions.size());
    std::vector<int> times(questions.size());
    std::size_t left = questions.size();
    core.wake = [&](Outbox& out) {
      for (const NameQuestion& question : questions) out.resolve(question);
    };
    core.resolved = [&](const NameQuestion& question, const NameAnswer& answer, Outbox& out) {
      const auto at = static_cast<std::size_t>(
          std::find(questions.begin(), questions.end(), question) - questions.begin());
      ASSERT_LT(at, questions.size());
      answers[at] = answer;
      ++times[at];
      if (--left == 0) out.exit(0);
    };
    (*opened)->wake();
    EXPECT_EQ((*opened)->run(core, core), 0);
    EXPECT_EQ(times, std::vector<int>(questions.size(), 1));
    return answers;
  }
  NameAnswer ask(const std::string& name, NameKind kind = NameKind::addresses) {
    const auto answers = ask({{name, kind}});
    return answers.empty() ? NameAnswer{} : answers.front();
  }

  Figures figures;
  FakeDns dns;
  TestCore core;
};

using Outcome = NameAnswer::Outcome;

TEST_F(Resolving, AddressesComeWithTheShortestTtl) {
  dns.records["host.example"] = {FakeDns::address_record("192.0.2.1", 300),
                                 FakeDns::address_record("192.0.2.2", 30)};
  const NameAnswer answer = ask("host.example");
  EXPECT_EQ(answer.outcome, Outcome::found);
  EXPECT_EQ(answer.addresses, (std::vector{*parse_ip("192.0.2.1"), *parse_ip("192.0.2.2")}));
  EXPECT_EQ(answer.ttl, 30s);
}

TEST_F(Resolving, OnlyFamiliesThatWeListenOnAreAskedFor) {
  dns.records["host.example"] = {FakeDns::address_record("2001:db8::1", 300)};
  EXPECT_EQ(ask("host.example").outcome, Outcome::none);
  EXPECT_EQ(dns.questions, 1);
}

TEST_F(Resolving, BothFamiliesAreAskedForWhereWeListenOnBoth) {
  if (!has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 on this machine";
  dns.records["host.example"] = {FakeDns::address_record("2001:db8::1", 300),
                                 FakeDns::address_record("192.0.2.1", 300)};
  const auto answers = ask({{"host.example", NameKind::addresses}}, {any_port_v4, any_port_v6});
  EXPECT_EQ(answers.at(0).addresses.size(), 2U);
}

TEST_F(Resolving, ServicesComeWithAllTheySay) {
  dns.records["_sip._udp.proxy.example"] = {
      FakeDns::service_record(10, 60, 5060, "one.example", 600),
      FakeDns::service_record(20, 0, 5062, "two.example", 20)};
  const NameAnswer answer = ask("_sip._udp.proxy.example", NameKind::services);
  EXPECT_EQ(answer.outcome, Outcome::found);
  EXPECT_EQ(answer.services,
            (std::vector<Service>{{10, 60, 5060, "one.example"}, {20, 0, 5062, "two.example"}}));
  EXPECT_EQ(answer.ttl, 20s);
}

TEST_F(Resolving, WhatIsNotThereIsNone) {
  dns.records["six.example"] = {FakeDns::address_record("2001:db8::1", 300)};
  const auto answers = ask({{"nowhere.example", NameKind::addresses},
                            {"six.example", NameKind::addresses},
                            {"_sip._udp.nowhere.example", NameKind::services},
                            {"six.example", NameKind::services},
                            {std::string(64, 'x') + ".example", NameKind::addresses}});
  for (const NameAnswer& answer : answers) EXPECT_EQ(answer.outcome, Outcome::none);
}

TEST_F(Resolving, ServerInTroubleIsAFailure) {
  dns.failing = {"host.example", "_sip._udp.host.example"};
  const auto answers =
      ask({{"host.example", NameKind::addresses}, {"_sip._udp.host.example", NameKind::services}});
  for (const NameAnswer& answer : answers) EXPECT_EQ(answer.outcome, Outcome::failed);
}

TEST_F(Resolving, SilenceEndsInAFailureAndHoldsUpNothingElse) {
  dns.silent = {"silent.example"};
  dns.records["host.example"] = {FakeDns::address_record("192.0.2.1", 300)};
  const auto answers =
      ask({{"silent.example", NameKind::addresses}, {"host.example", NameKind::addresses}});
  EXPECT_EQ(answers.at(0).outcome, Outcome::failed);
  EXPECT_EQ(answers.at(1).outcome, Outcome::found);
}

TEST_F(Resolving, ManyQuestionsAtOnceAreAllAnswered) {
  std::vector<NameQuestion> questions;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "h" + std::to_string(i) + ".example";
    dns.records[name] = {FakeDns::address_record("192.0.2.1", 300)};
    questions.push_back({name, NameKind::addresses});
  }
  for (const NameAnswer& answer : ask(questions)) EXPECT_EQ(answer.outcome, Outcome::found);
}

TEST_F(Resolving, EndWithQuestionsUnderWayIsClean) {
  dns.silent = {"silent.example"};
  dns.start();
  auto opened =
      Reactor::open({.listen_udp = {any_port_v4}, .dns_servers = {dns.address()}}, figures);
  ASSERT_TRUE(opened);
  core.wake = [](Outbox& out) {
    out.resolve({"silent.example", NameKind::addresses});
    out.exit(3);
  };
  (*opened)->wake();
  EXPECT_EQ((*opened)->run(core, core), 3);
}

// --- Replies as bytes ---------------------------------------------------------------------------

std::string service_reply() {
  const auto record = FakeDns::service_record(1, 2, 5060, "one.example", 60);
  return std::string("\0\1\x81\x80", 4) + FakeDns::number16(1) + FakeDns::number16(1) +
         FakeDns::number32(0) + FakeDns::name("_sip._udp.x") + FakeDns::number16(FakeDns::srv) +
         FakeDns::number16(1) + "\xc0\x0c" + FakeDns::number16(FakeDns::srv) +
         FakeDns::number16(1) + FakeDns::number32(60) +
         FakeDns::number16(static_cast<std::uint16_t>(record.data.size())) + record.data;
}

NameAnswer read(const std::string& reply) {
  return read_services({reinterpret_cast<const unsigned char*>(reply.data()), reply.size()});
}

TEST(DnsReply, CutAnywhereIsAFailure) {
  const std::string whole = service_reply();
  EXPECT_EQ(read(whole).outcome, Outcome::found);
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    EXPECT_EQ(read(whole.substr(0, bytes)).outcome, Outcome::failed) << bytes;
  }
}

TEST(DnsReply, NameThatPointsAtItselfIsAFailure) {
  std::string reply = service_reply();
  const std::size_t pointer = reply.find("\xc0\x0c");
  reply[pointer + 1] = static_cast<char>(pointer);
  EXPECT_EQ(read(reply).outcome, Outcome::failed);
}

}  // namespace
}  // namespace imcd::reactor
