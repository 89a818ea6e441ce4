// What the simulator found, each told by hand, so that it stays found whatever the dice do. The
// seeds it was found with stand in docs/SIMULATOR.md.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {
namespace {

struct FoundBySimulation : testing::Test {
  Harness h;
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");

  // Alice has a room that Bob is in.
  void meet() {
    alice.say("chat", "#create");
    h.run_for(1s);
    bob.say("chat", "#join");
    h.run_for(1s);
  }

  // The delivery that Bob got last, answered with this CSeq.
  void answer_as_bob(std::string_view cseq) {
    const Heard& request = bob.requests.back();
    bob.send(
        fmt::format("SIP/2.0 200 OK\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=b\r\nCall-ID: {}\r\n"
                    "CSeq: {}\r\nContent-Length: 0\r\n\r\n",
                    request.via, request.from, request.to, request.call_id, cseq));
  }
};

// RFC 3261 17.1.3.
TEST_F(FoundBySimulation, ResponseToAnotherMethodEndsNoDelivery) {
  meet();
  bob.manner = Peer::Manner::silent;
  alice.say("chat", "hello");
  h.run_for(10ms);
  ASSERT_EQ(h.server().conference().deliveries().in_flight(), 1U);
  answer_as_bob("1 OPTIONS");
  EXPECT_EQ(h.server().conference().deliveries().in_flight(), 1U);
  EXPECT_EQ(h.figures().responses_stray.value(), 1U);
  answer_as_bob("1 MESSAGE");
  EXPECT_EQ(h.server().conference().deliveries().in_flight(), 0U);
}

}  // namespace
}  // namespace imcd::server
