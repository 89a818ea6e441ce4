// The commands of SIP.md section 2: who may, what is refused, who is told, what is stored.

#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {
namespace {

using records::member_flag::invited;
using records::member_flag::owner;

class Commands : public testing::Test {
 protected:
  // Everybody says something first, so that there is a way to reach them.
  explicit Commands(Settings settings = default_settings()) : h({.settings = settings}) {
    for (Peer* const who : {&alice, &bob, &carol}) who->say("nowhere", "hello");
    h.run_for(1s);
  }

  // Says it and gives the final code once everything has settled.
  int code(Peer& who, std::string_view room, std::string_view body) {
    who.forget();
    who.say(room, body);
    h.run_for(1s);
    return who.last_code();
  }
  // The stored flags; nothing when there is no such row.
  std::optional<std::uint32_t> stored(const std::string& user, const std::string& room = "chat") {
    const auto row = h.database.members.find({"sip:" + room + "@example.org", user, "example.org"});
    if (row == h.database.members.end()) return std::nullopt;
    return row->second;
  }
  bool room_stored(const std::string& name) {
    return h.database.rooms.count({name, "example.org"}) == 1;
  }
  // A room of alice's with bob in it.
  void make_room(std::string_view extra = "") {
    ASSERT_EQ(code(alice, "chat", std::string("#create ") + std::string(extra)), 200);
    if (extra.empty()) {
      ASSERT_EQ(code(bob, "chat", "#join"), 200);
    }
    alice.forget();
    bob.forget();
  }

  Harness h;
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
  Peer& carol = h.peer("carol");
};

// --- create
// ---------------------------------------------------------------------------------------

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
    EXPECT_EQ(h.database.rooms.size(), static_cast<std::size_t>(++n)) << body;
  }
  for (const char* name : {"one", "two", "three", "four", "five"}) EXPECT_TRUE(room_stored(name));
}

