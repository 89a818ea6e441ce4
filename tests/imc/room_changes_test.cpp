#include "imc/room_changes.h"

#include "changes_fixture.h"

namespace imcd::imc {
namespace {

class RoomChangesTest : public ChangesFixture {};

TEST_F(RoomChangesTest, RoomMadeIsEmptyAndItsOldRowsGoFirst) {
  const auto uri = parser::parse_uri("sip:Chat@x");
  const RoomKey key = changes.rooms().key(*uri);
  EXPECT_EQ(rows_of(RoomMade{key, "Chat", "x", true}),
            (Lines{"erase room Chat@x", "put room Chat@x 1"}));
  ASSERT_NE(find("chat@x"), nullptr);
  EXPECT_EQ(find("chat@x")->uri(), "sip:Chat@x");
  EXPECT_TRUE(find("chat@x")->is_private());
  EXPECT_EQ(counted(), (Counts{0, 1, 0, 0}));
}

TEST_F(RoomChangesTest, RoomMadeAgainHasTheSerialItHad) {
  const std::uint64_t serial = make_room().serial;
  changes.apply(RoomEnded{*find("chat@x")});
  const RoomKey key = changes.rooms().key(*parser::parse_uri("sip:chat@x"));
  changes.apply(RoomMade{key, "chat", "x", false, serial});
  EXPECT_EQ(find("chat@x")->serial, serial);
  EXPECT_EQ(changes.rooms().find("chat@x", serial), find("chat@x"));
  EXPECT_EQ(changes.rooms().find("chat@x", serial + 1), nullptr);
}

TEST_F(RoomChangesTest, RoomMadeErasesLeftoversOfEachSpellingOnce) {
  for (const char* const uri : {"sip:CHAT@x", "sip:Chat@x", "sip:CHAT@x", "sip:other@x"}) {
    changes.note_leftover(*parser::parse_uri(uri));
  }
  const RoomKey key = changes.rooms().key(*parser::parse_uri("sip:chat@x"));
  EXPECT_EQ(rows_of(RoomMade{key, "chat", "x"}), (Lines{"erase room chat@x", "erase room CHAT@x",
                                                        "erase room Chat@x", "put room chat@x 0"}));
  changes.apply(RoomEnded{*find("chat@x")});
  EXPECT_EQ(rows_of(RoomMade{key, "chat", "x"}), (Lines{"erase room chat@x", "put room chat@x 0"}));
}

TEST_F(RoomChangesTest, RoomEndedTakesAllWithItAndUrisOfThoseInNoOtherRoom) {
  const Room& room = make_room();
  const RoomKey key = changes.rooms().key(*parser::parse_uri("sip:second@x"));
  changes.apply(RoomMade{key, "second", "x"});
  const IdentityRef alice = user("sip:alice@x:6000");
  const IdentityRef bob = user("sip:bob@x:6000");
  const IdentityRef carol = user("sip:carol@x");
  for (const auto& who : {alice, bob, carol}) changes.apply(MemberPut{room, *who});
  changes.apply(MemberPut{*find("second@x"), *alice});
  EXPECT_EQ(counted(), (Counts{2, 0, 4, 0}));
  EXPECT_EQ(rows_of(RoomEnded{room}), (Lines{"erase room chat@x", "erase user bob@x"}));
  EXPECT_EQ(find("chat@x"), nullptr);
  EXPECT_EQ(counted(), (Counts{1, 0, 1, 0}));
}

TEST_F(RoomChangesTest, VisibilitySet) {
  const Room& room = make_room();
  EXPECT_EQ(rows_of(VisibilitySet{room, true}), (Lines{"put room chat@x 1"}));
  EXPECT_TRUE(room.is_private());
  EXPECT_EQ(counted(), (Counts{0, 1, 0, 0}));
  EXPECT_EQ(rows_of(VisibilitySet{room, false}), (Lines{"put room chat@x 0"}));
  EXPECT_EQ(counted(), (Counts{1, 0, 0, 0}));
}

TEST_F(RoomChangesTest, MemberPutStoresTheOwnUriToo) {
  const Room& room = make_room();
  EXPECT_EQ(rows_of(MemberPut{room, *user("sip:Alice@x:6000"), owner}),
            (Lines{"put member Alice@x of chat@x 1", "put user alice@x sip:Alice@x:6000"}));
  EXPECT_EQ(rows_of(MemberPut{room, *user("sip:bob@x")}), (Lines{"put member bob@x of chat@x 0"}));
  EXPECT_EQ(members_of(room), (Lines{"Alice@x 1", "bob@x 0"}));
  EXPECT_EQ(counted(), (Counts{1, 0, 2, 0}));
}

TEST_F(RoomChangesTest, MemberPutAgainChangesTheFlagsAndKeepsWhoJoinsJoining) {
  const Room& room = make_room();
  const IdentityRef alice = user("sip:alice@x");
  EXPECT_EQ(rows_of(MemberPut{room, *alice, 0, 0x30000}),
            (Lines{"put member alice@x of chat@x 0"}));
  EXPECT_EQ(members_of(room), (Lines{"alice@x 30000"}));
  EXPECT_EQ(rows_of(MemberPut{room, *alice, admin}), (Lines{"put member alice@x of chat@x 2"}));
  EXPECT_EQ(members_of(room), (Lines{"alice@x 30002"}));
  EXPECT_EQ(counted(), (Counts{1, 0, 1, 0}));
}

TEST_F(RoomChangesTest, InvitedBecomesMemberAndTheInvitationEnds) {
  const Room& room = make_room();
  const IdentityRef alice = user("sip:alice@x");
  const IdentityRef bob = user("sip:bob@x");
  EXPECT_EQ(rows_of(MemberPut{room, *bob, invited}), (Lines{"put member bob@x of chat@x 4"}));
  EXPECT_EQ(rows_of(InvitationPut{room, *bob, alice, WallTime(std::chrono::milliseconds(7900))}),
            (Lines{"put invitation bob@x of chat@x 7"}));
  EXPECT_EQ(room.inviter_of(*bob), alice.get());
  EXPECT_EQ(counted(), (Counts{1, 0, 0, 1}));
  EXPECT_EQ(rows_of(MemberPut{room, *bob}),
            (Lines{"put member bob@x of chat@x 0", "erase invitation bob@x of chat@x"}));
  EXPECT_EQ(room.invitations.find(*bob), nullptr);
  EXPECT_EQ(counted(), (Counts{1, 0, 1, 0}));
}

TEST_F(RoomChangesTest, MemberGone) {
  const Room& room = make_room();
  const IdentityRef alice = user("sip:alice@x:6000");
  changes.apply(MemberPut{room, *alice});
  EXPECT_EQ(rows_of(MemberGone{room, *alice}),
            (Lines{"erase member alice@x of chat@x", "erase user alice@x"}));
  EXPECT_EQ(members_of(room), Lines{});
  EXPECT_EQ(counted(), (Counts{1, 0, 0, 0}));
  EXPECT_EQ(rows_of(MemberGone{room, *alice}), Lines{}) << "who is not there can't go";
  EXPECT_EQ(counted(), (Counts{1, 0, 0, 0}));
}

TEST_F(RoomChangesTest, InvitedGoneTakesTheInvitationAlong) {
  const Room& room = make_room();
  const IdentityRef bob = user("sip:bob@x");
  changes.apply(MemberPut{room, *bob, invited});
  changes.apply(InvitationPut{room, *bob, {}, {}});
  EXPECT_EQ(rows_of(MemberGone{room, *bob}),
            (Lines{"erase member bob@x of chat@x", "erase invitation bob@x of chat@x"}));
  EXPECT_EQ(room.invitations.find(*bob), nullptr);
  EXPECT_EQ(counted(), (Counts{1, 0, 0, 0}));
}

TEST_F(RoomChangesTest, LastMemberGoneIsForgotten) {
  const Room& room = make_room();
  changes.apply(MemberPut{room, *user("sip:alice@x")});
  EXPECT_EQ(rows_of(MemberGone{room, *identities.find(*parser::parse_uri("sip:alice@x"))}),
            (Lines{"erase member alice@x of chat@x"}));
  EXPECT_EQ(identities.size(), 0U);
}

TEST_F(RoomChangesTest, InvitationGoneAlone) {
  const Room& room = make_room();
  const IdentityRef bob = user("sip:bob@x");
  changes.apply(MemberPut{room, *bob, invited});
  changes.apply(InvitationPut{room, *bob, {}, {}});
  EXPECT_EQ(rows_of(InvitationGone{room, *bob}), (Lines{"erase invitation bob@x of chat@x"}));
  EXPECT_EQ(rows_of(InvitationGone{room, *bob}), Lines{});
  EXPECT_EQ(members_of(room), (Lines{"bob@x 4"}));
}

TEST_F(RoomChangesTest, UserMovedStoresTheUriWhereTheMembersRowDoesNotSayIt) {
  const IdentityRef alice = user("sip:alice@x");
  EXPECT_EQ(rows_of(UserMoved{*alice, *parser::parse_uri("sip:alice@x:6000")}),
            (Lines{"put user alice@x sip:alice@x:6000"}));
  EXPECT_EQ(alice->uri(), "sip:alice@x:6000");
  EXPECT_EQ(rows_of(UserMoved{*alice, *parser::parse_uri("sip:alice@x:6000")}), Lines{});
  EXPECT_EQ(rows_of(UserMoved{*alice, *parser::parse_uri("sip:alice@x")}),
            (Lines{"erase user alice@x"}));
}

TEST_F(RoomChangesTest, JoiningIsConfirmedByItsOwnCommandOnly) {
  const Room& room = make_room();
  const IdentityRef alice = user("sip:alice@x");
  const std::uint32_t first = changes.next_joining();
  const std::uint32_t second = changes.next_joining();
  EXPECT_NE(first, second);
  changes.apply(MemberPut{room, *alice, admin, second});
  EXPECT_FALSE(room.members.find(*alice)->gets_chat());
  EXPECT_EQ(rows_of(JoiningConfirmed{room, *alice, first}), Lines{});
  EXPECT_FALSE(room.members.find(*alice)->gets_chat());
  EXPECT_EQ(rows_of(JoiningConfirmed{room, *alice, second}), Lines{});
  EXPECT_TRUE(room.members.find(*alice)->gets_chat());
  EXPECT_EQ(members_of(room), (Lines{"alice@x 2"}));
}

TEST_F(RoomChangesTest, JoiningComesRoundAndIsNeverNothing) {
  for (int i = 0; i < 70000; ++i) {
    const std::uint32_t joining = changes.next_joining();
    ASSERT_NE(joining, 0U) << i;
    ASSERT_EQ(joining & ~member_joining, 0U) << i;
  }
}

TEST_F(RoomChangesTest, WhatIsNotStoredChangesMemoryAlike) {
  const Room& room = make_room();
  changes.apply(MemberPut{room, *user("sip:alice@x"), owner});
  changes.apply(VisibilitySet{room, true});
  EXPECT_EQ(members_of(room), (Lines{"alice@x 1"}));
  EXPECT_EQ(counted(), (Counts{0, 1, 1, 0}));
}

TEST_F(RoomChangesTest, ForgetsAll) {
  changes.apply(MemberPut{make_room(), *user("sip:alice@x")});
  changes.note_leftover(*parser::parse_uri("sip:CHAT@x"));
  changes.forget_all();
  EXPECT_EQ(changes.rooms().size(), 0U);
  EXPECT_EQ(counted(), (Counts{0, 0, 0, 0}));
  const RoomKey key = changes.rooms().key(*parser::parse_uri("sip:chat@x"));
  EXPECT_EQ(rows_of(RoomMade{key, "chat", "x"}), (Lines{"erase room chat@x", "put room chat@x 0"}));
}

// --- What others do ------------------------------------------------------------------------------

TEST_F(RoomChangesTest, UnaskedMembershipEndsByConsentAndByNothingElse) {
  const Room& room = make_room();
  const IdentityRef bob = user("sip:bob@x");
  changes.apply(MemberPut{room, *bob, 0, 0, Consent::lacking});
  EXPECT_EQ(bob->rooms, 1U);
  EXPECT_EQ(bob->unasked, 1U);
  EXPECT_EQ(rows_of(MemberPut{room, *bob, admin}), (Lines{"put member bob@x of chat@x 2"}));
  EXPECT_EQ(bob->unasked, 1U);
  EXPECT_EQ(rows_of(ConsentGiven{room, *bob}), Lines{});
  EXPECT_EQ(bob->unasked, 0U);
  changes.apply(MemberPut{room, *bob, 0});
  EXPECT_EQ(bob->unasked, 0U);
  changes.apply(MemberGone{room, *bob});
  changes.apply(MemberPut{room, *bob, invited});
  EXPECT_EQ(bob->unasked, 1U);
  changes.apply(MemberPut{room, *bob, 0, 0, Consent::given});
  EXPECT_EQ(bob->unasked, 0U);
  changes.apply(MemberGone{room, *bob});
  changes.apply(MemberPut{room, *bob, invited});
  changes.apply(RoomEnded{room});
  epochs.free_all();
  EXPECT_EQ(bob->unasked, 0U);
  EXPECT_EQ(bob->rooms, 0U);
}

TEST_F(RoomChangesTest, BlocksAreRowsOfTheirOwn) {
  const IdentityRef bob = user("sip:Bob@x:5080");
  const WallTime at(std::chrono::seconds(7));
  RoomChanges::Rows rows;
  changes.apply(BlockPut{*bob, "eve@y", at}, rows);
  changes.apply(BlockPut{*bob, "*@z", at}, rows);
  changes.apply(BlockGone{*bob, "eve@y"}, rows);
  EXPECT_EQ(lines_of(rows), (Lines{"put block of eve@y by bob@x 7", "put block of *@z by bob@x 7",
                                   "erase block of eve@y by bob@x"}));
  EXPECT_FALSE(changes.blocks().has(*bob, *user("sip:eve@y")));
  EXPECT_TRUE(changes.blocks().has(*bob, *user("sip:eve@z")));
  EXPECT_FALSE(changes.blocks().has(*bob, *user("sip:eve@a.z")));
  EXPECT_FALSE(changes.blocks().has(*user("sip:eve@z"), *bob));
  changes.forget_all();
  EXPECT_FALSE(changes.blocks().has(*bob, *user("sip:eve@z")));
}

}  // namespace
}  // namespace imcd::imc
