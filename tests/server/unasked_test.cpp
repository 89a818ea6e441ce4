// What others do to a user who has not asked for it: bounded, not counted against the user, and
// ended by a block.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

class Unasked : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.max_rooms_per_user = 3;
    return settings;
  }
  explicit Unasked(Settings settings = Unasked::settings()) : Commands(std::move(settings)) {}

  // Rooms of mallory's friends, each by an owner of its own, who do this there.
  void do_in_rooms(int count, std::string_view command) {
    for (int i = 0; i < count; ++i) {
      Peer& owner = h.peer(fmt::format("m{}", i));
      const std::string room = fmt::format("r{}", i);
      ASSERT_EQ(code(owner, room, "#create"), 200);
      ASSERT_EQ(code(owner, room, command), 200) << i;
    }
  }
};

TEST_F(Unasked, WhatOthersDidDoesNotCountUntilTheUserSpeaks) {
  do_in_rooms(10, "#add bob");
  EXPECT_EQ(code(bob, "own", "#create"), 200);
  EXPECT_EQ(code(bob, "own2", "#join"), 200);
  // Of a room that he speaks in he is a member like any.
  EXPECT_EQ(code(bob, "r0", "hello"), 200);
  EXPECT_EQ(code(bob, "own3", "#create"), 480);
  EXPECT_TRUE(bob.has_heard("bob@example.org is in 3 rooms, which is the most."));
  // That he can't have more does not keep him from speaking where he is.
  EXPECT_EQ(code(bob, "r1", "hello"), 200);
  EXPECT_EQ(code(bob, "r0", "#exit"), 200);
  EXPECT_EQ(code(bob, "r1", "#exit"), 200);
  EXPECT_EQ(code(bob, "own3", "#create"), 200);
}

TEST_F(Unasked, InvitationsCountOnceTheyAreAccepted) {
  do_in_rooms(5, "#invite bob");
  for (const std::string_view room : {"r0", "r1", "r2"}) {
    EXPECT_EQ(code(bob, room, "#accept"), 200) << room;
  }
  EXPECT_EQ(code(bob, "r3", "#accept"), 480);
  EXPECT_EQ(code(bob, "own", "#create"), 480);
  EXPECT_EQ(code(bob, "r3", "#deny"), 200);
}

TEST_F(Unasked, JoiningWhereOneWasAddedIsConsent) {
  do_in_rooms(4, "#add bob");
  for (const std::string_view room : {"r0", "r1", "r2"}) EXPECT_EQ(code(bob, room, "#join"), 200);
  EXPECT_EQ(code(bob, "own", "#create"), 480);
}

TEST_F(Unasked, NeitherAnAutomaticAnswerNorARoleIsConsent) {
  do_in_rooms(4, "#add bob");
  for (int i = 0; i < 4; ++i) {
    bob.say(fmt::format("r{}", i), "I am away", "Auto-Submitted: auto-replied\r\n");
    bob.say(fmt::format("r{}", i), "");
    EXPECT_EQ(code(h.peer(fmt::format("m{}", i)), fmt::format("r{}", i), "#modify bob admin"), 200);
  }
  for (const std::string_view room : {"o0", "o1", "o2"}) {
    EXPECT_EQ(code(bob, room, "#create"), 200) << room;
  }
}

TEST_F(Unasked, FiftyOfThemAreOpenAtMost) {
  do_in_rooms(50, "#add bob");
  Peer& owner = h.peer("m50");
  ASSERT_EQ(code(owner, "r50", "#create"), 200);
  for (const std::string_view command : {"#add bob", "#invite bob"}) {
    EXPECT_EQ(code(owner, "r50", command), 480);
    EXPECT_EQ(owner.last_reason(), "User Has Not Answered Others Yet");
    EXPECT_TRUE(owner.has_heard("50 rooms and has not answered yet"));
  }
  EXPECT_EQ(h.figures().unasked_refused.value(), 2U);
  EXPECT_EQ(code(bob, "r7", "#exit"), 200);
  EXPECT_EQ(code(owner, "r50", "#invite bob"), 200);
  EXPECT_EQ(code(bob, "own", "#create"), 200);
}

