#include "imc/room_loader.h"

#include "changes_fixture.h"

namespace imcd::imc {
namespace {

class RoomLoaderTest : public ChangesFixture {
 protected:
  static records::LoadedRows rows_with(std::vector<records::RoomRow> rooms,
                                       std::vector<records::MemberRow> members) {
    records::LoadedRows rows;
    rows.of<records::RoomRow>() = std::move(rooms);
    rows.of<records::MemberRow>() = std::move(members);
    return rows;
  }
  Lines repairs() { return lines_of(loader.take_repairs()); }
  Lines told() {
    Lines lines;
    for (const LogLine& line : log.log_lines()) lines.push_back(line.text);
    log.clear();
    return lines;
  }

  void load(std::vector<records::RoomRow> rooms, std::vector<records::MemberRow> members) {
    loader.load(rows_with(std::move(rooms), std::move(members)), log);
  }
  void load_users(std::vector<records::UserRow> users) {
    records::LoadedRows rows;
    rows.of<records::UserRow>() = std::move(users);
    loader.load(rows, log);
  }
  void load_invitations(std::vector<records::InvitationRow> invitations) {
    records::LoadedRows rows;
    rows.of<records::InvitationRow>() = std::move(invitations);
    loader.load(rows, log);
  }
  bool reload(std::string name, std::vector<records::RoomRow> rooms,
              std::vector<records::MemberRow> members) {
    return loader.reload_room({std::move(name), "x"},
                              rows_with(std::move(rooms), std::move(members)), log);
  }

