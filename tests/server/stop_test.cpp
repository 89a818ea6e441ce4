// Orderly stops: what is still done, and for how long.

#include <gtest/gtest.h>

#include "server/commit_fixture.h"

namespace imcd::server {
namespace {

TEST_F(Commit, TermDrainsAndExitsWithZero) {
  alice.say("chat", "#create");
  bob.say("chat", "#join");
  h.run_for(1s);
  bob.answer_delay = 2s;
  alice.say("chat", "last words");
  h.run_for(1ms);
  h.order(Order::stop);
  EXPECT_FALSE(h.exit_code);
  carol.say("chat", "#join");
  h.run_for(1ms);
  EXPECT_EQ(carol.last_code(), 503);
  EXPECT_EQ(carol.responses.back().retry_after, "30");
  h.run_for(3s);
  EXPECT_EQ(h.exit_code, 0);
}

TEST_F(Commit, TermStoresWhatIsJournaled) {
  alice.say("chat", "#create");
  h.order(Order::stop);
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_EQ(h.exit_code, 0);
  EXPECT_EQ(h.database.of<records::RoomRow>().size(), 1U);
}

TEST_F(Commit, DrainEndsAtItsTimeout) {
  alice.say("chat", "#create");
  bob.say("chat", "#join");
  h.run_for(1s);
  bob.manner = Peer::Manner::silent;
  alice.say("chat", "hello");
  h.run_for(1ms);
  h.order(Order::stop);
  h.run_for(9900ms);
  EXPECT_FALSE(h.exit_code);
  h.run_for(200ms);
  EXPECT_EQ(h.exit_code, 0);
}

TEST_F(Commit, SecondTermStopsAtOnce) {
  h.database_hangs = true;
  alice.say("chat", "#create");
  h.run_for(20ms);
  h.order(Order::stop);
  EXPECT_FALSE(h.exit_code);
  h.order(Order::stop);
  EXPECT_EQ(h.exit_code, 1);  // A change was not stored.
}

}  // namespace
}  // namespace imcd::server
