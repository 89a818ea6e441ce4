// How rooms come and go: create and join, exit and destroy, and the bounds of rooms.

#include <gtest/gtest.h>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

using records::member_flag::invited;
using records::member_flag::owner;

// --- create --------------------------------------------------------------------------------------

TEST_F(Commands, CreateMakesARoomThatTheSenderOwns) {
  EXPECT_EQ(code(alice, "chat", "#create"), 200);
  EXPECT_TRUE(room_stored("chat"));
  EXPECT_EQ(stored("alice"), owner);
  ASSERT_EQ(alice.requests.size(), 1U);
  EXPECT_TRUE(alice.requests[0].body.starts_with("*** "));
  EXPECT_EQ(alice.requests[0].content_type, "text/plain");
  EXPECT_EQ(alice.requests[0].in_reply_to, "alice-2");
  EXPECT_TRUE(alice.requests[0].from.starts_with("<sip:chat@example.org>"));
}

TEST_F(Commands, CreateTakesTheRoomAsNameAddressOrUri) {
  int n = 0;
  for (const char* body :
       {"#create one", "#create two@example.org", "#create sip:three@example.org",
        "#CREATE SIP:four@example.org", "#create <sip:five@example.org>"}) {
    EXPECT_EQ(code(alice, "lobby", body), 200) << body;
    EXPECT_EQ(h.database.of<records::RoomRow>().size(), static_cast<std::size_t>(++n)) << body;
  }
  for (const char* name : {"one", "two", "three", "four", "five"}) EXPECT_TRUE(room_stored(name));
}

TEST_F(Commands, CreatePrivateIsStoredAsPrivate) {
  EXPECT_EQ(code(alice, "chat", "#create secret private"), 200);
  EXPECT_EQ(code(alice, "chat", "#create private"), 200);
  EXPECT_EQ((h.database.of<records::RoomRow>().at({"secret", "example.org"}).flags),
            records::room_flag::is_private);
  EXPECT_EQ((h.database.of<records::RoomRow>().at({"chat", "example.org"}).flags),
            records::room_flag::is_private);
  EXPECT_EQ(h.figures().rooms_private.value(), 2);
}

TEST_F(Commands, CreateOfAPublicRoomThatExistsJoins) {
  make_room();
  EXPECT_EQ(code(carol, "chat", "#create"), 200);
  EXPECT_EQ(stored("carol"), 0U);
  EXPECT_TRUE(alice.has_heard("carol@example.org joined"));
}

TEST_F(Commands, CreateOfAPrivateRoomThatExistsIsRefused) {
  make_room("private");
  EXPECT_EQ(code(carol, "chat", "#create"), 403);
  EXPECT_TRUE(carol.has_heard("private"));
  EXPECT_FALSE(stored("carol"));
}

TEST_F(Commands, CreateByAMemberIsAcceptedAndSaysSo) {
  make_room();
  EXPECT_EQ(code(bob, "chat", "#create"), 200);
  EXPECT_TRUE(bob.has_heard("already"));
}

class CheckOnCreate : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.check_on_create = true;
    return settings;
  }
  CheckOnCreate() : Commands(settings()) {}
};

TEST_F(CheckOnCreate, CreateOfARoomThatExistsIsRefused) {
  ASSERT_EQ(code(alice, "chat", "#create"), 200);
  EXPECT_EQ(code(carol, "chat", "#create"), 403);
  EXPECT_FALSE(stored("carol"));
}

// --- join ----------------------------------------------------------------------------------------

TEST_F(Commands, JoinTellsTheJoinerAndTheRoom) {
  make_room();
  EXPECT_EQ(code(carol, "chat", "#join"), 200);
  EXPECT_EQ(stored("carol"), 0U);
  EXPECT_TRUE(carol.has_heard("You joined chat@example.org"));
  EXPECT_TRUE(alice.has_heard("carol@example.org joined"));
  EXPECT_TRUE(bob.has_heard("carol@example.org joined"));
  EXPECT_FALSE(carol.has_heard("carol@example.org joined"));
}

TEST_F(Commands, SecondJoinTellsOnlyTheJoiner) {
  make_room();
  EXPECT_EQ(code(bob, "chat", "#join"), 200);
  EXPECT_TRUE(bob.has_heard("already"));
  EXPECT_TRUE(alice.requests.empty());
}

TEST_F(Commands, JoinOfAMissingRoomMakesIt) {
  EXPECT_EQ(code(alice, "chat", "#join"), 200);
  EXPECT_EQ(stored("alice"), owner);
}

class NoCreateOnJoin : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.create_on_join = false;
    return settings;
  }
  NoCreateOnJoin() : Commands(settings()) {}
};

TEST_F(NoCreateOnJoin, JoinOfAMissingRoomIs404) {
  EXPECT_EQ(code(alice, "chat", "#join"), 404);
  EXPECT_FALSE(room_stored("chat"));
  EXPECT_TRUE(alice.has_heard("#create"));
}

TEST_F(Commands, JoinOfAPrivateRoomIsRefusedAndTheOwnerTold) {
  make_room("private");
  EXPECT_EQ(code(carol, "chat", "#join"), 403);
  EXPECT_TRUE(carol.has_heard("is private"));
  EXPECT_TRUE(alice.has_heard("carol@example.org wants to enter"));
  EXPECT_FALSE(stored("carol"));
}

