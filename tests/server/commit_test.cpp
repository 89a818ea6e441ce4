// Group commit and the database's troubles (DESIGN 7), and what survives a crash.

#include <gtest/gtest.h>
#include <set>

#include "server/commit_fixture.h"

namespace imcd::server {
namespace {

TEST_F(Commit, AnswerAndNoticesWaitForTheCommit) {
  h.database_hangs = true;
  alice.say("chat", "#create");
  h.run_for(1s);
  EXPECT_TRUE(alice.responses.empty());
  EXPECT_TRUE(alice.requests.empty());
  h.release_database();
  h.run_for(10ms);
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_EQ(alice.requests.size(), 1U);
  EXPECT_EQ(alice.responses.size(), 1U);
}

TEST_F(Commit, CommandsOfOneFlushIntervalShareABatch) {
  for (int i = 0; i < 10; ++i) alice.say("room" + std::to_string(i), "#create");
  h.run_for(1s);
  EXPECT_EQ(h.figures().db_batches_committed.value(), 1U);
  EXPECT_EQ(h.database.of<records::RoomRow>().size(), 10U);
}

TEST_F(Commit, BatchWaitsForTheFlushIntervalAndForTheBatchBefore) {
  alice.say("one", "#create");
  h.run_for(9ms);
  EXPECT_TRUE(h.database.of<records::RoomRow>().empty());
  h.run_for(1ms);
  EXPECT_EQ(h.database.of<records::RoomRow>().size(), 1U);
}

TEST_F(Commit, RetransmissionDuringTheWaitIsAbsorbed) {
  h.database_hangs = true;
  const std::string bytes = alice.say("chat", "#create");
  h.run_for(500ms);
  alice.send(bytes);
  h.run_for(1s);
  EXPECT_TRUE(alice.responses.empty());
  h.release_database();
  h.run_for(10ms);
  EXPECT_EQ(alice.responses.size(), 1U);
  alice.send(bytes);
  h.run_for(10ms);
  ASSERT_EQ(alice.responses.size(), 2U);
  EXPECT_EQ(alice.responses[0].bytes, alice.responses[1].bytes);
}

TEST_F(Commit, LateAnswerIsPrecededByA100AndThenSaysNotConfirmed) {
  h.database_hangs = true;
  const std::string bytes = alice.say("chat", "#create");
  h.run_for(3490ms);
  EXPECT_TRUE(alice.responses.empty());
  h.run_for(20ms);
  ASSERT_EQ(alice.responses.size(), 1U);
  EXPECT_EQ(alice.responses[0].code, 100);
  alice.send(bytes);
  h.run_for(1ms);
  ASSERT_EQ(alice.responses.size(), 2U);
  EXPECT_EQ(alice.responses[1].code, 100);
  h.run_for(2s);
  ASSERT_EQ(alice.responses.size(), 3U);
  EXPECT_EQ(alice.responses[2].code, 504);
  EXPECT_EQ(alice.responses[2].reason, "Not Confirmed");
  EXPECT_TRUE(alice.requests.empty());
  // It happened after all: the notices go out, but there is no second answer.
  h.release_database();
  h.run_for(1s);
  EXPECT_EQ(alice.responses.size(), 3U);
  EXPECT_TRUE(alice.has_heard("You made the room"));
  alice.send(bytes);
  h.run_for(1ms);
  EXPECT_EQ(alice.responses.back().code, 504);
}

TEST_F(Commit, EachOfManyLateAnswersIsPrecededByItsOwn100) {
  h.database_hangs = true;
  for (int i = 0; i < 50; ++i) {
    alice.say("room" + std::to_string(i), "#create");
    h.run_for(5ms);
  }
  h.run_for(4s);
  EXPECT_EQ(alice.responses.size(), 50U);
  std::set<std::string> calls;
  for (const Heard& heard : alice.responses) {
    EXPECT_EQ(heard.code, 100);
    calls.insert(heard.call_id);
  }
  EXPECT_EQ(calls.size(), 50U);
}

TEST_F(Commit, WhileTheOldestChangeIsTooOldNewOnesAreRefusedAndChatFlows) {
  alice.say("chat", "#create");
  bob.say("chat", "#join");
  h.run_for(1s);
  h.database_hangs = true;
  carol.say("chat", "#join");
  h.run_for(6s);
  EXPECT_EQ(carol.last_code(), 504);
  bob.forget();
  bob.say("chat", "#exit");
  h.run_for(10ms);
  EXPECT_EQ(bob.last_code(), 500);
  EXPECT_EQ(bob.responses.back().retry_after, "5");
  EXPECT_TRUE(bob.has_heard("*** The change could not be stored now"));
  bob.say("chat", "#list");
  h.run_for(10ms);
  EXPECT_EQ(bob.last_code(), 200);
  alice.say("chat", "still here");
  h.run_for(10ms);
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_TRUE(bob.has_heard("still here"));
  EXPECT_EQ(at(h.figures().refused, RefusalCause::database).value(), 1U);
  h.release_database();
  h.run_for(1s);
  bob.say("chat", "#exit");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 200);
}

TEST_F(Commit, RetryableFailureKeepsTheBatchAndTriesAgain) {
  h.database.faults.commit_failures = 3;
  alice.say("chat", "#create");
  h.run_for(200ms);
  EXPECT_TRUE(alice.responses.empty());
  EXPECT_EQ(h.figures().db_up.value(), 0);
  h.run_for(2s);
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_EQ(h.database.of<records::RoomRow>().size(), 1U);
  EXPECT_EQ(h.figures().db_up.value(), 1);
  EXPECT_EQ(h.figures().db_batches_retried.value(), 3U);
}

TEST_F(Commit, LostAnswerToACommitIsHarmless) {
  h.database.faults.lost_answers = 2;
  alice.say("chat", "#create");
  h.run_for(2s);
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_EQ(h.database.of<records::RoomRow>().size(), 1U);
  EXPECT_EQ(h.database.of<records::MemberRow>().size(), 1U);
}

TEST_F(Commit, CommandThatTheDatabaseRefusesIs500AndTheRoomIsReadAgain) {
  alice.say("chat", "#create");
  h.run_for(1s);
  h.database.faults.refuses = [](const records::Record& record) { return names(record, "bob"); };
  bob.say("chat", "#join");
  carol.say("chat", "#join");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 500);
  EXPECT_EQ(bob.responses.back().reason, "Database Refused The Change");
  EXPECT_EQ(bob.heard(),
            std::vector<std::string>{"*** The database refused this change, and it was not made."});
  EXPECT_EQ(bob.requests.back().in_reply_to, bob.responses.back().call_id);
  EXPECT_FALSE(alice.has_heard("bob@example.org joined"));
  EXPECT_EQ(carol.last_code(), 200);
  EXPECT_TRUE(alice.has_heard("carol@example.org joined"));
  bob.say("chat", "hello");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 403);
  carol.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(alice.has_heard("hello"));
  EXPECT_EQ(h.figures().members.value(), 2);
}

