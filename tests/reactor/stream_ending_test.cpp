// Every way in which a TCP stream ends.
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

#include "stream_fixture.h"

namespace imcd::reactor {
namespace {

using Ending = StreamTest;

TEST_F(Ending, ByThePeerIsTold) {
  open();
  exit_when_ended = true;
  StreamPeer peer(listening());
  std::string heard;
  core.stream_open = [&](const Flow&, Outbox&) {
    peer.send("last words");
    peer.close();
  };
  core.stream_bytes = [&](std::string_view bytes, const Flow&, Outbox&) { heard += bytes; };
  run();
  EXPECT_EQ(heard, "last words");
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].second, StreamEnd::by_peer);
  EXPECT_EQ(figures.streams_inbound.value(), 0);
}

TEST_F(Ending, ByAResetIsALoss) {
  open();
  exit_when_ended = true;
  StreamPeer peer(listening());
  core.stream_open = [&](const Flow&, Outbox&) { peer.reset(); };
  run();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].second, StreamEnd::lost);
}

TEST_F(Ending, APeerWhoSendsNoMoreStillGetsWhatWaitsForHim) {
  open();
  StreamPeer peer(listening(), 4096);
  core.stream_open = [&](const Flow& flow, Outbox& out) {
    send_text(out, flow, std::string(more_than_fits, 'x'));
    peer.send_no_more();
  };
  std::size_t heard = 0;
  core.tick([&](Outbox& out) {
    heard += peer.take().size();
    if (peer.is_ended) out.exit(0);
  });
  run();
  EXPECT_EQ(heard, more_than_fits);
  EXPECT_EQ(figures.streams_inbound.value(), 0);
}

// An answer that waited for its commit: the core writes it after it was told of the end.
TEST_F(Ending, APeerWhoSendsNoMoreStillGetsItsAnswers) {
  open();
  StreamPeer peer(listening());
  Flow flow;
  core.stream_open = [&](const Flow& from, Outbox&) {
    flow = from;
    peer.send("question");
    peer.send_no_more();
  };
  std::string heard;
  bool is_answered = false;
  core.tick([&](Outbox& out) {
    if (!ended.empty() && !is_answered) {
      is_answered = true;
      send_text(out, flow, "answer");
    }
    heard += peer.take();
    if (heard == "answer") out.exit(0);
  });
  run();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].second, StreamEnd::by_peer);
  EXPECT_EQ(figures.stream_messages_late.value(), 0U);
  EXPECT_EQ(figures.streams_inbound.value(), 0);
}

// Then the answer meets a reset, and nothing is left of the stream.
TEST_F(Ending, OneWhoHasClosedBothWaysIsForgottenWithTheFirstAnswer) {
  open();
  StreamPeer peer(listening());
  Flow flow;
  core.stream_open = [&](const Flow& from, Outbox&) {
    flow = from;
    peer.close();
  };
  core.tick([&](Outbox& out) {
    if (ended.empty()) return;
    send_text(out, flow, "answer");
    if (figures.stream_messages_late.value() > 0) out.exit(0);
  });
  run();
  EXPECT_EQ(ended.size(), 1U);
}

TEST_F(Ending, ClosingSendsFirstWhatWasWritten) {
  open();
  // With its usual buffer: a slow machine must read all of it while the stream lingers.
  StreamPeer peer(listening());
  core.stream_open = [&](const Flow& flow, Outbox& out) {
    send_text(out, flow, std::string(more_than_fits, 'x'));
    out.close_stream(flow.stream);
  };
  core.stream_bytes = [&](std::string_view, const Flow&, Outbox&) {
    ADD_FAILURE() << "it is closed";
  };
  std::size_t heard = 0;
  core.tick([&](Outbox& out) {
    // What comes now is not for the core, and must not lead to a reset that overtakes the answer.
    if (heard == 0) peer.send("nobody hears");
    heard += peer.take().size();
    if (!peer.is_ended) return;
    peer.close();
    if (figures.streams_inbound.value() == 0) out.exit(0);
  });
  run();
  EXPECT_EQ(heard, more_than_fits);
  EXPECT_TRUE(ended.empty());
}

TEST_F(Ending, APeerThatDoesNotCloseIsWaitedForForAWhileOnly) {
  open();
  const StreamPeer peer(listening());
  core.stream_open = [&](const Flow& flow, Outbox& out) { out.close_stream(flow.stream); };
  core.tick([&](Outbox& out) {
    if (figures.streams_accepted.value() == 1 && figures.streams_inbound.value() == 0) out.exit(0);
  });
  run();
}

TEST_F(Ending, AbortingEndsItAtOnce) {
  open();
  StreamPeer peer(listening());
  core.stream_open = [&](const Flow& flow, Outbox& out) {
    out.abort_stream(flow.stream);
    out.exit(0);
  };
  run();
  peer.take();
  EXPECT_TRUE(peer.is_ended);
  EXPECT_EQ(figures.streams_inbound.value(), 0);
  EXPECT_TRUE(ended.empty());
}

TEST_F(Ending, WhatWaitsAtTheExitIsSent) {
  open();
  StreamPeer peer(listening());
  core.stream_open = [&](const Flow& flow, Outbox& out) {
    send_text(out, flow, "goodbye");
    out.exit(0);
  };
  run();
  EXPECT_EQ(peer.take(), "goodbye");
}

}  // namespace
}  // namespace imcd::reactor