TEST_F(Commands, CreatePrivateIsStoredAsPrivate) {
  EXPECT_EQ(code(alice, "chat", "#create secret private"), 200);
  EXPECT_EQ(code(alice, "chat", "#create private"), 200);
  EXPECT_EQ((h.database.rooms[{"secret", "example.org"}]), records::room_flag::is_private);
  EXPECT_EQ((h.database.rooms[{"chat", "example.org"}]), records::room_flag::is_private);
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

TEST_F(Commands, WrongArgumentsAreRefusedWithTheUsage) {
  make_room();
  for (const char* body :
       {"#create a b", "#create a private c", "#join a b", "#invite", "#invite a b c", "#remove",
        "#exit a b", "#list a b", "#help a b", "#destroy a b", "#accept a b", "#deny a b"}) {
    EXPECT_EQ(code(alice, "chat", body), 400) << body;
    EXPECT_TRUE(alice.has_heard("Usage: #")) << body;
  }
}

TEST_F(Commands, BadNamesAreRefused) {
  make_room();
  for (const char* body : {"#create a:b:c@d", "#create @", "#invite @host",
                           "#create sip:", "#invite bob@", "#create a@b@c"}) {
    EXPECT_EQ(code(alice, "chat", body), 400) << body;
    EXPECT_TRUE(alice.has_heard("*** That is no")) << body;
  }
  EXPECT_EQ(code(alice, "chat", "#create " + std::string(65, 'x')), 400);
  EXPECT_EQ(code(alice, "chat", "#create " + std::string(64, 'x')), 200);
}

TEST_F(Commands, UnknownCommandIsNamedAndHelpOffered) {
  EXPECT_EQ(code(alice, "chat", "#dance now"), 400);
  EXPECT_TRUE(alice.has_heard("*** Unknown command \"#dance\". Try #help."));
  EXPECT_EQ(code(alice, "chat", "#"), 400);
  EXPECT_EQ(code(alice, "chat", "#" + std::string(5000, 'y')), 400);
  EXPECT_LT(alice.requests[0].body.size(), 200U);
}

TEST_F(Commands, CommandEndsAtTheLineEnd) {
  EXPECT_EQ(code(alice, "chat", "#create\r\nand more"), 200);
  EXPECT_EQ(code(alice, "chat", "#create two\nmore"), 200);
  EXPECT_TRUE(room_stored("two"));
}

TEST_F(Commands, CommandInsideCpimIsUnderstoodAndCpimChatRelayedAsItIs) {
  make_room();
  const std::string_view type = "Content-Type: message/cpim\r\n";
  carol.forget();
  carol.say("chat", "From: <im:c@x>\r\n\r\nContent-type: text/plain\r\n\r\n#join", type);
  h.run_for(1s);
  EXPECT_EQ(stored("carol"), 0U);
  const std::string chat = "From: <im:c@x>\r\n\r\nContent-type: text/plain\r\n\r\nhello";
  carol.say("chat", chat, type);
  h.run_for(1s);
  EXPECT_EQ(bob.requests.back().body, chat);
  EXPECT_EQ(bob.requests.back().content_type, "message/cpim");
  carol.say("chat", "From: x\r\n\r\nContent-type: text/html\r\n\r\n#exit", type);
  h.run_for(1s);
  EXPECT_EQ(stored("carol"), 0U);
}

TEST_F(Commands, NamesCompareWithoutCaseAndWithEscapes) {
  make_room();
  EXPECT_EQ(code(carol, "CHAT", "#join"), 200);
  EXPECT_EQ(code(carol, "ch%61t", "#exit"), 200);
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
}

// --- join
// -----------------------------------------------------------------------------------------

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

// --- invite, accept, deny
// -------------------------------------------------------------------------

TEST_F(Commands, InviteReachesTheInvitedAndWaits) {
  make_room("private");
  EXPECT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(stored("carol"), invited);
  ASSERT_EQ(carol.requests.size(), 1U);
  EXPECT_NE(carol.requests[0].body.find("alice@example.org invites you to the room "
                                        "chat@example.org"),
            std::string::npos);
  EXPECT_TRUE(carol.has_heard("#accept"));
  EXPECT_TRUE(carol.has_heard("#deny"));
  EXPECT_TRUE(carol.requests[0].from.starts_with("<sip:chat@example.org>"));
  EXPECT_EQ(h.figures().invitations_pending.value(), 1);
}

TEST_F(Commands, AcceptMakesAMemberAndTellsTheRoom) {
  make_room("private");
  ASSERT_EQ(code(alice, "chat", "#invite sip:carol@example.org"), 200);
  EXPECT_EQ(code(carol, "chat", "#accept"), 200);
  EXPECT_EQ(stored("carol"), 0U);
  EXPECT_TRUE(alice.has_heard("carol@example.org joined"));
  EXPECT_EQ(code(carol, "chat", "hello"), 200);
}

TEST_F(Commands, DenyForgetsTheInvitationAndTellsTheInviter) {
  make_room("private");
  ASSERT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(carol, "chat", "#deny"), 200);
  EXPECT_FALSE(stored("carol"));
  EXPECT_TRUE(alice.has_heard("carol@example.org declined"));
  EXPECT_EQ(code(carol, "chat", "#accept"), 403);
}

TEST_F(Commands, AcceptAndDenyWithoutInvitationAreRefused) {
  make_room();
  EXPECT_EQ(code(carol, "chat", "#accept"), 403);
  EXPECT_EQ(code(carol, "chat", "#deny"), 403);
  EXPECT_EQ(code(bob, "chat", "#accept"), 403);
  EXPECT_EQ(code(bob, "none", "#accept"), 404);
}

TEST_F(Commands, OnlyTheOwnerAndAdminsInvite) {
  make_room();
  EXPECT_EQ(code(bob, "chat", "#invite carol"), 403);
  EXPECT_EQ(code(carol, "chat", "#invite dave"), 403);
  EXPECT_TRUE(carol.requests.size() == 1);
}

TEST_F(Commands, InviteOfAMemberOrInvitedIsRefused) {
  make_room();
  EXPECT_EQ(code(alice, "chat", "#invite bob"), 403);
  EXPECT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(alice, "chat", "#invite carol"), 403);
  EXPECT_EQ(code(alice, "chat", "#invite alice"), 403);
}