// The sender of a command is told, whatever it was and whom else its notices were for.
TEST_F(Commit, RefusalByTheDatabaseIsToldToItsSenderAlone) {
  alice.say("chat", "#create");
  h.run_for(1s);
  carol.say("chat", "#join");
  h.run_for(1s);
  h.database.faults.refuses = [](const records::Record& record) { return names(record, "bob"); };
  for (Peer* const who : {&alice, &bob, &carol}) who->forget();
  alice.say("chat", "#invite bob");
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 500);
  EXPECT_EQ(alice.heard(),
            std::vector<std::string>{"*** The database refused this change, and it was not made."});
  EXPECT_TRUE(bob.heard().empty());
  EXPECT_TRUE(carol.heard().empty());
}

// Who was told 504 meanwhile hears in the end what became of it.
TEST_F(Commit, RefusalAfterNotConfirmedIsTold) {
  h.database.faults.refuses = [](const records::Record& record) {
    return std::holds_alternative<records::Put<records::RoomRow>>(record);
  };
  h.database_hangs = true;
  alice.say("chat", "#create");
  h.run_for(6s);
  EXPECT_EQ(alice.last_code(), 504);
  EXPECT_TRUE(alice.heard().empty());
  h.release_database();
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 504);
  EXPECT_EQ(alice.heard(),
            std::vector<std::string>{"*** The database refused this change, and it was not made."});
  EXPECT_EQ(alice.requests.back().request_uri, alice.uri());
}

