// Who is in a room and in which role: invite, accept and deny, add, remove and modify.

#include <gtest/gtest.h>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

using records::member_flag::invited;
using records::member_flag::owner;

// --- invite, accept, deny ------------------------------------------------------------------------

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

// --- remove --------------------------------------------------------------------------------------

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

// --- add, modify ---------------------------------------------------------------------------------

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

}  // namespace
}  // namespace imcd::server