TEST_F(Commands, InvitationThatCannotBeDeliveredIsWithdrawn) {
  make_room("private");
  carol.answer_code = 480;
  EXPECT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_FALSE(stored("carol"));
  EXPECT_TRUE(alice.has_heard("carol@example.org could not be reached"));
  EXPECT_FALSE(carol.has_heard("could not be reached"));
  EXPECT_EQ(h.figures().invitations_pending.value(), 0);
}

TEST_F(Commands, InvitationToASilentUserIsWithdrawnAfterTimerF) {
  make_room("private");
  carol.manner = Peer::Manner::silent;
  alice.say("chat", "#invite carol");
  h.run_for(31s);
  EXPECT_EQ(stored("carol"), invited);
  h.run_for(2s);
  EXPECT_FALSE(stored("carol"));
}

TEST_F(Commands, InvitationAcceptedMeanwhileStaysWhenItsDeliveryFails) {
  make_room("private");
  carol.manner = Peer::Manner::silent;
  alice.say("chat", "#invite carol");
  h.run_for(5s);
  carol.say("chat", "#accept");
  h.run_for(60s);
  EXPECT_EQ(stored("carol"), 0U);
}

// --- remove
// ---------------------------------------------------------------------------------------

TEST_F(Commands, RemoveTellsTheRemovedAndTheRoom) {
  make_room();
  ASSERT_EQ(code(carol, "chat", "#join"), 200);
  EXPECT_EQ(code(alice, "chat", "#remove bob"), 200);
  EXPECT_FALSE(stored("bob"));
  EXPECT_TRUE(bob.has_heard("alice@example.org removed you"));
  EXPECT_TRUE(carol.has_heard("bob@example.org was removed"));
  EXPECT_EQ(code(bob, "chat", "hello"), 403);
}

TEST_F(Commands, OnlyTheOwnerAndAdminsRemoveAndNeverTheOwner) {
  make_room();
  ASSERT_EQ(code(carol, "chat", "#join"), 200);
  EXPECT_EQ(code(bob, "chat", "#remove carol"), 403);
  EXPECT_EQ(code(alice, "chat", "#remove alice"), 403);
  EXPECT_EQ(code(alice, "chat", "#remove nobody"), 404);
  EXPECT_EQ(stored("carol"), 0U);
}

TEST_F(Commands, RemoveOfAnInvitedUserWithdrawsTheInvitation) {
  make_room("private");
  ASSERT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(alice, "chat", "#remove carol"), 200);
  EXPECT_FALSE(stored("carol"));
  EXPECT_EQ(code(carol, "chat", "#accept"), 403);
}

// --- exit, destroy
// --------------------------------------------------------------------------------

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
  EXPECT_TRUE(h.database.rooms.empty());
  EXPECT_TRUE(h.database.members.empty());
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

// --- list, help
// -----------------------------------------------------------------------------------

TEST_F(Commands, ListMarksTheOwnerAndShowsInvitationsToHer) {
  make_room();
  ASSERT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(alice, "chat", "#list"), 200);
  EXPECT_EQ(alice.requests.back().body,
            "*** Members of chat@example.org: 2\r\n*alice@example.org\r\nbob@example.org\r\n"
            "carol@example.org (invited 2024-10-04)");
  EXPECT_EQ(code(bob, "chat", "#list"), 200);
  EXPECT_FALSE(bob.has_heard("carol"));
  EXPECT_EQ(code(carol, "chat", "#list"), 403);
  EXPECT_EQ(code(carol, "none", "#list"), 404);
}

TEST_F(Commands, LongListComesInSeveralNoticesAndSaysHowManyMore) {
  make_room();
  for (int i = 0; i < 250; ++i) h.peer("member" + std::to_string(i)).say("chat", "#join");
  h.run_for(30s);
  EXPECT_EQ(code(bob, "chat", "#list"), 200);
  ASSERT_GT(bob.requests.size(), 3U);
  EXPECT_TRUE(bob.requests.front().body.starts_with("*** Members of chat@example.org: 252"));
  EXPECT_TRUE(bob.requests.back().body.ends_with("and 52 more"));
  std::size_t lines = 0;
  for (const Heard& heard : bob.requests) {
    EXPECT_LT(heard.bytes.size(), limits::udp_request_bytes_max);
    for (std::size_t at = 0; (at = heard.body.find("@example.org\r\n", at)) != std::string::npos;
         ++at) {
      ++lines;
    }
  }
  EXPECT_GT(lines, 190U);
}