TEST_F(Unasked, OpenOnesEndWithTheRoomAndTheInvitation) {
  do_in_rooms(50, "#invite bob");
  EXPECT_EQ(code(h.peer("m0"), "r0", "#destroy"), 200);
  EXPECT_EQ(code(h.peer("m1"), "r1", "#remove bob"), 200);
  for (const int i : {48, 49}) EXPECT_EQ(code(bob, fmt::format("r{}", i), "#deny"), 200);
  for (int i = 50; i < 54; ++i) {
    Peer& owner = h.peer(fmt::format("m{}", i));
    ASSERT_EQ(code(owner, fmt::format("r{}", i), "#create"), 200);
    EXPECT_EQ(code(owner, fmt::format("r{}", i), "#add bob"), 200);
  }
  ASSERT_EQ(code(h.peer("m1"), "r1", "#add bob"), 480);
  // An invited one who is added is no further one.
  EXPECT_EQ(code(h.peer("m2"), "r2", "#add bob"), 200);
}

TEST_F(Unasked, PendingInvitationsAreNotCountedAfterARestartEither) {
  do_in_rooms(5, "#invite bob");
  h.restart();
  for (const std::string_view room : {"o0", "o1", "o2"}) {
    EXPECT_EQ(code(bob, room, "#create"), 200) << room;
  }
  EXPECT_EQ(code(bob, "r0", "#accept"), 480);
}

class UnaskedRate : public Unasked {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.unasked_rate = 3;
    return settings;
  }
  UnaskedRate() : Unasked(settings()) {
    make_room();
    h.peer("u1").say("nowhere", "hello");  // So that an invitation arrives.
  }
};

TEST_F(UnaskedRate, OneUserAddsAndInvitesSoManyAnHour) {
  EXPECT_EQ(code(alice, "chat", "#add carol"), 200);
  EXPECT_EQ(code(alice, "chat", "#invite u1"), 200);
  // What is refused for another reason does not count.
  EXPECT_EQ(code(alice, "chat", "#add carol"), 403);
  EXPECT_EQ(code(alice, "chat", "#invite u1"), 403);
  EXPECT_EQ(code(alice, "chat", "#add u1"), 200);
  for (const std::string_view command : {"#add u2", "#invite u3"}) {
    EXPECT_EQ(code(alice, "chat", command), 480);
    EXPECT_EQ(alice.last_reason(), "Too Many Users Added Or Invited");
    const int wait = std::stoi(alice.responses.back().retry_after);
    EXPECT_GT(wait, 3500);
    EXPECT_LE(wait, 3600);
    EXPECT_TRUE(alice.has_heard("You have added or invited 3 users in an hour"));
  }
  EXPECT_EQ(stored("u2"), std::nullopt);
  // It is each user's own share.
  EXPECT_EQ(code(alice, "chat", "#modify bob admin"), 200);
  EXPECT_EQ(code(bob, "chat", "#add u2"), 200);
  h.run_for(1h);
  EXPECT_EQ(code(alice, "chat", "#add u3"), 200);
}

TEST_F(UnaskedRate, NoneMeansAnyNumber) {
  Settings any = settings();
  any.conference.unasked_rate = 0;
  h.apply(any);
  for (int i = 0; i < 150; ++i) ASSERT_EQ(code(alice, "chat", fmt::format("#add u{}", i)), 200);
}

// --- Blocks --------------------------------------------------------------------------------------

class BlockedUsers : public Commands {
 protected:
  BlockedUsers() { make_room(); }
  int blocks() { return static_cast<int>(h.database.of<records::BlockRow>().size()); }
};

