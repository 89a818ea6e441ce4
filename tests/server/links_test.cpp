// Deliveries over TCP: to a proxy, and back to users who came by a connection of their own.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "server/links_fixture.h"

namespace imcd::server {
namespace {

using Lines = std::vector<std::string>;

TEST_F(OverTcp, ConnectsWhenItFirstHasSomethingToSayAndKeepsTheConnection) {
  h.run_for(1min);
  EXPECT_TRUE(h.asked_for.empty());
  auto& stream = begin();
  EXPECT_EQ(stream.flow.peer, first_proxy);
  say(1);
  h.run_for(10min);
  say(2);
  h.run_for(1s);
  EXPECT_EQ(bob_heard(), (Lines{line(1), line(2)}));
  EXPECT_EQ(h.asked_for.size(), 1U);
  EXPECT_TRUE(requests.back().contains("\r\nVia: SIP/2.0/TCP 127.0.0.1:5070;rport;branch=z9hG4bK"));
}

TEST_F(OverTcp, NothingIsSentTwiceAndTimerFEndsIt) {
  begin();
  answers_messages = false;
  say(1);
  h.run_for(limits::timer_f - 1s);
  EXPECT_EQ(bob_heard(), Lines{line(1)});
  EXPECT_EQ(h.figures().timeouts.value(), 0U);
  h.run_for(2s);
  EXPECT_EQ(h.figures().timeouts.value(), 1U);
  EXPECT_EQ(h.figures().retransmissions_sent.value(), 0U);
  EXPECT_EQ(bob_heard(), Lines{line(1)});
}

TEST_F(OverTcp, NoWindowBoundsHowMuchIsUnanswered) {
  begin();
  for (int i = 0; i < 200; ++i) h.peer(fmt::format("user{}", i)).say("chat", "#join");
  h.run_for(5s);
  forget();
  answers_messages = false;
  say(1);
  EXPECT_EQ(requests.size(), 201U);
}

TEST_F(OverTcp, WhatIsSaidWhileItConnectsWaitsInOrder) {
  h.peer("alice").say("chat", "#create");
  h.peer("bob").say("chat", "#join");
  h.run_for(1s);
  for (int i = 0; i < 3; ++i) say(i);
  h.run_for(1s);
  EXPECT_TRUE(requests.empty());
  h.accept(h.asked_for.at(0));
  h.run_for(1s);
  EXPECT_TRUE(heard["bob"].front().starts_with("*** You joined"));
  heard["bob"].erase(heard["bob"].begin());
  EXPECT_EQ(bob_heard(), (Lines{line(0), line(1), line(2)}));
}

TEST_F(OverTcp, ARefusedConnectionIsTriedAgainLessAndLessOften) {
  h.peer("alice").say("chat", "#create");
  std::vector<MonoTime> tries;
  for (int i = 0; i < 12; ++i) {
    while (h.asked_for.size() == tries.size()) h.run_for(10ms);
    tries.push_back(h.now().mono);
    h.end(h.stream(h.asked_for.back()), StreamEnd::never_open);
  }
  EXPECT_GE(tries[1] - tries[0], limits::reconnect_first);
  EXPECT_LE(tries[1] - tries[0], 2 * limits::reconnect_first);
  EXPECT_GE(tries[11] - tries[10], limits::reconnect_longest);
  EXPECT_LE(tries[11] - tries[10], limits::reconnect_longest + 1s);
  // Nothing was lost by it.
  h.run_for(limits::reconnect_longest);
  h.accept(h.asked_for.back());
  h.run_for(1s);
  EXPECT_EQ(heard["alice"].size(), 1U);
}

TEST_F(OverTcp, AConnectionThatDoesNotComeIsGivenUp) {
  h.peer("alice").say("chat", "#create");
  h.run_for(limits::connect_time - 100ms);
  ASSERT_EQ(h.asked_for.size(), 1U);
  h.run_for(1s);
  ASSERT_EQ(h.asked_for.size(), 2U);
  EXPECT_TRUE(h.stream(h.asked_for[0]).is_closed_by_server);
  // It is there after all: too late.
  h.accept(h.asked_for[0]);
  EXPECT_EQ(at(h.figures().streams_refused, StreamRefusal::given_up).value(), 1U);
  EXPECT_EQ(h.server().streams(), 0U);
  EXPECT_TRUE(requests.empty());
}

TEST_F(OverTcp, WithALostConnectionOnlyWhatIsUnansweredIsLost) {
  auto& stream = begin();
  answers_messages = false;
  for (int i = 1; i <= 3; ++i) say(i);
  h.run_for(1s);
  EXPECT_EQ(bob_heard(), Lines{line(1)});
  answers_messages = true;
  h.end(stream, StreamEnd::lost);
  EXPECT_EQ(at(h.figures().deliveries, DeliveryResult::lost).value(), 1U);
  h.run_for(1s);
  ASSERT_EQ(h.asked_for.size(), 2U);
  h.accept(h.asked_for[1]);
  h.run_for(1s);
  // Each at most once and in order; bob is not taken for absent.
  EXPECT_EQ(bob_heard(), (Lines{line(1), line(2), line(3)}));
  EXPECT_EQ(h.figures().users_away.value(), 0);
}

TEST_F(OverTcp, AnAnswerThatComesAfterTheLossFindsNothing) {
  auto& stream = begin();
  answers_messages = false;
  say(1);
  h.end(stream, StreamEnd::lost);
  h.run_for(1s);
  auto& next = h.accept(h.asked_for.at(1));
  h.feed(next, answer_to(requests.at(0), 200));
  EXPECT_EQ(h.figures().responses_stray.value(), 1U);
}

TEST_F(OverTcp, APeerThatAcceptsAndClosesIsNotTriedInACircle) {
  h.end(begin(), StreamEnd::by_peer);
  std::size_t seen = 1;
  for (int i = 0; i < 1000; ++i) {
    h.run_for(10ms);
    if (h.asked_for.size() == seen) continue;
    seen = h.asked_for.size();
    h.end(h.accept(h.asked_for.back()), StreamEnd::by_peer);
  }
  // In 10 seconds: after 0.25, 0.5, 1, 2, 4 s.
  EXPECT_GE(h.asked_for.size(), 5U);
  EXPECT_LE(h.asked_for.size(), 7U);
}

TEST_F(OverTcp, ABlockedConnectionGetsNothingNewUntilItIsFree) {
  auto& stream = begin();
  h.set_blocked(stream, true);
  for (int i = 1; i <= 3; ++i) say(i);
  h.run_for(10s);
  EXPECT_TRUE(requests.empty());
  h.set_blocked(stream, false);
  h.run_for(1s);
  EXPECT_EQ(bob_heard(), (Lines{line(1), line(2), line(3)}));
}

TEST_F(OverTcp, ALongTextGoesThrough) {
  begin();
  const std::string text(20000, 'x');
  h.peer("alice").say("chat", text);
  h.run_for(1s);
  EXPECT_EQ(h.peer("alice").last_code(), 200);
  EXPECT_EQ(bob_heard(), Lines{"<alice@example.org>: " + text});
}

TEST_F(OverTcp, ASilentConnectionIsPinged) {
  auto& stream = begin();
  h.run_for(limits::stream_ping_interval + 1s);
  EXPECT_EQ(pings, Lines{"\r\n\r\n"});
  h.feed(stream, "\r\n");
  h.run_for(limits::stream_ping_interval + 1s);
  EXPECT_EQ(pings.size(), 2U);
  EXPECT_FALSE(stream.is_closed_by_server);
  // A peer who has answered once and does not any more is gone.
  h.run_for(limits::stream_pong_time + 1s);
  EXPECT_TRUE(stream.is_closed_by_server);
  EXPECT_EQ(at(h.figures().streams_ended, StreamEnd::no_pong).value(), 1U);
  h.run_for(1s);
  EXPECT_EQ(h.asked_for.size(), 2U);
}

TEST_F(OverTcp, APeerThatKnowsNoPingsKeepsItsConnection) {
  auto& stream = begin();
  h.run_for(10min);
  EXPECT_GT(pings.size(), 10U);
  EXPECT_FALSE(stream.is_closed_by_server);
}

TEST_F(OverTcp, ADrainEndsWhenAllIsAnswered) {
  begin();
  say(1);
  h.order(Order::stop);
  h.run_for(1s);
  EXPECT_EQ(h.exit_code, 0);
  EXPECT_EQ(bob_heard(), Lines{line(1)});
}

class TwoOverTcp : public OverTcp {
 protected:
  TwoOverTcp() : OverTcp({{first_proxy, Transport::tcp}, {second_proxy, Transport::tcp}}) {}
};

TEST_F(TwoOverTcp, TheSecondTakesOverWhereTheFirstCannotBeReached) {
  h.peer("alice").say("chat", "#create");
  h.run_for(100ms);
  h.end(h.stream(h.asked_for.at(0)), StreamEnd::never_open);
  h.run_for(100ms);
  ASSERT_EQ(h.asked_for.size(), 2U);
  EXPECT_EQ(h.stream(h.asked_for[1]).flow.peer, second_proxy);
  h.accept(h.asked_for[1]);
  h.run_for(100ms);
  EXPECT_EQ(heard["alice"].size(), 1U);
}

TEST_F(TwoOverTcp, TheFirstIsUsedAgainWhenItIsBack) {
  auto& first = begin();
  h.end(first, StreamEnd::lost);
  say(1);
  h.run_for(200ms);
  ASSERT_EQ(h.asked_for.size(), 2U);
  auto& second = h.accept(h.asked_for[1]);
  EXPECT_EQ(second.flow.peer, second_proxy);
  h.run_for(1s);
  EXPECT_EQ(bob_heard(), Lines{line(1)});
  ASSERT_EQ(h.asked_for.size(), 3U);
  auto& back = h.accept(h.asked_for[2]);
  EXPECT_EQ(back.flow.peer, first_proxy);
  say(2);
  h.run_for(1s);
  EXPECT_TRUE(back.sent.contains(line(2)));
  EXPECT_FALSE(second.sent.contains(line(2)));
}

TEST_F(TwoOverTcp, OneThatIsSilentToOptionsIsPassedOver) {
  auto& first = begin();
  answers_options = false;
  h.run_for(4 * limits::proxy_ping_interval);
  forget();
  say(1);
  h.run_for(1s);
  ASSERT_EQ(h.asked_for.size(), 2U);
  answers_options = true;
  auto& second = h.accept(h.asked_for[1]);
  h.run_for(1s);
  EXPECT_TRUE(second.sent.contains(line(1)));
  EXPECT_FALSE(first.sent.contains(line(1)));
}

// Half a message on each of hundreds of connections must not cost everybody the link, nor those who
// hold little their connection.
TEST_F(OverTcp, OthersHalfMessagesNeverEndOurOwnLink) {
  Harness::Stream& link = begin();
  const std::string large = "SIP/2.0 200 OK\r\nX: " + std::string(60000, 'x');
  h.feed(link, large);
  const auto connect = [this](std::uint8_t host, std::size_t port) -> Harness::Stream& {
    return h.connect(Address::ipv4({127, 0, 0, host}, static_cast<std::uint16_t>(port)));
  };
  const auto crowded = [this] { return at(h.figures().streams_ended, StreamEnd::crowded).value(); };
  Harness::Stream& small = connect(9, 1000);
  h.feed(small, large.substr(0, 1000));
  Harness::Stream& other_host = connect(10, 1000);
  h.feed(other_host, large);
  const std::string half = large.substr(0, 55000);
  const std::size_t fit = (limits::stream_partial_bytes_max - 1000 - large.size()) / half.size();
  Harness::Stream& first = connect(9, 2000);
  h.feed(first, half);
  for (std::size_t i = 1; i < fit + 100; ++i) {
    Harness::Stream& stream = connect(9, 2000 + i);
    h.feed(stream, half);
    EXPECT_EQ(stream.is_closed_by_server, i >= fit) << i;
  }
  EXPECT_EQ(crowded(), 100U);
  // More of the link's own message takes nobody's place.
  h.feed(link, std::string(5000, 'y'));
  EXPECT_EQ(crowded(), 100U);
  // The largest of that host goes first, whoever has sent last, and wherever.
  h.feed(first, std::string(9000, 'z'));
  h.feed(connect(10, 1001), half);
  EXPECT_TRUE(first.is_closed_by_server);
  EXPECT_EQ(crowded(), 101U);
  EXPECT_FALSE(link.is_closed_by_server || small.is_closed_by_server ||
               other_host.is_closed_by_server);
}

// --- Without a proxy ----------------------------------------------------------------------------

TEST(WithoutProxy, AUserWhoCameByTcpIsReachedByHisConnection) {
  Harness h;
  auto& alice = h.connect(Address::ipv4({127, 0, 0, 1}, 40001));
  auto& bob = h.connect(Address::ipv4({127, 0, 0, 1}, 40002));
  h.feed(alice, stream_request(1, "#create", "alice"));
  h.feed(bob, stream_request(1, "#join", "bob"));
  h.run_for(1s);
  EXPECT_TRUE(bob.sent.contains("MESSAGE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/TCP "));
  EXPECT_TRUE(bob.sent.contains("*** You joined"));
  EXPECT_TRUE(h.asked_for.empty());
}

TEST(WithoutProxy, WhenHisConnectionEndsHeIsOutOfReachUntilHeComesAgain) {
  Harness h;
  auto& alice = h.connect(Address::ipv4({127, 0, 0, 1}, 40001));
  auto& bob = h.connect(Address::ipv4({127, 0, 0, 1}, 40002));
  h.feed(alice, stream_request(1, "#create", "alice"));
  h.feed(bob, stream_request(1, "#join", "bob"));
  h.run_for(1s);
  h.feed(alice, stream_request(2, "one", "alice"));
  h.end(bob, StreamEnd::by_peer);
  h.feed(alice, stream_request(3, "two", "alice"));
  h.run_for(1s);
  EXPECT_GE(at(h.figures().deliveries, DeliveryResult::unroutable).value(), 1U);
  auto& again = h.connect(Address::ipv4({127, 0, 0, 1}, 40003));
  h.feed(again, stream_request(2, "#list", "bob"));
  h.feed(alice, stream_request(4, "three", "alice"));
  h.run_for(1s);
  for (const std::string& sent : {std::string("*** Members"), std::string("SIP/2.0 200 OK")}) {
    EXPECT_TRUE(again.sent.contains(sent)) << again.sent;
  }
}

}  // namespace
}  // namespace imcd::server
