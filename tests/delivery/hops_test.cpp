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
  // A user with a message of this origin waits there.
  void wait(std::uint32_t hop, std::uint32_t origin = 0) {
    WaitingLine& line = hops.open_line(hop, origin);
    (line.empty() ? line.first : line.last) = user;
    line.last = user++;
    ++line.users;
  }
  // Nobody waits any more, as if all had been served.
  void serve_all(Hop& hop) {
    while (!hop.lines.empty()) {
      hops.current_line(hop) = {};
      hops.charge(hop, 500);
    }
  }
  void serve(Hops::Turn turn) {
    hops.serve_ready(now, [&](std::uint32_t slot) {
      if (turn == Hops::Turn::done) serve_all(hops[slot]);
      return turn;
    });
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
  Hops hops{{.hop_window = window}, key, transactions, live_streams, 1U << 20};
  Outbox out;
  MonoTime now{1000s};
  std::uint32_t user = 1;
};

TEST_F(HopsTest, AFlowHasOneHop) {
  const auto first = hops.find_or_make(udp(5060));
  const auto second = hops.find_or_make(udp(5062));
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_EQ(hops.find_or_make(udp(5060)), first);
  EXPECT_EQ(hops.find(udp(5062)), second);
  EXPECT_EQ(hops.find(tcp(5060)), std::nullopt);
}

TEST_F(HopsTest, TheLongestIdleHopMakesPlaceForAnother) {
  DeliverySettings settings{.hop_window = window};
  settings.memory_max = limits::memory_max_least;
  const std::size_t hops_max = Shares(settings.memory_max).places(Share::hops, Hops::hop_bytes);
  Hops few(settings, key, transactions, live_streams, 1024);
  const auto flow_of = [](std::size_t i) {
    Flow flow = udp(static_cast<std::uint16_t>(1 + i % 60000));
    flow.socket = static_cast<SocketId>(i / 60000);
    return flow;
  };
  const auto use = [&](std::size_t i) {
    const auto slot = few.find_or_make(flow_of(i));
    if (!slot) return false;
    const auto id = transactions.start({.sent = {}, .hop = *slot, .message = {}}, now);
    few.on_sent(id.slot, now);
    if (i == 0) return true;  // The first stays busy.
    few.on_ended(id.slot);
    transactions.end(id);
    return true;
  };
  for (std::size_t i = 0; i < hops_max; ++i) ASSERT_TRUE(use(i));
  EXPECT_EQ(few.size(), hops_max);
  ASSERT_TRUE(use(hops_max));
  EXPECT_EQ(few.size(), hops_max);
  EXPECT_TRUE(few.find(flow_of(0)));
  EXPECT_FALSE(few.find(flow_of(1)));
  EXPECT_TRUE(few.find(flow_of(2)));
}

TEST_F(HopsTest, AHopWhereSomebodyWaitsIsNotForgotten) {
  const auto slot = hops.find_or_make(udp(1));
  const auto id = send(*slot);
  end(id);
  wait(*slot);
  serve(Hops::Turn::stuck);
  Flow flow = udp(2);
  while (hops.size() < Shares(limits::memory_max).places(Share::hops, Hops::hop_bytes)) {
    ++flow.peer.port;
    if (flow.peer.port == 0) ++flow.socket;
    ASSERT_TRUE(hops.find_or_make(flow));
  }
  flow.socket = 1000;
  EXPECT_FALSE(hops.find_or_make(flow)) << "none of them was ever idle";
  EXPECT_EQ(hops.find(udp(1)), slot);
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
  wait(*slot);
  EXPECT_EQ(hops.next_deadline(), MonoTime::min());
  for (std::uint32_t i = 0; i < window; ++i) send(*slot);
  serve(Hops::Turn::stuck);
  const MonoTime due = now + hops[*slot].pace.current();
  EXPECT_EQ(hops.next_deadline(), due);
  hops[*slot].paused_until = now + 7s;
  now = due;
  serve(Hops::Turn::stuck);
  EXPECT_EQ(hops.next_deadline(), due + 7s - limits::hop_pace);
  now += 7s;
  serve(Hops::Turn::done);
  EXPECT_EQ(hops.next_deadline(), std::nullopt);
  EXPECT_TRUE(hops.with_lines().empty());
}

TEST_F(HopsTest, AHopThatIsStuckIsNotLookedAtBeforeItsAnswerOrItsTime) {
  const auto slot = hops.find_or_make(udp(5060));
  wait(*slot);
  std::vector<tm::ClientTransactionId> sent;
  for (std::uint32_t i = 0; i < window; ++i) sent.push_back(send(*slot));
  serve(Hops::Turn::stuck);
  std::size_t served = 0;
  const auto count = [&](std::uint32_t) {
    ++served;
    return Hops::Turn::stuck;
  };
  wait(*slot, 1);  // One more in line makes no place.
  hops.serve_ready(now, count);
  EXPECT_EQ(served, 0U);
  end(sent[0]);
  hops.serve_ready(now, count);
  EXPECT_EQ(served, 1U);
  hops.serve_ready(now, count);
  EXPECT_EQ(served, 1U);
  hops.serve_ready(now + hops[*slot].pace.current(), count);
  EXPECT_EQ(served, 2U);
}

TEST_F(HopsTest, WhereTheBudgetEndsThatHopComesLast) {
  std::vector<std::uint32_t> all;
  for (std::uint16_t port = 1; port <= 4; ++port) {
    all.push_back(*hops.find_or_make(udp(port)));
    wait(all.back());
  }
  std::vector<std::uint32_t> served;
  const auto serve_two = [&](std::uint32_t slot) {
    if (served.size() == 2) return Hops::Turn::over;
    served.push_back(slot);
    serve_all(hops[slot]);
    return Hops::Turn::done;
  };
  hops.serve_ready(now, serve_two);
  EXPECT_EQ(served, (std::vector{all[0], all[1]}));
  EXPECT_EQ(hops.next_deadline(), MonoTime::min());
  served.clear();
  hops.serve_ready(now, serve_two);
  EXPECT_EQ(served, (std::vector{all[3], all[2]}));
  EXPECT_EQ(hops.next_deadline(), std::nullopt);
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
