// TCP: accepting, opening, gathered writes and backpressure.
#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "base/limits.h"
#include "reactor/budget.h"
#include "reactor/reactor.h"
#include "stream_fixture.h"

namespace imcd::reactor {
namespace {

constexpr StreamId ours = opened_by_us | 1;

using Accepting = StreamTest;
using OpeningStream = StreamTest;
using Writing = StreamTest;

TEST_F(Accepting, PortInUseIsAnErrorThatNamesIt) {
  open();
  const auto second = Reactor::open({.listen_tcp = {listening()}}, figures);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text,
            "cannot listen on tcp:" + address_text(listening()) + ": Address already in use");
}

TEST_F(Accepting, TellsWhoIsThereAndThenWhatHeSays) {
  open({.listen_udp = {any_port_v4}, .listen_tcp = {any_port_v4, any_port_v4}});
  const StreamPeer peer(reactor->bound_tcp()[1]);
  std::optional<Flow> flow;
  core.stream_open = [&](const Flow& opened, Outbox&) {
    flow = opened;
    peer.send("hello");
  };
  core.stream_bytes = [&](std::string_view bytes, const Flow& from, Outbox& out) {
    EXPECT_EQ(bytes, "hello");
    EXPECT_EQ(from, flow);
    out.exit(0);
  };
  run();
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->peer, peer.address());
  EXPECT_EQ(flow->transport, Transport::tcp);
  EXPECT_EQ(flow->socket, 2U);  // UDP has 0, the first TCP socket 1.
  EXPECT_FALSE(is_opened_by_us(flow->stream));
  EXPECT_EQ(figures.streams_inbound.value(), 1);
  EXPECT_EQ(figures.streams_accepted.value(), 1U);
}

TEST_F(Accepting, StreamsAreNeverNumberedAlike) {
  open();
  std::vector<StreamId> seen;
  std::optional<StreamPeer> peer(listening());
  core.stream_open = [&](const Flow& flow, Outbox&) {
    EXPECT_EQ(std::ranges::count(seen, flow.stream), 0);
    seen.push_back(flow.stream);
    peer->close();
  };
  core.stream_ended = [&](StreamId, StreamEnd, Outbox& out) {
    if (seen.size() == 5) return out.exit(0);
    peer.emplace(listening());
  };
  run();
  EXPECT_EQ(seen.size(), 5U);
}

TEST_F(Accepting, WaitsWhereNoDescriptorIsLeftAndGoesOnWhenThereIs) {
  open();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const StreamPeer peer(listening());
  rlimit low = before;
  low.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  core.deadline = Reactor::read_clock().mono + 3 * budget::accept_retry;
  core.deadline_due = [&](Outbox&) {
    core.deadline.reset();
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  };
  core.stream_open = [&](const Flow&, Outbox& out) { out.exit(0); };
  run();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_GE(figures.stream_accepts_failed.value(), 2U);
  // Without the pause, one a turn, and each as soon as the one before.
  EXPECT_LE(figures.event_loop_turns.value(), 20U);
}

TEST_F(OpeningStream, IsToldWhenThePeerIsThere) {
  open({.listen_udp = {any_port_v4}});
  const StreamServer server;
  std::optional<StreamPeer> peer;
  core.deadline = MonoTime{};
  core.deadline_due = [&](Outbox& out) {
    core.deadline.reset();
    out.open_stream({server.address(), 0, Transport::tcp, ours});
  };
  core.stream_open = [&](const Flow& flow, Outbox& out) {
    EXPECT_EQ(flow, (Flow{server.address(), 0, Transport::tcp, ours}));
    send_text(out, flow, "question");
    peer.emplace(server.accept());
    peer->send("answer");
  };
  core.stream_bytes = [&](std::string_view bytes, const Flow& from, Outbox& out) {
    EXPECT_EQ(bytes, "answer");
    EXPECT_EQ(from.stream, ours);
    out.exit(0);
  };
  run();
  EXPECT_EQ(peer->take(), "question");
  EXPECT_EQ(figures.streams_connected.value(), 1U);
  EXPECT_EQ(figures.streams_outbound.value(), 1);
}

TEST_F(OpeningStream, ARefusedOneEndsWithoutHavingBeenOpen) {
  open({.listen_udp = {any_port_v4}});
  exit_when_ended = true;
  std::optional<StreamServer> server(std::in_place);
  const Address nobody = server->address();
  server.reset();
  core.deadline = MonoTime{};
  core.deadline_due = [&](Outbox& out) {
    core.deadline.reset();
    out.open_stream({nobody, 0, Transport::tcp, ours});
  };
  core.stream_open = [&](const Flow&, Outbox&) { ADD_FAILURE() << "nobody is there"; };
  run();
  EXPECT_EQ(ended, (std::vector{std::pair{ours, StreamEnd::never_open}}));
  EXPECT_EQ(at(figures.streams_ended, StreamEnd::never_open).value(), 1U);
  EXPECT_EQ(figures.streams_outbound.value(), 0);
}

TEST_F(OpeningStream, OneThatCannotBeTriedEndsTheSameWay) {
  open({.listen_udp = {any_port_v4}});
  exit_when_ended = true;
  core.deadline = MonoTime{};
  core.deadline_due = [&](Outbox& out) {
    core.deadline.reset();
    Address broadcast = *parse_address("255.255.255.255:5060");
    out.open_stream({broadcast, 0, Transport::tcp, ours});
  };
  run();
  EXPECT_EQ(ended, (std::vector{std::pair{ours, StreamEnd::never_open}}));
}

