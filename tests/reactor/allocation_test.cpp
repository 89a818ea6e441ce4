// Datagrams in the steady state; every allocation of this program is counted.
#include <gtest/gtest.h>

#include "peer.h"
#include "support/allocation_count.h"
#include "test_core.h"

namespace imcd::reactor {
namespace {

TEST(SteadyState, DatagramsInAndOutAllocateNothing) {
  Figures figures;
  auto reactor = Reactor::open({.listen_udp = {any_port_v4, any_port_v4}}, figures);
  ASSERT_TRUE(reactor) << reactor.error().text;
  const Peer peer;
  const Address to[] = {(*reactor)->bound()[0], (*reactor)->bound()[1]};
  TestCore core;
  constexpr std::uint64_t round = 100;
  std::size_t before = 0;
  std::uint64_t seen = 0;
  const auto send_round = [&] {
    for (std::uint64_t i = 0; i < round; ++i) peer.send(to[i % 2], "a message of some length");
  };
  core.datagram = [&](std::string_view bytes, const Flow& from, Outbox& out) {
    send_text(out, from, bytes);
    if (++seen % round != 0) return;
    // The first rounds are for the buffers to find their size.
    if (seen == 3 * round) before = allocation_count();
    if (seen == 10 * round) {
      EXPECT_EQ(allocation_count(), before);
      return out.exit(0);
    }
    send_round();
  };
  send_round();
  EXPECT_EQ((*reactor)->run(core, core), 0);
  EXPECT_GT(before, 0U) << "the operators are not those of this file";
}

}  // namespace
}  // namespace imcd::reactor