TEST_F(Commands, HelpShowsTheCommandsAndOneOfThem) {
  EXPECT_EQ(code(alice, "anything", "#help"), 200);
  for (const char* name : {"#create", "#join", "#invite", "#accept", "#deny", "#remove", "#exit",
                           "#destroy", "#list", "#help"}) {
    EXPECT_TRUE(alice.has_heard(name)) << name;
  }
  EXPECT_LT(alice.requests.back().bytes.size(), 1300U);
  EXPECT_EQ(code(alice, "anything", "#help invite"), 200);
  EXPECT_FALSE(alice.has_heard("#create"));
  EXPECT_EQ(code(alice, "anything", "#help dance"), 400);
}

class OtherPrefix : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.command_prefix = '/';
    return settings;
  }
  OtherPrefix() : Commands(settings()) {}
};

TEST_F(OtherPrefix, NoticesSpeakOfTheConfiguredPrefix) {
  EXPECT_EQ(code(alice, "chat", "/create"), 200);
  EXPECT_EQ(code(alice, "chat", "/invite bob"), 200);
  EXPECT_TRUE(bob.has_heard("/accept"));
  EXPECT_FALSE(bob.has_heard("#"));
  EXPECT_EQ(code(alice, "chat", "#create"), 200);  // Chat now.
  EXPECT_EQ(code(alice, "chat", "/help"), 200);
  EXPECT_FALSE(alice.has_heard("#"));
}

TEST_F(Commands, CommandThatNamesARoomMayGoToAnyAddress) {
  EXPECT_EQ(code(alice, "lobby", "#create chat"), 200);
  EXPECT_EQ(code(bob, "lobby", "#join chat"), 200);
  EXPECT_EQ(code(bob, "lobby", "#list chat"), 200);
  EXPECT_EQ(code(bob, "lobby", "hello"), 404);
}

// --- add, modify, rooms, aliases
// ------------------------------------------------------------------

TEST_F(Commands, AddMakesAMemberAtOnceAndTellsBoth) {
  make_room("private");
  EXPECT_EQ(code(alice, "chat", "#add carol"), 200);
  EXPECT_EQ(stored("carol"), 0U);
  EXPECT_TRUE(carol.has_heard("alice@example.org made you a member"));
  EXPECT_TRUE(alice.has_heard("carol@example.org is a member"));
  EXPECT_EQ(code(alice, "chat", "#add carol"), 403);
  EXPECT_EQ(code(carol, "chat", "#add bob"), 403);
  alice.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(carol.has_heard("hello"));
}

TEST_F(Commands, AddOfAnInvitedUserTakesTheInvitation) {
  make_room("private");
  ASSERT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(alice, "chat", "#add carol"), 200);
  EXPECT_EQ(stored("carol"), 0U);
  EXPECT_EQ(h.figures().invitations_pending.value(), 0);
}

TEST_F(Commands, AdminsMayInviteAndRemoveButNotChangeRoles) {
  make_room();
  ASSERT_EQ(code(alice, "chat", "#modify bob admin"), 200);
  EXPECT_EQ(stored("bob"), records::member_flag::admin);
  EXPECT_TRUE(bob.has_heard("made you an admin"));
  EXPECT_EQ(code(bob, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(bob, "chat", "#remove carol"), 200);
  EXPECT_EQ(code(bob, "chat", "#modify alice member"), 403);
  EXPECT_EQ(code(bob, "chat", "#remove alice"), 403);
  EXPECT_EQ(code(bob, "chat", "#destroy"), 403);
  EXPECT_EQ(code(bob, "chat", "#list"), 200);
  EXPECT_TRUE(bob.has_heard("\r\n*alice@example.org\r\n~bob@example.org"));
  EXPECT_EQ(code(alice, "chat", "#modify bob member"), 200);
  EXPECT_EQ(code(bob, "chat", "#invite carol"), 403);
}

TEST_F(Commands, ModifyOwnerHandsTheRoomOver) {
  make_room();
  ASSERT_EQ(code(alice, "chat", "#modify bob owner"), 200);
  EXPECT_EQ(stored("bob"), owner);
  EXPECT_EQ(stored("alice"), records::member_flag::admin);
  EXPECT_TRUE(bob.has_heard("made you the owner"));
  EXPECT_EQ(code(alice, "chat", "#destroy"), 403);
  EXPECT_EQ(code(bob, "chat", "#destroy"), 200);
}

TEST_F(Commands, ModifyRefusesStrangersUnknownRolesAndTheOwnersOwn) {
  make_room();
  EXPECT_EQ(code(alice, "chat", "#modify carol admin"), 404);
  EXPECT_EQ(code(alice, "chat", "#modify bob king"), 400);
  EXPECT_EQ(code(alice, "chat", "#modify bob"), 400);
  EXPECT_EQ(code(alice, "chat", "#modify alice member"), 403);
  ASSERT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(alice, "chat", "#modify carol admin"), 404);
  EXPECT_EQ(code(carol, "chat", "#modify bob member"), 403);
  EXPECT_EQ(stored("alice"), owner);
}