TEST_F(Writing, KeepsTheOrderOfEachStreamAlthoughTheyAreMixed) {
  open();
  StreamPeer first(listening());
  StreamPeer second(listening());
  std::vector<Flow> flows;
  core.stream_open = [&](const Flow& flow, Outbox& out) {
    flows.push_back(flow);
    if (flows.size() < 2) return;
    // More pieces than one gathered write holds.
    for (int i = 0; i < 300; ++i) {
      send_text(out, flows[0], std::to_string(i) + ",");
      send_text(out, flows[1], std::to_string(-i) + ",");
      send_text(out, flows[1], "x");
    }
    out.exit(0);
  };
  run();
  std::string to_first;
  std::string to_second;
  for (int i = 0; i < 300; ++i) {
    to_first += std::to_string(i) + ",";
    to_second += std::to_string(-i) + ",x";
  }
  const bool is_swapped = flows[0].peer != first.address();
  EXPECT_EQ((is_swapped ? second : first).take(), to_first);
  EXPECT_EQ((is_swapped ? first : second).take(), to_second);
}

TEST_F(Writing, ToAStreamThatIsGoneIsCounted) {
  open();
  StreamPeer peer(listening());
  core.stream_open = [&](const Flow& flow, Outbox& out) {
    Flow gone = flow;
    gone.stream += 1;
    send_text(out, gone, "lost");
    send_text(out, flow, "kept");
    out.exit(0);
  };
  run();
  EXPECT_EQ(peer.take(), "kept");
  EXPECT_EQ(figures.stream_messages_late.value(), 1U);
}

TEST_F(Writing, WhatThePeerDoesNotTakeYetArrivesLaterAndWhole) {
  open();
  StreamPeer peer(listening(), 4096);
  std::string sent;
  for (std::size_t i = 0; sent.size() < more_than_fits; ++i) sent += std::to_string(i) + " ";
  std::string heard;
  std::vector<bool> blocked;
  core.stream_open = [&](const Flow& flow, Outbox& out) { send_text(out, flow, sent); };
  core.stream_blocked = [&](StreamId, bool is_blocked, Outbox&) {
    blocked.push_back(is_blocked);
    EXPECT_GT(figures.stream_bytes_waiting.value(), is_blocked ? 262144 : -1);
  };
  core.tick([&](Outbox& out) {
    if (blocked.empty()) return;
    heard += peer.take();
    if (heard.size() == sent.size()) out.exit(0);
  });
  run();
  EXPECT_EQ(heard, sent);
  EXPECT_EQ(blocked, (std::vector{true, false}));
  EXPECT_EQ(figures.stream_bytes_waiting.value(), 0);
  EXPECT_EQ(figures.sent_bytes.value(), sent.size());
}

TEST_F(Writing, APeerThatTakesNoAnswersIsNotRead) {
  open();
  StreamPeer peer(listening(), 4096);
  bool is_blocked = false;
  std::string heard;
  int ticks = 0;
  core.stream_open = [&](const Flow& flow, Outbox& out) {
    send_text(out, flow, std::string(more_than_fits, 'x'));
  };
  core.stream_blocked = [&](StreamId, bool is, Outbox&) {
    is_blocked = is;
    if (is) peer.send("more questions");
  };
  core.stream_bytes = [&](std::string_view bytes, const Flow&, Outbox& out) {
    EXPECT_FALSE(is_blocked);
    heard += bytes;
    out.exit(0);
  };
  core.tick([&](Outbox&) {
    if (is_blocked && ++ticks > 20) peer.take();
  });
  run();
  EXPECT_EQ(heard, "more questions");
}

TEST_F(Writing, AStreamThatWeOpenedIsReadAlsoWhenItIsBlocked) {
  open({.listen_udp = {any_port_v4}});
  const StreamServer server;
  std::optional<StreamPeer> peer;
  core.deadline = MonoTime{};
  core.deadline_due = [&](Outbox& out) {
    core.deadline.reset();
    out.open_stream({server.address(), 0, Transport::tcp, ours});
  };
  core.stream_open = [&](const Flow& flow, Outbox& out) {
    peer.emplace(server.accept());
    send_text(out, flow, std::string(2 * more_than_fits - 1024, 'x'));
  };
  core.stream_blocked = [&](StreamId, bool is_blocked, Outbox&) {
    EXPECT_TRUE(is_blocked);
    peer->send("an answer");
  };
  core.stream_bytes = [&](std::string_view bytes, const Flow&, Outbox& out) {
    EXPECT_EQ(bytes, "an answer");
    out.exit(0);
  };
  core.stream_ended = [](StreamId, StreamEnd, Outbox&) { ADD_FAILURE(); };
  // What is left is tried for a second at the exit; the peer will not take it.
  run();
}

TEST_F(Writing, BeyondAllBoundsTheStreamEnds) {
  open();
  exit_when_ended = true;
  const StreamPeer peer(listening(), 4096);
  core.stream_open = [&](const Flow& flow, Outbox& out) {
    send_text(out, flow, std::string(limits::stream_waiting_bytes_max + more_than_fits, 'x'));
  };
  run();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].second, StreamEnd::not_read);
  EXPECT_EQ(figures.stream_bytes_waiting.value(), 0);
  EXPECT_EQ(figures.streams_inbound.value(), 0);
}

}  // namespace
}  // namespace imcd::reactor
