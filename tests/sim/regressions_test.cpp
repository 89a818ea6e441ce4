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
  ASSERT_EQ(h.server().deliveries().in_flight(), 1U);
  answer_as_bob("1 OPTIONS");
  EXPECT_EQ(h.server().deliveries().in_flight(), 1U);
  EXPECT_EQ(h.figures().responses_stray.value(), 1U);
  answer_as_bob("1 MESSAGE");
  EXPECT_EQ(h.server().deliveries().in_flight(), 0U);
}

// DESIGN 6: rows that fold together become one room, in the home domain's spelling.
TEST_F(FoundBySimulation, RowOfAnAliasBeforeTheRoomsOwnRowKeepsTheRoom) {
  h.options.settings.conference.domains = {"example.org", "chat.example.org"};
  h.database.of<records::RoomRow>().clear();
  h.database.put(records::RoomRow{{"chat", "chat.example.org"}, 0});
  h.database.put(records::RoomRow{{"chat", "example.org"}, 0});
  h.restart();
  h.run_for(1s);
  ASSERT_EQ(h.database.of<records::RoomRow>().size(), 1U);
  EXPECT_EQ(h.database.of<records::RoomRow>().begin()->first.domain, "example.org");
  h.restart();
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
}

TEST_F(FoundBySimulation, MemberRowWithoutARoomStaysAsleepWhenTheRoomIsMadeInAnotherSpelling) {
  h.database.put(records::MemberRow{{"sip:chat@example.org", "bob", "example.org"},
                                    records::member_flag::admin});
  h.restart();
  alice.say("Chat", "#create private");
  h.run_for(1s);
  ASSERT_EQ(alice.last_code(), 200);
  ASSERT_EQ(h.database.of<records::RoomRow>().begin()->first.name, "Chat");
  h.restart();
  bob.say("chat", "hello");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 403);
}

// The room is read again and found as bad as before; the repair must not follow once more.
TEST_F(FoundBySimulation, RefusedRepairIsNotTriedWithoutEnd) {
  h.database.put(records::RoomRow{{"chat", "example.org"}, 0});
  h.database.put(records::MemberRow{{"sip:CHAT@example.org", "bob", "example.org"}, 0});
  h.database.faults.refuses = [](const records::Record& record) { return names(record, "bob"); };
  h.restart();
  h.run_for(10s);
  EXPECT_EQ(h.figures().db_commands_refused.value(), 1U);
  bob.say("chat", "#list");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 200);
}

// A command that waits behind a refused one is applied again to the room as it was read; whom it
// merely promotes has been a member all along.
TEST_F(FoundBySimulation, MemberIsNotSilencedByTheRefusalOfAnotherCommand) {
  meet();
  h.database.faults.refuses = [](const records::Record& record) { return names(record, "carol"); };
  h.database_hangs = true;
  h.peer("carol").say("chat", "#join");
  h.run_for(20ms);
  alice.say("chat", "#modify bob admin");
  h.run_for(20ms);
  h.release_database();
  h.run_for(1s);
  ASSERT_EQ(alice.last_code(), 200);
  alice.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(bob.has_heard("hello"));
}

// The room is made once more when it is read again, and its maker's chat must not wait for ever.
TEST_F(FoundBySimulation, MakerOfARoomIsNotSilencedByTheRefusalOfACommandInItsPredecessor) {
  meet();
  h.database.faults.refuses = [](const records::Record& record) { return names(record, "carol"); };
  h.database_hangs = true;
  h.peer("carol").say("chat", "#join");
  h.run_for(20ms);
  alice.say("chat", "#destroy");
  bob.say("chat", "#create");
  alice.say("chat", "#join");
  h.run_for(20ms);
  h.release_database();
  h.run_for(1s);
  ASSERT_EQ(bob.last_code(), 200);
  ASSERT_EQ(alice.last_code(), 200);
  alice.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(bob.has_heard("hello"));
}

// Rows are found by their spelling, and those of the room that was say nothing about the one that
// is.
TEST_F(FoundBySimulation, RefusalInARoomThatWasMadeAgainInAnotherSpellingLeavesTheNewOneAlone) {
  meet();
  h.database.faults.refuses = [](const records::Record& record) { return names(record, "carol"); };
  h.database_hangs = true;
  bob.say("other", "#create");  // What follows waits behind it.
  h.run_for(20ms);
  h.peer("carol").say("chat", "#join");
  alice.say("chat", "#destroy");
  bob.say("CHAT", "#create");
  h.run_for(2ms);
  h.release_database();
  h.run_for(1s);
  ASSERT_EQ(bob.last_code(), 200);
  bob.say("chat", "hello");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 200);
}

// DESIGN 7: a new member gets chat only from its commit on, not from that of an earlier entry.
TEST_F(FoundBySimulation, WhoLeavesAndReturnsHearsNothingBeforeTheReturnIsStored) {
  meet();
  Peer& carol = h.peer("carol");
  h.database_hangs = true;
  carol.say("chat", "#join");
  h.run_for(20ms);
  carol.say("chat", "#exit");
  carol.say("chat", "#join");
  h.run_for(2ms);
  h.release_database();  // The first batch. The second is not on its way yet, and will hang.
  h.database_hangs = true;
  h.run_for(20ms);
  alice.say("chat", "too early");
  h.run_for(20ms);
  h.release_database();
  h.run_for(1s);
  alice.say("chat", "in time");
  h.run_for(1s);
  EXPECT_FALSE(carol.has_heard("too early"));
  EXPECT_TRUE(carol.has_heard("in time"));
}

}  // namespace
}  // namespace imcd::server