TEST_F(Commit, ChangeBehindARefusedOneStaysInMemory) {
  alice.say("chat", "#create");
  h.run_for(1s);
  h.database.faults.refuses = [](const records::Record& record) { return names(record, "bob"); };
  h.database_hangs = true;
  bob.say("chat", "#join");
  h.run_for(20ms);
  carol.say("chat", "#join");  // Waits in the journal while bob's batch is under way.
  h.run_for(20ms);
  h.release_database();
  h.run_for(1s);
  EXPECT_EQ(carol.last_code(), 200);
  alice.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(carol.has_heard("hello"));
  EXPECT_FALSE(bob.has_heard("hello"));
}

TEST_F(Commit, RoomWhoseMakingIsRefusedIsGone) {
  h.database.faults.refuses = [](const records::Record& record) {
    return std::holds_alternative<records::Put<records::RoomRow>>(record);
  };
  alice.say("chat", "#create");
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 500);
  EXPECT_EQ(h.server().conference().rooms().size(), 0U);
  EXPECT_TRUE(h.database.of<records::MemberRow>().empty());
}

TEST_F(Commit, CrashBetweenTwoRecordsLeavesNoHalfCommand) {
  for (std::size_t records = 0; records < 4; ++records) {
    h.database.of<records::RoomRow>().clear();
    h.database.of<records::MemberRow>().clear();
    h.database.faults.die_after_records = records;
    h.restart();
    alice.forget();
    alice.say("chat", "#create");
    h.run_for(1s);
    EXPECT_EQ(alice.last_code(), 0) << records;
    h.restart();
    EXPECT_TRUE(h.database.of<records::RoomRow>().empty());
    EXPECT_TRUE(h.database.of<records::MemberRow>().empty());
    EXPECT_EQ(h.server().conference().rooms().size(), 0U);
  }
}

TEST_F(Commit, AcknowledgedChangesSurviveACrash) {
  alice.say("chat", "#create private");
  h.run_for(1s);
  alice.say("chat", "#invite bob");
  alice.say("chat", "#invite carol");
  h.run_for(1s);
  bob.say("chat", "#accept");
  h.run_for(1s);
  h.restart();
  alice.forget();
  alice.say("chat", "#list");
  h.run_for(1s);
  EXPECT_EQ(alice.requests.back().body,
            "*** Members of chat@example.org: 2\r\n*alice@example.org\r\nbob@example.org\r\n"
            "carol@example.org (invited 2024-10-04)");
  h.peer("dave").say("chat", "#join");
  h.run_for(1s);
  EXPECT_EQ(h.peer("dave").last_code(), 403);
  carol.say("chat", "#accept");
  h.run_for(1s);
  EXPECT_EQ(carol.last_code(), 200);
}

class Relaxed : public Commit {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.server.relaxed_durability = true;
    return settings;
  }
  Relaxed() : Commit(settings()) {}
};

TEST_F(Relaxed, AnswersAtOnceAndStoresLater) {
  h.database_hangs = true;
  alice.say("chat", "#create");
  bob.say("chat", "#join");
  h.run_for(1ms);
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_TRUE(alice.has_heard("bob@example.org joined"));
  alice.say("chat", "hello");
  h.run_for(1ms);
  EXPECT_TRUE(bob.has_heard("hello"));
  h.database_hangs = false;
  h.run_for(1s);
  EXPECT_EQ(h.database.of<records::MemberRow>().size(), 2U);
}

TEST_F(Relaxed, RefusalByTheDatabaseIsToldAfterThe200) {
  alice.say("chat", "#create");
  h.run_for(1s);
  h.database.faults.refuses = [](const records::Record& record) { return names(record, "bob"); };
  bob.say("chat", "#join");
  h.run_for(1ms);
  EXPECT_EQ(bob.last_code(), 200);
  alice.forget();
  bob.forget();
  h.run_for(1s);
  EXPECT_EQ(bob.heard(),
            std::vector<std::string>{"*** The database refused this change, and it was not made."});
  EXPECT_TRUE(alice.heard().empty());
  EXPECT_TRUE(bob.responses.empty());
}

}  // namespace
}  // namespace imcd::server