TEST_F(BlockedUsers, WhoIsBlockedNeitherAddsNorInvites) {
  EXPECT_EQ(code(carol, "anything", "#block sip:%41lice@Example.org:5080"), 200);
  EXPECT_TRUE(carol.has_heard("alice@example.org can't add you to rooms or invite you any more."));
  EXPECT_EQ(blocks(), 1);
  for (const std::string_view command : {"#add carol", "#invite carol"}) {
    EXPECT_EQ(code(alice, "chat", command), 403);
    EXPECT_EQ(alice.last_reason(), "User Does Not Want That");
    EXPECT_TRUE(alice.has_heard("carol@example.org does not want to be added or invited by you."));
  }
  EXPECT_EQ(stored("carol"), std::nullopt);
  // Others do, and what she does herself is hers.
  EXPECT_EQ(code(alice, "chat", "#modify bob admin"), 200);
  EXPECT_EQ(code(bob, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(alice, "chat", "#add carol"), 403);
  EXPECT_EQ(code(carol, "chat", "#accept"), 200);
  EXPECT_EQ(code(alice, "chat", "hello"), 200);
  EXPECT_TRUE(carol.has_heard(": hello"));
}

TEST_F(BlockedUsers, BlockIsKeptUntilItIsEnded) {
  EXPECT_EQ(code(carol, "x", "#block alice"), 200);
  EXPECT_EQ(code(carol, "x", "#block alice"), 200);
  EXPECT_EQ(blocks(), 1);
  h.restart();
  EXPECT_EQ(code(alice, "chat", "#add carol"), 403);
  EXPECT_EQ(code(carol, "x", "#block"), 200);
  EXPECT_TRUE(carol.has_heard("You have blocked 1:\r\nalice@example.org (since "));
  EXPECT_EQ(code(carol, "x", "#unblock bob"), 404);
  EXPECT_EQ(code(carol, "x", "#unblock ALICE"), 200);
  EXPECT_EQ(blocks(), 0);
  EXPECT_EQ(code(carol, "x", "#unblock alice"), 404);
  EXPECT_EQ(code(alice, "chat", "#add carol"), 200);
}

TEST_F(BlockedUsers, WholeHostIsBlockedByAStar) {
  Peer& stranger = h.peer("stranger");
  stranger.own_uri = "sip:stranger@example.com";
  ASSERT_EQ(code(stranger, "other", "#create"), 200);
  EXPECT_EQ(code(carol, "x", "#block *@EXAMPLE.com"), 200);
  EXPECT_EQ(code(stranger, "other", "#add carol@example.org"), 403);
  EXPECT_EQ(code(alice, "chat", "#add carol"), 200);
  EXPECT_EQ(code(alice, "chat", "#remove carol"), 200);
  EXPECT_EQ(code(carol, "x", "#block *"), 200);
  EXPECT_EQ(code(alice, "chat", "#add carol"), 403);
  EXPECT_EQ(code(carol, "x", "#unblock *@example.org"), 200);
  EXPECT_EQ(code(alice, "chat", "#add carol"), 200);
}

TEST_F(BlockedUsers, KnockingOfWhoIsBlockedIsNotTold) {
  ASSERT_EQ(code(alice, "secret", "#create private"), 200);
  ASSERT_EQ(code(alice, "secret", "#add bob"), 200);
  ASSERT_EQ(code(alice, "secret", "#modify bob admin"), 200);
  ASSERT_EQ(code(alice, "x", "#block carol"), 200);
  alice.forget();
  bob.forget();
  EXPECT_EQ(code(carol, "secret", "#join"), 403);
  EXPECT_FALSE(alice.has_heard("wants to enter"));
  EXPECT_TRUE(bob.has_heard("wants to enter"));
}

TEST_F(BlockedUsers, ThereIsSpaceForSoMany) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(code(carol, "x", fmt::format("#block u{}", i)), 200);
  }
  EXPECT_EQ(code(carol, "x", "#block alice"), 480);
  EXPECT_EQ(code(carol, "x", "#block u7"), 200);
  EXPECT_EQ(code(carol, "x", "#unblock u7"), 200);
  EXPECT_EQ(code(carol, "x", "#block alice"), 200);
  EXPECT_EQ(code(bob, "x", "#block alice"), 200);
}

TEST_F(BlockedUsers, WordsThatNameNobodyAreRefused) {
  EXPECT_EQ(code(carol, "x", "#unblock"), 400);
  EXPECT_EQ(code(carol, "x", "#block @"), 400);
  EXPECT_EQ(code(carol, "x", "#block alice bob"), 400);
  EXPECT_EQ(code(carol, "x", "#block " + std::string(65, 'a')), 400);
  EXPECT_EQ(blocks(), 0);
}

}  // namespace
}  // namespace imcd::server