TEST_F(Commands, ModifyHeedsItsRoomArgument) {
  make_room();
  ASSERT_EQ(code(bob, "other", "#create"), 200);
  ASSERT_EQ(code(alice, "other", "#join"), 200);
  EXPECT_EQ(code(bob, "chat", "#modify alice admin other"), 200);
  EXPECT_EQ(stored("alice", "other"), records::member_flag::admin);
  EXPECT_EQ(stored("alice"), owner);
}

TEST_F(Commands, RoomsShowsPublicOnesAndTheSendersPrivateOnes) {
  make_room();
  ASSERT_EQ(code(alice, "secret", "#create private"), 200);
  EXPECT_EQ(code(carol, "anything", "#rooms"), 200);
  EXPECT_EQ(carol.requests.back().body, "*** Rooms:\r\nchat@example.org 2");
  EXPECT_EQ(code(alice, "anything", "#rooms"), 200);
  EXPECT_TRUE(alice.has_heard("chat@example.org 2\r\nsecret@example.org 1 (private)"));
  for (int i = 0; i < 250; ++i) bob.say("room" + std::to_string(i), "#create");
  h.run_for(5s);
  EXPECT_EQ(code(carol, "anything", "#rooms"), 200);
  EXPECT_TRUE(carol.requests.back().body.ends_with("and 51 more"));
}

TEST_F(Commands, OtherNamesOfCommandsWork) {
  make_room();
  EXPECT_EQ(code(bob, "chat", "#members"), 200);
  EXPECT_EQ(code(alice, "chat", "#kick bob"), 200);
  EXPECT_FALSE(stored("bob"));
  EXPECT_EQ(code(bob, "chat", "#join"), 200);
  EXPECT_EQ(code(bob, "chat", "#Leave"), 200);
  EXPECT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(carol, "chat", "#reject"), 200);
  EXPECT_FALSE(stored("carol"));
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
  EXPECT_EQ(code(bob, "three", "#invite alice"), 480);
  EXPECT_EQ(code(bob, "three", "#add alice"), 480);
  EXPECT_EQ(code(alice, "one", "#exit"), 200);
  EXPECT_EQ(code(alice, "three", "#join"), 200);
}

class DomainAliases : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.domains = {"chat.example.net", "example.org", "192.0.2.1"};
    return settings;
  }
  DomainAliases() : Commands(settings()) {}
};

TEST_F(DomainAliases, RoomsAtAnyAliasAreTheRoomAtTheFirst) {
  EXPECT_EQ(code(alice, "chat", "#create"), 200);
  EXPECT_EQ((h.database.rooms.count({"chat", "chat.example.net"})), 1U);
  EXPECT_EQ(code(bob, "lobby", "#join sip:chat@192.0.2.1"), 200);
  EXPECT_EQ(code(carol, "lobby", "#join chat@CHAT.example.net"), 200);
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
  alice.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(bob.has_heard("hello"));
  EXPECT_TRUE(carol.has_heard("hello"));
  EXPECT_EQ(code(bob, "lobby", "#create chat@elsewhere.example"), 200);
  EXPECT_EQ(h.server().conference().rooms().size(), 2U);
}

}  // namespace
}  // namespace imcd::server
