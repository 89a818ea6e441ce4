// Opening, time, signals, wake-ups and the exit.
#include "reactor/reactor.h"

#include <atomic>
#include <csignal>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

#include "peer.h"
#include "test_core.h"

namespace imcd::reactor {
namespace {

class ReactorTest : public testing::Test {
 protected:
  void open(const Options& options) {
    auto opened = Reactor::open(options, figures);
    ASSERT_TRUE(opened) << opened.error().text;
    reactor = std::move(*opened);
  }

  Figures figures;
  std::unique_ptr<Reactor> reactor;
  TestCore core;
};

using Opening = ReactorTest;
using Deadline = ReactorTest;
using Signal = ReactorTest;
using Wake = ReactorTest;
using Exit = ReactorTest;

TEST_F(Opening, PortInUseIsAnErrorThatNamesIt) {
  open({.listen_udp = {any_port_v4}});
  const Address taken = reactor->bound()[0];
  const auto second = Reactor::open({.listen_udp = {taken}}, figures);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text,
            "cannot listen on udp:" + address_text(taken) + ": Address already in use");
}

TEST_F(Opening, AddressOfAnotherMachineIsAnErrorThatNamesIt) {
  const auto opened = Reactor::open({.listen_udp = {*parse_address("192.0.2.1:5070")}}, figures);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text,
            "cannot listen on udp:192.0.2.1:5070: Cannot assign requested address");
}

TEST_F(Opening, EmptyAddressIsAnError) {
  EXPECT_FALSE(Reactor::open({.listen_udp = {Address{}}}, figures));
}

TEST_F(Opening, SocketsAreNumberedInTheOrderOfListen) {
  open({.listen_udp = {any_port_v4, *parse_ip("127.0.0.2"), any_port_v4}});
  ASSERT_EQ(reactor->bound().size(), 3U);
  EXPECT_TRUE(reactor->bound()[1].same_host(*parse_ip("127.0.0.2")));
  for (const Address& address : reactor->bound()) EXPECT_NE(address.port, 0);
  EXPECT_NE(reactor->bound()[0].port, reactor->bound()[2].port);
}

TEST_F(Opening, SmallerBufferThanAskedForIsAWarning) {
  // No kernel gives 4 GiB.
  open({.listen_udp = {any_port_v4}, .receive_buffer_bytes = 4ULL << 30, .send_buffer_bytes = 0});
  ASSERT_EQ(reactor->warnings().size(), 1U);
  const std::string& warning = reactor->warnings()[0];
  EXPECT_TRUE(warning.starts_with("udp:" + address_text(reactor->bound()[0]))) << warning;
  EXPECT_TRUE(warning.contains("instead of 4294967296")) << warning;
  EXPECT_TRUE(warning.contains("net.core.rmem_max")) << warning;
}

TEST_F(Opening, BufferAsAskedForIsNoWarning) {
  open({.listen_udp = {any_port_v4}, .receive_buffer_bytes = 65536, .send_buffer_bytes = 65536});
  EXPECT_TRUE(reactor->warnings().empty());
}

TEST_F(Opening, SignalThatDoesNotExistIsAnError) {
  const auto opened = Reactor::open({.signals = {100000}}, figures);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text, "cannot take signal 100000: Invalid argument");
}

