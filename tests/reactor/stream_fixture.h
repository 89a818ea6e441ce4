// A reactor with a core that tells which streams ended and how, for tests of TCP.
#pragma once

#include <cstddef>
#include <gtest/gtest.h>
#include <memory>
#include <utility>
#include <vector>

#include "reactor/reactor.h"
#include "stream_peer.h"
#include "test_core.h"

namespace imcd::reactor {

// A peer's small buffer and ours are full long before this.
constexpr std::size_t more_than_fits = 8U << 20;

class StreamTest : public testing::Test {
 protected:
  void open(Options options = {.listen_tcp = {any_port_v4}}) {
    auto opened = Reactor::open(options, figures);
    ASSERT_TRUE(opened) << opened.error().text;
    reactor = std::move(*opened);
    core.stream_ended = [this](StreamId stream, StreamEnd how, Outbox& out) {
      ended.emplace_back(stream, how);
      if (exit_when_ended) out.exit(0);
    };
  }
  [[nodiscard]] Address listening() const { return reactor->bound_tcp()[0]; }
  void run() { EXPECT_EQ(reactor->run(core, core), 0); }

  Figures figures;
  std::unique_ptr<Reactor> reactor;
  TestCore core;
  std::vector<std::pair<StreamId, StreamEnd>> ended;
  bool exit_when_ended = false;
};

}  // namespace imcd::reactor
