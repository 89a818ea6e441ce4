// Texts that are too long for a datagram (RFC 3261 18.1.1): a proxy over UDP gets them over TCP.

#include <gtest/gtest.h>

#include "server/links_fixture.h"

namespace imcd::server {
namespace {

using Lines = std::vector<std::string>;

class OverUdp : public OverTcp {
 protected:
  explicit OverUdp(const Address& proxy = far_proxy) : OverTcp({{proxy}}) {
    h.network = [this](const Flow& to, std::string_view bytes) {
      if (!bytes.starts_with("MESSAGE")) return true;
      EXPECT_TRUE(bytes.contains("\r\nVia: SIP/2.0/UDP "));
      const std::string name = field(bytes, "\r\nTo: <sip:");
      heard_by_udp[name.substr(0, name.find('@'))].push_back(
          std::string(bytes.substr(bytes.find("\r\n\r\n") + 4)));
      h.at(1ms, [this, from = to.peer, text = answer_to(bytes, 200)] { h.deliver(from, text); });
      return true;
    };
    h.peer("alice").say("chat", "#create");
    h.peer("bob").say("chat", "#join");
    h.run_for(1s);
    heard_by_udp.clear();
  }
  void say_at_length(char letter) {
    h.peer("alice").say("chat", std::string(length, letter));
    h.run_for(100ms);
  }
  static std::string text(char letter) {
    return "<alice@example.org>: " + std::string(length, letter);
  }

  static constexpr std::size_t length = 2000;
  inline static const Address far_proxy = Address::ipv4({192, 0, 2, 7}, 5060);
  std::map<std::string, std::vector<std::string>> heard_by_udp;
};

TEST_F(OverUdp, AShortTextNeedsNoConnection) {
  say(1);
  h.run_for(1min);
  EXPECT_TRUE(h.asked_for.empty());
  EXPECT_EQ(heard_by_udp["bob"], Lines{line(1)});
}

TEST_F(OverUdp, ALongTextGoesOverTcpInItsTurn) {
  say(1);
  say_at_length('x');
  EXPECT_EQ(h.peer("alice").last_code(), 200);
  say(2);
  h.run_for(100ms);
  ASSERT_EQ(h.asked_for.size(), 1U);
  EXPECT_EQ(h.stream(h.asked_for[0]).flow.peer, far_proxy);
  // Bob's next waits for the one before it.
  EXPECT_EQ(heard_by_udp["bob"], Lines{line(1)});
  h.accept(h.asked_for[0]);
  h.run_for(1s);
  EXPECT_EQ(bob_heard(), Lines{text('x')});
  EXPECT_TRUE(requests.back().contains("\r\nVia: SIP/2.0/TCP "));
  EXPECT_EQ(heard_by_udp["bob"], (Lines{line(1), line(2)}));
  say_at_length('y');
  EXPECT_EQ(bob_heard(), (Lines{text('x'), text('y')}));
  EXPECT_EQ(h.asked_for.size(), 1U);
}

// RFC 3261 18.1.1: UDP then, as it was before; whoever says more meanwhile is told.
TEST_F(OverUdp, WhereTcpIsRefusedUdpHasToDo) {
  say_at_length('x');
  h.end(h.stream(h.asked_for.at(0)), StreamEnd::never_open);
  say(1);
  h.run_for(100ms);
  EXPECT_EQ(heard_by_udp["bob"], (Lines{text('x'), line(1)}));
  say_at_length('y');
  EXPECT_EQ(h.peer("alice").last_code(), 513);
  // Later it is tried again.
  h.run_for(1min);
  say_at_length('z');
  EXPECT_EQ(h.peer("alice").last_code(), 200);
  ASSERT_EQ(h.asked_for.size(), 2U);
  h.accept(h.asked_for[1]);
  h.run_for(1s);
  EXPECT_EQ(bob_heard(), Lines{text('z')});
}

TEST_F(OverUdp, WhereNobodyAnswersTheConnectionUdpHasToDo) {
  say_at_length('x');
  h.run_for(limits::connect_time + 1s);
  EXPECT_EQ(heard_by_udp["bob"], Lines{text('x')});
  EXPECT_TRUE(requests.empty());
}

TEST_F(OverUdp, WithTheConnectionOnlyWhatIsUnansweredIsLost) {
  say_at_length('x');
  auto& stream = h.accept(h.asked_for.at(0));
  h.run_for(1s);
  answers_messages = false;
  say_at_length('y');
  say_at_length('z');
  h.end(stream, StreamEnd::lost);
  h.run_for(1s);
  EXPECT_EQ(at(h.figures().deliveries, DeliveryResult::lost).value(), 1U);
  EXPECT_EQ(bob_heard(), (Lines{text('x'), text('y')}));
  EXPECT_EQ(heard_by_udp["bob"], Lines{text('z')});
}

TEST_F(OverUdp, WhatIsTooLongForAnyDatagramIsRefused) {
  h.peer("alice").say("chat", std::string(65000, 'x'));
  h.run_for(1s);
  EXPECT_EQ(h.peer("alice").last_code(), 513);
  EXPECT_TRUE(h.asked_for.empty());
}

class OverLoopback : public OverUdp {
 protected:
  OverLoopback() : OverUdp(first_proxy) {}
};

TEST_F(OverLoopback, UdpTakesLongTextsWhileTcpIsRefused) {
  say_at_length('x');
  h.end(h.stream(h.asked_for.at(0)), StreamEnd::never_open);
  say_at_length('y');
  EXPECT_EQ(h.peer("alice").last_code(), 200);
  EXPECT_EQ(heard_by_udp["bob"], (Lines{text('x'), text('y')}));
}

}  // namespace
}  // namespace imcd::server
