// What the rows of a database become at the start (DESIGN 7).

#include <gtest/gtest.h>

#include "server/commit_fixture.h"

namespace imcd::server {
namespace {

TEST_F(Commit, RowsOfOlderModulesLoadAndBadOnesAreSkipped) {
  h.database.put(records::RoomRow{{"chat", "example.org"}, 0});
  h.database.put(records::RoomRow{{"empty", "example.org"}, records::room_flag::is_private});
  h.database.put(records::RoomRow{{"gone", "example.org"}, records::room_flag::deleted});
  h.database.put(records::RoomRow{{"bad name", "example.org"}, 0});
  h.database.put(records::MemberRow{{"sip:chat@example.org", "alice", "example.org"},
                                    records::member_flag::owner});
  h.database.put(records::MemberRow{{"sip:chat@example.org", "bob", "example.org"},
                                    records::member_flag::skip});
  h.database.put(records::MemberRow{{"sip:chat@example.org", "carol", "example.org"},
                                    records::member_flag::deleted});
  h.database.put(records::MemberRow{{"sip:none@example.org", "dave", "example.org"}, 0});
  h.restart();
  introduce();
  EXPECT_EQ(h.server().conference().rooms().size(), 2U);
  EXPECT_EQ(h.figures().members.value(), 2);
  EXPECT_GE(h.figures().db_rows_skipped.value(), 2U);
  alice.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(bob.has_heard("hello"));
  EXPECT_FALSE(carol.has_heard("hello"));
}

TEST_F(Commit, MemberRowWithoutARoomDoesNotWakeUpInANewRoomOfThatName) {
  h.database.put(records::MemberRow{{"sip:chat@example.org", "bob", "example.org"},
                                    records::member_flag::admin});
  h.restart();
  introduce();
  alice.say("chat", "#create private");
  h.run_for(1s);
  ASSERT_EQ(alice.last_code(), 200);
  h.restart();
  introduce();
  bob.say("chat", "hello");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 403);
}

TEST_F(Commit, RowsThatFoldTogetherAreMergedAndReported) {
  h.database.put(records::RoomRow{{"chat", "example.org"}, 0});
  h.database.put(records::RoomRow{{"Chat", "Example.org"}, 0});
  h.database.put(records::MemberRow{{"sip:chat@example.org", "alice", "example.org"},
                                    records::member_flag::owner});
  h.database.put(records::MemberRow{{"sip:Chat@Example.org", "ALICE", "example.org"},
                                    records::member_flag::invited});
  h.database.put(records::MemberRow{{"sip:Chat@Example.org", "bob", "example.org"}, 0});
  h.restart();
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
  EXPECT_EQ(h.figures().members.value(), 2);
  bool reported = false;
  for (const std::string& line : h.log) reported |= line.contains("merged");
  EXPECT_TRUE(reported);
  // The rows are made to agree, so that what is destroyed stays so.
  h.run_for(1s);
  EXPECT_EQ(h.database.of<records::RoomRow>().size(), 1U);
  EXPECT_EQ(h.database.of<records::MemberRow>().size(), 2U);
  alice.say("chat", "#destroy");
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_TRUE(h.database.of<records::RoomRow>().empty());
  EXPECT_TRUE(h.database.of<records::MemberRow>().empty());
}

TEST_F(Commit, MemberRowOfAnotherSpellingIsRemovedForGood) {
  h.database.put(records::RoomRow{{"chat", "example.org"}, 0});
  h.database.put(records::MemberRow{{"sip:chat@example.org", "alice", "example.org"},
                                    records::member_flag::owner});
  h.database.put(records::MemberRow{{"sip:CHAT@example.org", "bob", "example.org"}, 0});
  h.restart();
  introduce();
  bob.say("chat", "#exit");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 200);
  EXPECT_EQ(h.database.of<records::MemberRow>().size(), 1U);
}

}  // namespace
}  // namespace imcd::server