TEST_F(Deadline, ComesAtItsTime) {
  open({});
  core.deadline = Reactor::read_clock().mono + 3ms;
  int due = 0;
  core.deadline_due = [&](Outbox& out) {
    core.deadline = core.now.mono + 2ms;  // TestCore checks that none comes early.
    if (++due == 5) out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
}

TEST_F(Deadline, InThePastComesAtOnceButAfterTheSources) {
  open({.listen_udp = {any_port_v4}});
  Peer().send(reactor->bound()[0], "x");
  std::vector<std::string> order;
  core.deadline = MonoTime{};
  core.datagram = [&](std::string_view, const Flow&, Outbox&) { order.emplace_back("datagram"); };
  core.deadline_due = [&](Outbox& out) {
    order.emplace_back("deadline");
    out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(order, (std::vector<std::string>{"datagram", "deadline"}));
}

TEST_F(Deadline, ThatStaysDueComesOnceATurnSoThatSourcesAreServed) {
  open({.listen_udp = {any_port_v4}});
  const Peer peer;
  core.deadline = MonoTime{};
  int due = 0;
  core.deadline_due = [&](Outbox&) {
    if (++due == 10) peer.send(reactor->bound()[0], "x");
  };
  core.datagram = [](std::string_view, const Flow&, Outbox& out) { out.exit(0); };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_GE(due, 10);
}

TEST_F(Deadline, MovedForwardWhileALaterOneIsSetComesAtItsTime) {
  open({.listen_udp = {any_port_v4}});
  const Peer peer;
  core.tick([&](Outbox&) {
    core.deadline = core.now.mono + 1h;
    peer.send(reactor->bound()[0], "sooner");
  });
  core.datagram = [&](std::string_view, const Flow&, Outbox&) {
    core.deadline = core.now.mono + 2ms;
    core.deadline_due = [](Outbox& out) { out.exit(0); };
  };
  EXPECT_EQ(reactor->run(core, core), 0);
}

TEST_F(Deadline, MovedBackDoesNotComeAtTheFormerTime) {
  open({});
  reactor->wake();
  const MonoTime start = Reactor::read_clock().mono;
  core.deadline = start + 5ms;
  // The timer is set for the first time by now; TestCore objects to a call before the second.
  core.wake = [&](Outbox&) { core.deadline = start + 30ms; };
  core.deadline_due = [](Outbox& out) { out.exit(0); };
  EXPECT_EQ(reactor->run(core, core), 0);
}

TEST_F(Deadline, TimeIsTheSameForAllOfOneTurnAndNeverGoesBack) {
  open({.listen_udp = {any_port_v4}});
  const Peer peer;
  for (int i = 0; i < 20; ++i) peer.send(reactor->bound()[0], "x");
  std::vector<MonoTime> times;
  core.deadline = MonoTime{};
  core.datagram = [&](std::string_view, const Flow&, Outbox&) { times.push_back(core.now.mono); };
  core.deadline_due = [&](Outbox& out) {
    times.push_back(core.now.mono);
    out.exit(0);
  };
  const MonoTime before = Reactor::read_clock().mono;
  EXPECT_EQ(reactor->run(core, core), 0);
  ASSERT_EQ(times.size(), 21U);
  EXPECT_EQ(times.front(), times.back());
  EXPECT_GE(times.front(), before);
}

TEST_F(Signal, SignalsAreToldByNumber) {
  open({.signals = {SIGUSR1, SIGHUP}});
  std::vector<int> seen;
  core.signal = [&](int number, Outbox& out) {
    seen.push_back(number);
    if (seen.size() == 1) raise(SIGHUP);
    if (seen.size() == 2) out.exit(0);
  };
  raise(SIGUSR1);
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(seen, (std::vector<int>{SIGUSR1, SIGHUP}));
}

TEST_F(Wake, BeforeTheRunIsNotLost) {
  open({});
  core.give_up_at.reset();  // No deadline at all: nothing but the wake-up ends the sleep.
  core.wake = [](Outbox& out) { out.exit(0); };
  reactor->wake();
  EXPECT_EQ(reactor->run(core, core), 0);
}

TEST_F(Wake, LastOfManyFromAnotherThreadIsNotLost) {
  open({});
  std::atomic<int> done = 0;
  core.wake = [&](Outbox& out) {
    if (done.load() == 5000) out.exit(0);
  };
  std::thread other([&] {
    for (int i = 0; i < 5000; ++i) {
      done.fetch_add(1);
      reactor->wake();
    }
  });
  EXPECT_EQ(reactor->run(core, core), 0);
  other.join();
}

TEST_F(Exit, CodeIsReturnedAfterTheOutboxIsCarriedOut) {
  open({.listen_udp = {any_port_v4}});
  const Peer peer;
  core.wake = [&](Outbox& out) {
    out.exit(42);
    send_text(out, {peer.address(), 0}, "last words");
  };
  bool told_first = false;
  core.actions = [&](const Outbox& out) {
    EXPECT_EQ(out.exit_code(), 42);
    told_first = !peer.take();
  };
  reactor->wake();
  EXPECT_EQ(reactor->run(core, core), 42);
  EXPECT_TRUE(told_first) << "the core is told of the actions before they are carried out";
  EXPECT_EQ(peer.receive(), "last words");
}

TEST_F(Exit, NoInputFollowsTheOneThatAsked) {
  open({.listen_udp = {any_port_v4, any_port_v4}});
  const Peer peer;
  for (int i = 0; i < 3; ++i) peer.send(reactor->bound()[0], "x");
  peer.send(reactor->bound()[1], "x");
  core.deadline = MonoTime{};
  int inputs = 0;
  core.datagram = [&](std::string_view, const Flow&, Outbox& out) {
    ++inputs;
    out.exit(1);
  };
  core.deadline_due = [&](Outbox&) { ++inputs; };
  EXPECT_EQ(reactor->run(core, core), 1);
  EXPECT_EQ(inputs, 1);
}

TEST_F(Exit, ReactorCanRunAgainAndForgetsNothing) {
  open({.listen_udp = {any_port_v4, any_port_v4}});
  const Peer peer;
  peer.send(reactor->bound()[0], "x");
  peer.send(reactor->bound()[1], "x");
  core.datagram = [](std::string_view, const Flow& from, Outbox& out) {
    out.exit(static_cast<int>(from.socket));
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(reactor->run(core, core), 1);
}

TEST_F(Exit, EmptyOutboxIsNotToldOf) {
  open({});
  int told = 0;
  core.actions = [&](const Outbox&) { ++told; };
  core.wake = [](Outbox&) {};
  core.deadline = Reactor::read_clock().mono + 2ms;
  core.deadline_due = [](Outbox& out) { out.exit(0); };
  reactor->wake();
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(told, 1);
  EXPECT_GE(figures.event_loop_turns.value(), 2U);
}

}  // namespace
}  // namespace imcd::reactor