TEST_F(Commands, JoinByAnInvitedUserAcceptsTheInvitation) {
  make_room("private");
  EXPECT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(stored("carol"), invited);
  EXPECT_EQ(code(carol, "chat", "#join"), 200);
  EXPECT_EQ(stored("carol"), 0U);
}

TEST_F(Commands, RejoinAfterLeavingWorks) {
  make_room();
  EXPECT_EQ(code(bob, "chat", "#exit"), 200);
  EXPECT_EQ(code(bob, "chat", "#join"), 200);
  EXPECT_TRUE(bob.has_heard("You joined"));
  EXPECT_EQ(stored("bob"), 0U);
}

class SmallRooms : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.max_members = 2;
    return settings;
  }
  SmallRooms() : Commands(settings()) {}
};

TEST_F(SmallRooms, FullRoomRefusesWith480) {
  make_room();
  EXPECT_EQ(code(carol, "chat", "#join"), 480);
  EXPECT_EQ(code(alice, "chat", "#invite carol"), 480);
  EXPECT_EQ(code(bob, "chat", "#exit"), 200);
  EXPECT_EQ(code(carol, "chat", "#join"), 200);
}

// --- exit, destroy -------------------------------------------------------------------------------

TEST_F(Commands, ExitTellsTheRoom) {
  make_room();
  EXPECT_EQ(code(bob, "chat", "#exit"), 200);
  EXPECT_FALSE(stored("bob"));
  EXPECT_TRUE(alice.has_heard("bob@example.org left"));
  EXPECT_EQ(code(bob, "chat", "#exit"), 403);
  EXPECT_EQ(code(carol, "chat", "#exit"), 403);
  EXPECT_EQ(code(carol, "none", "#exit"), 404);
}

TEST_F(Commands, OwnersExitEndsTheRoom) {
  make_room();
  EXPECT_EQ(code(alice, "chat", "#exit"), 200);
  EXPECT_FALSE(room_stored("chat"));
  EXPECT_FALSE(stored("bob"));
  EXPECT_TRUE(bob.has_heard("was ended by alice@example.org"));
  EXPECT_EQ(code(bob, "chat", "hello"), 404);
}

class OwnerExitRefused : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.owner_exit_destroys = false;
    return settings;
  }
  OwnerExitRefused() : Commands(settings()) {}
};

TEST_F(OwnerExitRefused, OwnersExitIsRefusedWithAHint) {
  make_room();
  EXPECT_EQ(code(alice, "chat", "#exit"), 403);
  EXPECT_TRUE(alice.has_heard("#destroy"));
  EXPECT_TRUE(room_stored("chat"));
}

TEST_F(Commands, DestroyTellsEverybodyAndIsTheOwnersAlone) {
  make_room();
  EXPECT_EQ(code(bob, "chat", "#destroy"), 403);
  EXPECT_EQ(code(carol, "chat", "#destroy"), 403);
  EXPECT_EQ(code(alice, "chat", "#destroy"), 200);
  EXPECT_TRUE(bob.has_heard("was ended"));
  EXPECT_TRUE(alice.has_heard("was ended"));
  EXPECT_TRUE(h.database.of<records::RoomRow>().empty());
  EXPECT_TRUE(h.database.of<records::MemberRow>().empty());
  EXPECT_EQ(h.figures().rooms_public.value(), 0);
  EXPECT_EQ(h.figures().members.value(), 0);
  EXPECT_EQ(code(alice, "chat", "#destroy"), 404);
}

TEST_F(Commands, RoomMadeAnewHasNoneOfTheOldMembers) {
  make_room();
  ASSERT_EQ(code(alice, "chat", "#destroy"), 200);
  ASSERT_EQ(code(carol, "chat", "#create"), 200);
  EXPECT_EQ(code(bob, "chat", "hello"), 403);
  EXPECT_EQ(stored("carol"), owner);
}

class OperatorsMakeRooms : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.anyone_creates_rooms = false;
    return settings;
  }
  OperatorsMakeRooms() : Commands(settings()) {}
};

TEST_F(OperatorsMakeRooms, CreateAndJoinOfAMissingRoomAreRefused) {
  EXPECT_EQ(code(alice, "chat", "#create"), 403);
  EXPECT_EQ(code(alice, "chat", "#join"), 403);
  EXPECT_EQ(h.server().conference().rooms().size(), 0U);
}

class FewRoomsEach : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.max_rooms_per_user = 2;
    return settings;
  }
  FewRoomsEach() : Commands(settings()) {}
};

TEST_F(FewRoomsEach, ThirdRoomOfAUserIsRefusedWith480) {
  EXPECT_EQ(code(alice, "one", "#create"), 200);
  EXPECT_EQ(code(alice, "two", "#create"), 200);
  EXPECT_EQ(code(alice, "three", "#create"), 480);
  EXPECT_EQ(code(bob, "three", "#create"), 200);
  EXPECT_EQ(code(alice, "three", "#join"), 480);
  // What others do does not count against her, and does not let her in.
  EXPECT_EQ(code(bob, "three", "#invite alice"), 200);
  EXPECT_EQ(code(alice, "three", "#accept"), 480);
  EXPECT_EQ(code(alice, "three", "#join"), 480);
  EXPECT_EQ(code(alice, "one", "#exit"), 200);
  EXPECT_EQ(code(alice, "three", "#join"), 200);
}

}  // namespace
}  // namespace imcd::server
