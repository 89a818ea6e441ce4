// Datagrams through the real kernel, over loopback.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "fake_kernel.h"
#include "peer.h"
#include "reactor/loop.h"
#include "test_core.h"

namespace imcd::reactor {
namespace {

class Udp : public testing::Test {
 protected:
  void listen(const std::vector<Address>& addresses) {
    auto opened = Reactor::open({.listen_udp = addresses}, figures);
    ASSERT_TRUE(opened) << opened.error().text;
    reactor = std::move(*opened);
  }

  Figures figures;
  std::unique_ptr<Reactor> reactor;
  TestCore core;
};

TEST_F(Udp, DatagramIsAnsweredOnTheFlowItCameFrom) {
  listen({any_port_v4});
  const Peer peer;
  peer.send(reactor->bound()[0], "ping");
  core.datagram = [&](std::string_view bytes, const Flow& from, Outbox& out) {
    EXPECT_EQ(bytes, "ping");
    EXPECT_EQ(from, (Flow{peer.address(), 0}));
    send_text(out, from, "pong");
    out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(peer.receive(), "pong");
  EXPECT_EQ(figures.datagrams_received.value(), 1U);
  EXPECT_EQ(figures.received_bytes.value(), 4U);
  EXPECT_EQ(figures.datagrams_sent.value(), 1U);
  EXPECT_EQ(figures.sent_bytes.value(), 4U);
}

TEST_F(Udp, BothFamiliesAreServedSideBySide) {
  if (!has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 on this machine";
  listen({any_port_v4, any_port_v6});
  const Peer peer4(any_port_v4);
  const Peer peer6(any_port_v6);
  int left = 6;
  const auto ping_both = [&] {
    peer4.send(reactor->bound()[0], "four");
    peer6.send(reactor->bound()[1], "six");
  };
  ping_both();
  // In turns, as the room for an address that IPv4 has used must be whole again for IPv6.
  core.datagram = [&](std::string_view bytes, const Flow& from, Outbox& out) {
    EXPECT_EQ(from, bytes == "four" ? (Flow{peer4.address(), 0}) : (Flow{peer6.address(), 1}));
    send_text(out, from, bytes);
    if (--left == 0) return out.exit(0);
    if (left % 2 == 0) ping_both();
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(peer4.receive(), "four");
    EXPECT_EQ(peer6.receive(), "six");
  }
}

TEST_F(Udp, IPv6WildcardLeavesTheIPv4PortFree) {
  if (!has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 on this machine";
  listen({any_port_v4});
  const std::uint16_t port = reactor->bound()[0].port;
  Figures other;
  const auto second = Reactor::open({.listen_udp = {*parse_ip("::", port)}}, other);
  EXPECT_TRUE(second) << second.error().text;
}

TEST_F(Udp, EmptyAndLargestDatagramsPassWhole) {
  listen({any_port_v4});
  const Peer peer;
  const std::string largest(65507, 'x');
  peer.send(reactor->bound()[0], "");
  peer.send(reactor->bound()[0], largest);
  std::vector<std::string> seen;
  core.datagram = [&](std::string_view bytes, const Flow& from, Outbox& out) {
    seen.emplace_back(bytes);
    send_text(out, from, bytes);
    if (seen.size() == 2) out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(seen, (std::vector<std::string>{"", largest}));
  EXPECT_EQ(peer.receive(), "");
  EXPECT_EQ(peer.receive(), largest);
}

TEST_F(Udp, DatagramTooLongForUdpFailsAndIsCounted) {
  listen({any_port_v4});
  const Peer peer;
  core.wake = [&](Outbox& out) {
    send_text(out, {peer.address(), 0}, "before");
    send_text(out, {peer.address(), 0}, std::string(65508, 'x'));
    send_text(out, {Address{}, 0}, "to nobody");
    send_text(out, {*parse_address("[::1]:5060"), 0}, "to the other family");
    send_text(out, {peer.address(), 0}, "after");
    out.exit(0);
  };
  reactor->wake();
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(peer.receive(), "before");
  EXPECT_EQ(peer.receive(), "after");
  EXPECT_EQ(figures.datagrams_send_failed.value(), 3U);
  EXPECT_EQ(figures.datagrams_sent.value(), 2U);
}

TEST_F(Udp, RunOfDatagramsIsHandedOnOneByOne) {
  listen({any_port_v4});
  const Peer peer;
  std::string run;
  for (int i = 0; i < 10; ++i) run += std::string(500, static_cast<char>('a' + i));
  run += "short";
  peer.send_run(reactor->bound()[0], run, 500);
  std::vector<std::string> seen;
  core.datagram = [&](std::string_view bytes, const Flow& from, Outbox& out) {
    EXPECT_EQ(from.peer, peer.address());
    seen.emplace_back(bytes);
    if (seen.size() == 11) out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(seen[static_cast<std::size_t>(i)], std::string(500, static_cast<char>('a' + i)));
  }
  EXPECT_EQ(seen[10], "short");
  EXPECT_EQ(figures.datagrams_received.value(), 11U);
}

TEST_F(Udp, ExitInTheMiddleOfARunReadsNoFurther) {
  listen({any_port_v4});
  const Peer peer;
  peer.send_run(reactor->bound()[0], std::string(2000, 'x'), 500);
  core.datagram = [&](std::string_view, const Flow&, Outbox& out) { out.exit(3); };
  EXPECT_EQ(reactor->run(core, core), 3);
  EXPECT_EQ(figures.datagrams_received.value(), 1U);
}

TEST_F(Udp, DatagramsOfOneSizeArriveSingly) {
  listen({any_port_v4});
  const Peer peer;
  core.wake = [&](Outbox& out) {
    for (int i = 0; i < 100; ++i) {
      send_text(out, {peer.address(), 0}, std::to_string(1000 + i) + std::string(400, 'x'));
    }
    out.exit(0);
  };
  reactor->wake();
  EXPECT_EQ(reactor->run(core, core), 0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(peer.receive(), std::to_string(1000 + i) + std::string(400, 'x'));
  }
  EXPECT_EQ(figures.datagrams_sent.value(), 100U);
  EXPECT_EQ(figures.runs_refused.value(), 0U);
}

// The kernel's own word on port 0 is that for a way without runs.
TEST_F(Udp, PortsThatAreNoneLeaveRunsToOthers) {
  listen({any_port_v4});
  const Peer peer;
  const std::string text(400, 'x');
  core.wake = [&](Outbox& out) {
    for (std::size_t host = 0; host <= budget::peers_without_runs_max; ++host) {
      const auto octet = static_cast<std::uint8_t>(host);
      for (int i = 0; i < 2; ++i) send_text(out, {Address::ipv4({127, 0, 1, octet}, 0), 0}, text);
    }
    for (int i = 0; i < 10; ++i) send_text(out, {peer.address(), 0}, text);
    out.exit(0);
  };
  reactor->wake();
  EXPECT_EQ(reactor->run(core, core), 0);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(peer.receive(), text);
  EXPECT_EQ(figures.datagrams_sent.value(), 10U);
  EXPECT_EQ(figures.datagrams_send_failed.value(), 2 * (budget::peers_without_runs_max + 1));
  EXPECT_EQ(figures.runs_refused.value(), 0U);
}

TEST_F(Udp, WhatTheReceiveBufferHasNoRoomForIsCounted) {
  auto opened = Reactor::open({.listen_udp = {any_port_v4}, .receive_buffer_bytes = 4096}, figures);
  ASSERT_TRUE(opened);
  reactor = std::move(*opened);
  const Peer peer;
  for (int i = 0; i < 200; ++i) peer.send(reactor->bound()[0], std::string(1000, 'x'));
  int received = 0;
  core.datagram = [&](std::string_view bytes, const Flow&, Outbox& out) {
    ++received;
    if (bytes == "end") return out.exit(0);
    // The kernel tells with the next datagram what it dropped before.
    if (received == 1) reactor->wake();
  };
  core.wake = [&](Outbox&) { peer.send(reactor->bound()[0], "end"); };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_LT(received, 200);
  EXPECT_EQ(figures.socket_drops.value(), 201U - static_cast<unsigned>(received));
}

TEST_F(Udp, TenThousandDatagramsComeInAndGoOutInOrder) {
  listen({any_port_v4});
  const Peer peer;
  constexpr int total = 10000;
  constexpr int burst = 200;  // Fits the default receive buffer.
  int received = 0;
  const auto send_burst = [&] {
    for (int i = 0; i < burst; ++i) peer.send(reactor->bound()[0], std::to_string(received + i));
  };
  send_burst();
  core.datagram = [&](std::string_view bytes, const Flow& from, Outbox& out) {
    EXPECT_EQ(bytes, std::to_string(received));
    send_text(out, from, bytes);
    if (++received == total) return out.exit(0);
  };
  core.tick([&](Outbox&) {
    if (figures.datagrams_sent.value() != static_cast<std::uint64_t>(received)) return;
    if (received == 0 || received % burst != 0) return;
    for (int i = received - burst; i < received; ++i) ASSERT_EQ(peer.take(), std::to_string(i));
    send_burst();
  });
  EXPECT_EQ(reactor->run(core, core), 0);
  for (int i = total - burst; i < total; ++i) EXPECT_EQ(peer.receive(), std::to_string(i));
  EXPECT_EQ(figures.datagrams_received.value(), 10000U);
  EXPECT_EQ(figures.datagrams_send_failed.value(), 0U);
}

TEST_F(Udp, FloodedSocketDoesNotStarveTheOther) {
  listen({any_port_v4, any_port_v4});
  const Peer peer;
  constexpr std::size_t flood = 500;  // More than a socket's share of one turn.
  for (std::size_t i = 0; i < flood; ++i) peer.send(reactor->bound()[0], "flood");
  peer.send(reactor->bound()[1], "quiet");
  std::vector<SocketId> order;
  core.datagram = [&](std::string_view, const Flow& from, Outbox& out) {
    order.push_back(from.socket);
    if (order.size() == flood + 1) out.exit(0);  // What is left of the flood is not forgotten.
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  const auto quiet = std::find(order.begin(), order.end(), 1U) - order.begin();
  EXPECT_LE(quiet, 256);
}

TEST_F(Udp, OutboxIsCarriedOutBeforeItGrowsBeyondItsBound) {
  listen({any_port_v4});
  const Peer peer;
  constexpr std::size_t fan_out = 100;
  for (int i = 0; i < 60; ++i) peer.send(reactor->bound()[0], "say");
  std::size_t largest = 0;
  std::size_t total = 0;
  core.datagram = [&](std::string_view, const Flow& from, Outbox& out) {
    for (std::size_t i = 0; i < fan_out; ++i) send_text(out, from, "said");
    if (figures.datagrams_received.value() == 60) out.exit(0);
  };
  core.actions = [&](const Outbox& out) {
    largest = std::max(largest, out.datagrams().size());
    total += out.datagrams().size();
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(total, 60 * fan_out);
  EXPECT_LT(largest, budget::outbox_datagrams + fan_out);
  EXPECT_EQ(figures.datagrams_sent.value(), 60 * fan_out);
}

TEST_F(Udp, ClosedPortIsCountedAndCostsNobodyElseADatagram) {
  listen({any_port_v4});
  const Peer peer;
  const Address closed = Peer().address();
  core.wake = [&](Outbox& out) {
    for (int i = 0; i < 10; ++i) {
      send_text(out, {closed, 0}, "lost");
      send_text(out, {peer.address(), 0}, "kept");
    }
  };
  std::vector<Flow> told;
  core.port_closed = [&](const Flow& to, Outbox&) { told.push_back(to); };
  core.tick([&](Outbox& out) {
    if (figures.connection_refused.value() == 0) return;
    if (core.datagram) return;
    // Reading goes on as well.
    core.datagram = [](std::string_view, const Flow&, Outbox& last) { last.exit(0); };
    EXPECT_FALSE(told.empty());
    for (const Flow& to : told) EXPECT_EQ(to, (Flow{closed, 0}));
    peer.send(reactor->bound()[0], "still there?");
    send_text(out, {closed, 0}, "lost");
  });
  reactor->wake();
  EXPECT_EQ(reactor->run(core, core), 0);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(peer.receive(), "kept");
  EXPECT_EQ(figures.datagrams_send_failed.value(), 0U);
}

TEST_F(Udp, ClosedIPv6PortIsCounted) {
  if (!has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 on this machine";
  listen({any_port_v6});
  const Address closed = Peer(any_port_v6).address();
  core.wake = [&](Outbox& out) { send_text(out, {closed, 0}, "lost"); };
  core.port_closed = [&](const Flow& to, Outbox& out) {
    EXPECT_EQ(to, (Flow{closed, 0}));
    EXPECT_EQ(figures.connection_refused.value(), 1U);
    out.exit(0);
  };
  reactor->wake();
  EXPECT_EQ(reactor->run(core, core), 0);
}

// The loop with a kernel that follows a script instead of sending; events are real.
class FullSocket : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Loop::open({.listen_udp = {any_port_v4}}, figures, &FakeKernel::send);
    ASSERT_TRUE(opened) << opened.error().text;
    loop = std::move(*opened);
    core.wake = [](Outbox& out) {
      for (const char* text : {"a", "b", "c"}) send_text(out, {any_port_v4, 0}, text);
    };
    loop->wake();
  }
  // Asks only once all is sent, so that it is not the exit that sends the rest.
  void exit_once_sent() {
    core.tick([](Outbox& out) {
      if (FakeKernel::sent.size() == 3) out.exit(0);
    });
  }

  Figures figures;
  std::unique_ptr<Loop> loop;
  TestCore core;
};

TEST_F(FullSocket, SendingGoesOnWhenThereIsRoomAgain) {
  FakeKernel::start({1, -EAGAIN, 1, -EAGAIN});
  exit_once_sent();
  EXPECT_EQ(loop->run(core, core), 0);
  EXPECT_EQ(FakeKernel::sent, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(FakeKernel::calls, 5U);
}

TEST_F(FullSocket, SendingGoesOnWhenAQueueBelowHasRoomAgain) {
  FakeKernel::start({1, -ENOBUFS, -ENOBUFS, -ENOBUFS});
  exit_once_sent();
  EXPECT_EQ(loop->run(core, core), 0);
  EXPECT_EQ(FakeKernel::sent, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(FakeKernel::calls, 5U);
}

TEST_F(FullSocket, RetryNeedsNoDeadlineOfTheCore) {
  FakeKernel::start({-ENOBUFS});
  FakeKernel::on_taken = [this] { loop->wake(); };
  core.give_up_at.reset();
  core.wake = [send = core.wake](Outbox& out) {
    if (FakeKernel::calls == 0) return send(out);
    out.exit(0);
  };
  EXPECT_EQ(loop->run(core, core), 0);
  EXPECT_EQ(FakeKernel::sent, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(FullSocket, ExitWaitsForTheLastDatagrams) {
  FakeKernel::start({-EAGAIN, 1, -ENOBUFS});
  core.wake = [send = core.wake](Outbox& out) {
    send(out);
    out.exit(7);
  };
  EXPECT_EQ(loop->run(core, core), 7);
  EXPECT_EQ(FakeKernel::sent, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(figures.datagrams_send_failed.value(), 0U);
}

TEST_F(FullSocket, ExitDoesNotWaitForEver) {
  FakeKernel::start({});
  FakeKernel::error_for_ever = EAGAIN;
  core.wake = [send = core.wake](Outbox& out) {
    send(out);
    out.exit(0);
  };
  EXPECT_EQ(loop->run(core, core), 0);
  EXPECT_EQ(figures.datagrams_send_failed.value(), 3U);
}

}  // namespace
}  // namespace imcd::reactor