  RoomLoader loader{changes, identities, figures};
  Outbox log;
};

TEST_F(RoomLoaderTest, MakesRoomsWithTheirMembers) {
  load_users({{{"bob@x"}, "sip:bob@x:6000"}});
  load({{{"chat", "x"}, 0}, {{"priv", "x"}, records::room_flag::is_private}},
       {{{"sip:chat@x", "alice", "x"}, owner | records::member_flag::skip},
        {{"sip:chat@x", "bob", "x"}, invited}});
  load_invitations({{{"sip:chat@x", "bob", "x"}, 5}});
  loader.end_load(WallTime(std::chrono::seconds(100)));
  EXPECT_EQ(told(), Lines{});
  EXPECT_EQ(repairs(), Lines{});
  const Room& room = *find("chat@x");
  EXPECT_EQ(members_of(room), (Lines{"alice@x 1", "bob@x 4"}));
  EXPECT_EQ(counted(), (Counts{1, 1, 1, 1}));
  EXPECT_EQ(user("sip:bob@x")->uri(), "sip:bob@x:6000");
  EXPECT_EQ(loader.invited_at(room, *user("sip:bob@x")), WallTime(std::chrono::seconds(5)));
}

TEST_F(RoomLoaderTest, WhoIsInvitedSinceNobodyKnowsWhenIsSoSinceTheLoading) {
  load({{{"chat", "x"}, 0}}, {{{"sip:chat@x", "bob", "x"}, invited}});
  loader.end_load(WallTime(std::chrono::seconds(100)));
  EXPECT_EQ(loader.invited_at(*find("chat@x"), *user("sip:bob@x")),
            WallTime(std::chrono::seconds(100)));
}

TEST_F(RoomLoaderTest, SkipsBadRowsAndTellsThem) {
  load_users({{{"bob@x"}, "sip:carol@x"}, {{"al@x"}, "tel:123"}});
  load({{{"a b", "x"}, 0}, {{"gone", "x"}, records::room_flag::deleted}, {{"chat", "x"}, 0}},
       {{{"sip:chat@x", "c d", "x"}, 0},
        {{"sip:nowhere@x", "alice", "x"}, 0},
        {{"no uri", "alice", "x"}, 0},
        {{"sip:chat@x", "late", "x"}, records::member_flag::deleted}});
  EXPECT_EQ(told(), (Lines{"user skipped: its URI is not a SIP URI of that key",
                           "user skipped: its URI is not a SIP URI of that key",
                           "room skipped: its name and domain make no SIP URI",
                           "member skipped: name and domain make no SIP URI",
                           "member skipped: there is no such room",
                           "member skipped: there is no such room"}));
  EXPECT_EQ(figures.db_rows_skipped.value(), 6U);
  EXPECT_EQ(counted(), (Counts{1, 0, 0, 0}));
  EXPECT_EQ(repairs(), Lines{});
  const RoomKey key = changes.rooms().key(*parser::parse_uri("sip:nowhere@x"));
  EXPECT_EQ(rows_of(RoomMade{key, "Nowhere", "x"}),
            (Lines{"erase room Nowhere@x", "erase room nowhere@x", "put room Nowhere@x 0"}))
      << "who was left over does not wake up in it";
}

TEST_F(RoomLoaderTest, MergesRowsThatFoldTogether) {
  load({{{"Chat", "x"}, 0}, {{"chat", "x"}, records::room_flag::is_private}},
       {{{"sip:Chat@x", "alice", "x"}, owner},
        {{"sip:chat@x", "Alice", "x"}, invited},
        {{"sip:chat@x", "bob", "x"}, invited},
        {{"sip:Chat@x", "bob", "x"}, admin}});
  EXPECT_EQ(told(), (Lines{"room merged with sip:Chat@x: the names are the same",
                           "member merged: the room has the same user twice",
                           "member merged: the room has the same user twice"}));
  EXPECT_EQ(members_of(*find("chat@x")), (Lines{"alice@x 1", "bob@x 2"}));
  EXPECT_EQ(counted(), (Counts{0, 1, 2, 0}));
  EXPECT_EQ(repairs(), (Lines{"put room Chat@x 1", "erase room chat@x",
                              "erase member Alice@x of chat@x", "put member alice@x of Chat@x 1",
                              "erase member bob@x of chat@x", "put member bob@x of Chat@x 4",
                              "put member bob@x of Chat@x 2", "erase invitation bob@x of Chat@x"}));
}

TEST_F(RoomLoaderTest, ErasesInvitationsOfNobodyWhoIsInvited) {
  load({{{"chat", "x"}, 0}},
       {{{"sip:chat@x", "alice", "x"}, 0}, {{"sip:chat@x", "bob", "x"}, invited}});
  load_invitations({{{"sip:chat@x", "alice", "x"}, 5},
                    {{"sip:chat@x", "Bob", "x"}, 6},
                    {{"sip:nowhere@x", "carol", "x"}, 7},
                    {{"no uri", "dave", "x"}, 8}});
  EXPECT_EQ(repairs(),
            (Lines{"erase invitation alice@x of chat@x", "erase invitation Bob@x of chat@x",
                   "put invitation bob@x of chat@x 6", "erase invitation carol@x of nowhere@x"}));
}

TEST_F(RoomLoaderTest, ErasesUsersWhoAreInNoRoom) {
  load_users({{{"al@x"}, "sip:al@x:6000"}, {{"bob@x"}, "sip:bob@x:6000"}});
  load({{{"chat", "x"}, 0}}, {{{"sip:chat@x", "al", "x"}, 0}});
  loader.end_load({});
  EXPECT_EQ(repairs(), (Lines{"erase user bob@x"}));
  EXPECT_EQ(identities.size(), 1U);
}

TEST_F(RoomLoaderTest, ForgetsAll) {
  load_users({{{"al@x"}, "sip:al@x:6000"}});
  load({{{"chat", "x"}, 0}, {{"CHAT", "x"}, 0}}, {{{"sip:chat@x", "al", "x"}, 0}});
  loader.forget();
  EXPECT_EQ(repairs(), Lines{});
  EXPECT_EQ(counted(), (Counts{0, 0, 0, 0}));
  epochs.free_all();
  EXPECT_EQ(identities.size(), 0U);
}

// --- A room read again ---------------------------------------------------------------------------

TEST_F(RoomLoaderTest, RoomReadAgainIsWhatItsRowsSayAndTheSameRoom) {
  const Room& room = make_room();
  const IdentityRef alice = user("sip:alice@x");
  const IdentityRef carol = user("sip:carol@x");
  changes.apply(MemberPut{room, *alice, owner});
  changes.apply(MemberPut{room, *user("sip:bob@x"), 0, changes.next_joining()});
  changes.apply(MemberPut{room, *carol, invited});
  changes.apply(InvitationPut{room, *carol, alice, WallTime(std::chrono::seconds(5))});
  EXPECT_TRUE(
      reload("chat", {{{"chat", "x"}, 0}},
             {{{"sip:chat@x", "alice", "x"}, admin}, {{"sip:chat@x", "carol", "x"}, invited}}));
  EXPECT_EQ(find("chat@x"), &room);
  EXPECT_EQ(members_of(room), (Lines{"alice@x 2", "carol@x 4"}));
  EXPECT_EQ(room.inviter_of(*carol), alice.get());
  EXPECT_EQ(counted(), (Counts{1, 0, 1, 1}));
  EXPECT_EQ(repairs(), Lines{});
}

TEST_F(RoomLoaderTest, RoomReadAgainGoesWithoutARowAndComesWithOne) {
  make_room();
  EXPECT_TRUE(reload("chat", {}, {}));
  EXPECT_EQ(find("chat@x"), nullptr);
  EXPECT_TRUE(reload("chat", {{{"chat", "x"}, 0}}, {{{"sip:chat@x", "alice", "x"}, owner}}));
  EXPECT_EQ(members_of(*find("chat@x")), (Lines{"alice@x 1"}));
}

TEST_F(RoomLoaderTest, RowsOfAnotherSpellingSayNothingOfTheRoom) {
  const Room& room = make_room();
  EXPECT_FALSE(reload("CHAT", {}, {}));
  EXPECT_EQ(find("chat@x"), &room);
}

TEST_F(RoomLoaderTest, RecordsOnTheirWayAreAppliedAgain) {
  const Room& room = make_room();
  const IdentityRef alice = user("sip:alice@x");
  const IdentityRef bob = user("sip:bob@x");
  Outcome outcome;
  outcome.room_serial = room.serial;
  outcome.joined = alice;
  outcome.joining = changes.next_joining();
  RoomChanges::Rows records;
  const RoomKey key = changes.rooms().key(*parser::parse_uri("sip:chat@x"));
  changes.apply(RoomEnded{room}, records);
  changes.apply(RoomMade{key, "chat", "x", true}, records);
  changes.apply(MemberPut{*find("chat@x"), *alice, owner, outcome.joining}, records);
  changes.apply(MemberPut{*find("chat@x"), *bob, invited}, records);
  changes.apply(InvitationPut{*find("chat@x"), *bob, alice, {}}, records);
  changes.apply(RoomEnded{*find("chat@x")});

  for (const records::Record& record : records) loader.replay(record, &outcome, log);
  const Room* const again = changes.rooms().find("chat@x", outcome.room_serial);
  ASSERT_NE(again, nullptr);
  EXPECT_TRUE(again->is_private());
  EXPECT_EQ(members_of(*again), (Lines{"alice@x 10001", "bob@x 4"}));
  EXPECT_NE(again->invitations.find(*bob), nullptr);

  records.clear();
  changes.apply(MemberGone{*again, *bob}, records);
  changes.apply(MemberPut{*again, *bob, invited});
  for (const records::Record& record : records) loader.replay(record, nullptr, log);
  EXPECT_EQ(members_of(*again), (Lines{"alice@x 10001"}));
  EXPECT_EQ(counted(), (Counts{0, 1, 1, 0}));
}

}  // namespace
}  // namespace imcd::imc
