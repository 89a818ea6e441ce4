#include "delivery/hops.h"

#include <gtest/gtest.h>
#include <vector>

namespace imcd::delivery {
namespace {

class HopsTest : public testing::Test {
 protected:
  static Flow udp(std::uint16_t port) { return {Address::ipv4({192, 0, 2, 1}, port), 0}; }
  static Flow tcp(std::uint16_t port) {
    return {Address::ipv4({192, 0, 2, 1}, port), 0, Transport::tcp};
  }
  tm::ClientTransactionId send(std::uint32_t hop) {
    const auto id = transactions.start({.sent = {}, .hop = hop, .message = {}}, now);
    hops.on_sent(id.slot, now);
    return id;
  }
  void end(tm::ClientTransactionId id) {
    hops.on_ended(id.slot);
    transactions.end(id);
  }
  // Opens a connection as it was asked for.
  StreamId connect(std::uint32_t hop) {
    EXPECT_FALSE(hops.prepare_link(hop, now, out));
    const StreamId stream = out.stream_actions().back().flow.stream;
    EXPECT_EQ(hops.on_stream_open(stream), hop);
    return stream;
  }

  static constexpr std::uint32_t window = 4;
  HashKey key{1, 2};
  Transactions transactions{key};
  LiveStreams live_streams;
  Hops hops{{.hop_window = window}, key, transactions, live_streams};
  Outbox out;
  MonoTime now{1000s};
};

TEST_F(HopsTest, AFlowHasOneHop) {
  const auto first = hops.find_or_make(udp(5060));
  const auto second = hops.find_or_make(udp(5062));
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_EQ(hops.find_or_make(udp(5060)), first);
  EXPECT_EQ(hops.find(udp(5062)), &hops[*second]);
  EXPECT_EQ(hops.find(tcp(5060)), nullptr);
}

TEST_F(HopsTest, IdleHopsMakePlaceForOthers) {
  const auto busy = hops.find_or_make(udp(1));
  send(*busy);
  for (std::size_t i = 1; i < limits::hops_max; ++i) {
    Flow flow = udp(static_cast<std::uint16_t>(i));
    flow.socket = 1;
    ASSERT_TRUE(hops.find_or_make(flow));
  }
  EXPECT_EQ(hops.size(), limits::hops_max);
  ASSERT_TRUE(hops.find_or_make(udp(2)));
  EXPECT_EQ(hops.size(), 2U);
  EXPECT_EQ(hops.find_or_make(udp(1)), busy);
}

TEST_F(HopsTest, TheWindowHoldsWhatIsNeitherAnsweredNorOlderThanThePace) {
  const auto slot = hops.find_or_make(udp(5060));
  Hop& hop = hops[*slot];
  std::vector<tm::ClientTransactionId> sent;
  for (std::uint32_t i = 0; i < window; ++i) {
    EXPECT_TRUE(hops.has_room(hop, now));
    sent.push_back(send(*slot));
  }
  EXPECT_FALSE(hops.has_room(hop, now));
  hops.on_provisional(sent[0].slot);
  EXPECT_TRUE(hops.has_room(hop, now));
  sent.push_back(send(*slot));
  EXPECT_FALSE(hops.has_room(hop, now));
  end(sent[1]);
  EXPECT_TRUE(hops.has_room(hop, now));
  sent.push_back(send(*slot));
  now += hop.pace.current();
  EXPECT_TRUE(hops.has_room(hop, now));
  EXPECT_EQ(hop.in_window, 0U);
  EXPECT_EQ(hop.in_flight, window + 1);
}

TEST_F(HopsTest, AFullWindowIsServedAgainWhenItsOldestIsOlderThanThePace) {
  const auto slot = hops.find_or_make(udp(5060));
  hops.activate(*slot);
  EXPECT_EQ(hops.next_deadline(), MonoTime::min());
  hops.serve_active([](std::uint32_t) { return Hops::Turn::stuck; });
  EXPECT_EQ(hops.next_deadline(), std::nullopt) << "it is not this hop that is waited for";
  for (std::uint32_t i = 0; i < window; ++i) send(*slot);
  hops.serve_active([](std::uint32_t) { return Hops::Turn::stuck; });
  EXPECT_EQ(hops.next_deadline(), now + hops[*slot].pace.current());
  hops[*slot].paused_until = now + 7s;
  hops.serve_active([](std::uint32_t) { return Hops::Turn::stuck; });
  EXPECT_EQ(hops.next_deadline(), now + 7s);
  hops.serve_active([](std::uint32_t) { return Hops::Turn::done; });
  EXPECT_EQ(hops.next_deadline(), std::nullopt);
  EXPECT_TRUE(hops.active().empty());
}

TEST_F(HopsTest, WhereTheBudgetEndsTheRestKeepsItsTurn) {
  for (std::uint16_t port = 1; port <= 4; ++port) hops.activate(*hops.find_or_make(udp(port)));
  const std::vector<std::uint32_t> all = hops.active();
  std::vector<std::uint32_t> served;
  hops.serve_active([&](std::uint32_t slot) {
    if (served.size() == 2) return Hops::Turn::over;
    served.push_back(slot);
    return served.size() == 1 ? Hops::Turn::stuck : Hops::Turn::done;
  });
  EXPECT_EQ(served, (std::vector{all[0], all[1]}));
  EXPECT_EQ(hops.active(), (std::vector{all[0], all[2], all[3]}));
  EXPECT_EQ(hops.next_deadline(), MonoTime::min());
}

TEST_F(HopsTest, ALostConnectionLosesWhatWasOnItInItsOrderAndNothingElse) {
  const auto slot = hops.find_or_make(tcp(5060));
  const StreamId stream = connect(*slot);
  EXPECT_TRUE(hops.prepare_link(*slot, now, out));
  const auto first = send(*slot);
  const auto answered = send(*slot);
  const auto last = send(*slot);
  const auto elsewhere = send(*hops.find_or_make(udp(5060)));
  hops.on_provisional(first.slot);
  end(answered);
  const auto ended = hops.on_stream_ended(stream, now);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->hop, *slot);
  EXPECT_TRUE(ended->was_open);
  for (const auto& id : {first, last}) {
    EXPECT_EQ(hops.pop_lost(*slot), id.slot);
    end(id);
  }
  EXPECT_EQ(hops.pop_lost(*slot), std::nullopt);
  EXPECT_EQ(hops[*slot].in_flight, 0U);
  EXPECT_TRUE(transactions.contains(elsewhere));
}

TEST_F(HopsTest, OverTcpThereIsNoWindow) {
  const auto slot = hops.find_or_make(tcp(5060));
  connect(*slot);
  for (std::uint32_t i = 0; i < 3 * window; ++i) {
    EXPECT_TRUE(hops.has_room(hops[*slot], now));
    send(*slot);
  }
}

TEST_F(HopsTest, AConnectionThatFailsIsTriedAgainAfterADelay) {
  const auto slot = hops.find_or_make(tcp(5060));
  EXPECT_FALSE(hops.prepare_link(*slot, now, out));
  const StreamId stream = out.stream_actions().back().flow.stream;
  EXPECT_EQ(hops.next_deadline(), now + limits::connect_time);
  EXPECT_EQ(hops.next_due_link(now), std::nullopt);
  const auto ended = hops.on_stream_ended(stream, now);
  ASSERT_TRUE(ended);
  EXPECT_FALSE(ended->was_open);
  EXPECT_TRUE(hops[*slot].link.is_refused(now));
  now += limits::reconnect_first;
  EXPECT_EQ(hops.next_due_link(now), *slot);
  hops.leave_unlinked(*slot);
  EXPECT_EQ(hops.next_due_link(now), std::nullopt);
  EXPECT_EQ(hops.on_stream_open(stream), std::nullopt) << "it was given up";
}

TEST_F(HopsTest, AUsersOwnStreamIsOpenOrBlockedAsItIs) {
  Flow flow = tcp(40000);
  flow.stream = 12;
  live_streams.on_open(12);
  live_streams.on_blocked(12, true);
  const auto slot = hops.find_or_make(flow);
  EXPECT_FALSE(hops.prepare_link(*slot, now, out));
  EXPECT_TRUE(out.stream_actions().empty());
  hops.on_stream_blocked(12, false);
  EXPECT_TRUE(hops.prepare_link(*slot, now, out));
}

}  // namespace
}  // namespace imcd::delivery
