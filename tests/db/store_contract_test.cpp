#include "store_contract.h"

#include <algorithm>

namespace imcd::db {
namespace {

TEST_P(StoreContract, NewDatabaseLoadsNothing) {
  const Loaded loaded = load_all(store());
  EXPECT_TRUE(loaded.result);
  EXPECT_TRUE(loaded.rows.empty());
  EXPECT_TRUE(loaded.pieces.empty());
}

TEST_P(StoreContract, CommittedRowsAreThereAfterARestart) {
  using namespace records;
  commit({{put_room("chat", room_flag::is_private), put_member("chat", "al", member_flag::owner)},
          {put_member("chat", "bob", member_flag::invited)}});
  restart();
  const records::LoadedRows rows = load_all(store()).rows;
  ASSERT_EQ(rows.of<records::RoomRow>().size(), 1U);
  EXPECT_EQ(rows.of<records::RoomRow>()[0].key.name, "chat");
  EXPECT_EQ(rows.of<records::RoomRow>()[0].key.domain, room_domain);
  EXPECT_EQ(rows.of<records::RoomRow>()[0].flags, room_flag::is_private);
  EXPECT_EQ(lines(rows), (Lines{"member al of sip:chat@conf.example.com 1",
                                "member bob of sip:chat@conf.example.com 4", "room chat 1"}));
  EXPECT_EQ(rows.of<records::MemberRow>()[0].key.domain, user_domain);
}

TEST_P(StoreContract, PutChangesTheFlagsOfARowThatIsThere) {
  commit({{put_room("chat", 0), put_member("chat", "bob", 4)}});
  commit({{put_room("chat", 1)}, {put_member("chat", "bob", 0)}});
  EXPECT_EQ(stored(store()), (Lines{"member bob of sip:chat@conf.example.com 0", "room chat 1"}));
}

TEST_P(StoreContract, FlagsKeepAllTheirBits) {
  commit({{put_room("chat", UINT32_MAX), put_member("chat", "bob", UINT32_MAX)}});
  EXPECT_EQ(stored(store()),
            (Lines{"member bob of sip:chat@conf.example.com 4294967295", "room chat 4294967295"}));
}

TEST_P(StoreContract, DeleteMemberTakesThatRowAlone) {
  commit({{put_room("a"), put_member("a", "al"), put_member("a", "bob")},
          {put_room("b"), put_member("b", "bob")}});
  commit({{delete_member("a", "bob")}});
  EXPECT_EQ(stored(store()),
            (Lines{"member al of sip:a@conf.example.com 0",
                   "member bob of sip:b@conf.example.com 0", "room a 0", "room b 0"}));
}

TEST_P(StoreContract, DeleteRoomTakesItsMembersToo) {
  commit({{put_room("a"), put_member("a", "al"), put_member("a", "bob")},
          {put_room("aa"), put_member("aa", "bob")}});
  commit({{delete_room("a")}});
  EXPECT_EQ(stored(store()), (Lines{"member bob of sip:aa@conf.example.com 0", "room aa 0"}));
}

TEST_P(StoreContract, DeletingWhatIsNotThereIsNoError) {
  commit({{delete_room("nowhere"), delete_member("nowhere", "nobody")}});
  EXPECT_EQ(stored(store()), Lines{});
}

TEST_P(StoreContract, RecordsAreAppliedInTheirOrder) {
  commit({{put_room("a", 1)}, {delete_room("a")}, {put_room("a", 0), put_member("a", "al")}});
  EXPECT_EQ(stored(store()), (Lines{"member al of sip:a@conf.example.com 0", "room a 0"}));
  commit({{put_member("a", "bob")}, {delete_room("a")}});
  EXPECT_EQ(stored(store()), Lines{});
}

TEST_P(StoreContract, ApplyingABatchAgainIsHarmless) {
  const Batch change = batch(1, {{put_room("a"), put_member("a", "al", 1), put_member("a", "bob")},
                                 {delete_member("a", "bob")},
                                 {put_room("b"), put_member("b", "al")},
                                 {delete_room("b")}});
  ASSERT_TRUE(store().commit(change).committed);
  const Lines once = stored(store());
  ASSERT_TRUE(store().commit(change).committed);
  EXPECT_EQ(stored(store()), once);
  EXPECT_EQ(once, (Lines{"member al of sip:a@conf.example.com 1", "room a 0"}));
}

TEST_P(StoreContract, UsersUriIsKeptChangedAndDeleted) {
  commit({{put_user("bob@x", "sip:bob@x:6000"), put_user("al@x", "sips:Al@X")}});
  restart();
  EXPECT_EQ(stored(store()), (Lines{"user al@x sips:Al@X", "user bob@x sip:bob@x:6000"}));
  commit({{put_user("bob@x", "sip:bob@x:7000")}, {delete_user("al@x")}, {delete_user("no@x")}});
  restart();
  EXPECT_EQ(stored(store()), Lines{"user bob@x sip:bob@x:7000"});
}

TEST_P(StoreContract, UsersUriGoesWithTheCommandThatIsRefused) {
  refuse("bad");
  const CommitResult result =
      store().commit(batch(1, {{put_user("bob@x", "sip:bob@x:6000"), put_room("bad")}}));
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_TRUE(result.refused[0].rows.empty());
  EXPECT_EQ(stored(store()), Lines{});
}

TEST_P(StoreContract, InvitationsTimeIsKeptChangedAndDeleted) {
  commit({{put_room("a"), put_member("a", "al", 4), put_invitation("a", "al", 1700000000)},
          {put_invitation("a", "bob", 1)}});
  restart();
  EXPECT_EQ(stored(store()), (Lines{"invitation of al to sip:a@conf.example.com 1700000000",
                                    "invitation of bob to sip:a@conf.example.com 1",
                                    "member al of sip:a@conf.example.com 4", "room a 0"}));
  commit({{put_invitation("a", "al", 1800000000)},
          {delete_invitation("a", "bob")},
          {delete_invitation("a", "no")}});
  restart();
  EXPECT_EQ(stored(store()), (Lines{"invitation of al to sip:a@conf.example.com 1800000000",
                                    "member al of sip:a@conf.example.com 4", "room a 0"}));
}

TEST_P(StoreContract, InvitationsGoWithTheirRoomAlone) {
  commit({{put_room("a"), put_invitation("a", "al", 1)},
          {put_room("b"), put_invitation("b", "al", 2)}});
  commit({{delete_room("a")}});
  EXPECT_EQ(stored(store()), (Lines{"invitation of al to sip:b@conf.example.com 2", "room b 0"}));
  commit({{put_invitation("b", "bob", 3)},
          {delete_room("b"), put_room("b"), put_invitation("b", "cy", 4)}});
  EXPECT_EQ(stored(store()), (Lines{"invitation of cy to sip:b@conf.example.com 4", "room b 0"}));
}

TEST_P(StoreContract, BlocksArePutOverwrittenAndErasedByBothKeys) {
  const auto put = [](std::string user, std::string blocked, std::int64_t at) -> records::Record {
    return records::Put<records::BlockRow>{{{std::move(user), std::move(blocked)}, at}};
  };
  commit({{put("al@x", "eve@y", 5), put("al@x", "*@z", 6)}, {put("bob@x", "eve@y", 7)}});
  restart();
  EXPECT_EQ(stored(store()), (Lines{"block of *@z by al@x 6", "block of eve@y by al@x 5",
                                    "block of eve@y by bob@x 7"}));
  commit({{put("al@x", "eve@y", 8)}, {records::Erase<records::BlockRow>{{"al@x", "*@z"}}}});
  EXPECT_EQ(stored(store()), (Lines{"block of eve@y by al@x 8", "block of eve@y by bob@x 7"}));
}

TEST_P(StoreContract, InvitationGoesWithTheCommandThatIsRefused) {
  refuse("bad");
  const CommitResult result = store().commit(batch(
      1, {{put_room("bad"), put_invitation("bad", "al", 1)}, {put_invitation("good", "al", 1)}}));
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_EQ(stored(store()), Lines{"invitation of al to sip:good@conf.example.com 1"});
}

TEST_P(StoreContract, EmptyBatchCommits) {
  commit({});
  commit({{}, {}});
  EXPECT_EQ(stored(store()), Lines{});
}

TEST_P(StoreContract, OddNamesComeBackByteForByte) {
  Lines names = {"o'neil",
                 "a\"b",
                 "`x`",
                 "caf\xc3\xa9",
                 "cafe",
                 "%C3%A9",
                 "--",
                 "a\\b",
                 "123",
                 "a;DELETE",
                 "NULL",
                 "1e5",
                 "stra\xc3\x9f"
                 "e",
                 "\xf0\x9f\x8d\xba",
                 "%_",
                 std::string(64, 'n'),
                 "Cafe"};
  if (keeps_any_bytes()) names.emplace_back("\xff\xfe");
  Lines expected;
  for (const std::string& name : names) {
    commit({{put_room(name), put_member(name, name)}});
    expected.push_back("room " + name + " 0");
    expected.push_back("member " + name + " of sip:" + name + "@conf.example.com 0");
  }
  restart();
  std::ranges::sort(expected);
  EXPECT_EQ(stored(store()), expected);

  for (const std::string& name : names) commit({{delete_member(name, name)}, {delete_room(name)}});
  EXPECT_EQ(stored(store()), Lines{});
}

TEST_P(StoreContract, NamesThatDifferInABitAreDifferentRows) {
  const std::string odd = keeps_any_bytes() ? "chat " : "ch\xc3\xa0t";
  commit({{put_room("chat"), put_room("Chat"), put_room(odd), put_room("ch%61t")},
          {put_member("chat", "bob"), put_member("chat", "Bob")}});
  commit({{delete_member("chat", "bob"), delete_room("Chat")}});
  EXPECT_EQ(stored(store()).size(), 4U);  // One with a blank is skipped, but there.
  commit({{delete_room("chat"), delete_room("ch%61t"), delete_room(odd)}});
  EXPECT_EQ(stored(store()), Lines{});
}

TEST_P(StoreContract, LargestBatchCommits) {
  std::vector<std::vector<records::Record>> commands;
  for (int i = 0; i < 8192; ++i) commands.push_back({put_room("r" + std::to_string(i))});
  commit(std::move(commands));
  EXPECT_EQ(stored(store()).size(), 8192U);
}

TEST_P(StoreContract, RefusedCommandIsLeftOutAloneAndWhole) {
  commit({{put_room("a"), put_member("a", "al", 1)}});
  refuse("bad");
  const CommitResult result =
      store().commit(batch(5, {{put_member("a", "bob")},
                               {put_room("b"), put_member("a", "carol"), put_member("b", "bad")},
                               {put_member("a", "dan")}}));
  EXPECT_TRUE(result.committed);
  EXPECT_EQ(result.batch, 5U);
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_EQ(result.refused[0].bundle, 1U);
  EXPECT_NE(result.refused[0].error, "");
  EXPECT_EQ(stored(store()), (Lines{"member al of sip:a@conf.example.com 1",
                                    "member bob of sip:a@conf.example.com 0",
                                    "member dan of sip:a@conf.example.com 0", "room a 0"}));
}

TEST_P(StoreContract, RefusedCommandComesWithTheRowsOfItsRoomsAfterTheBatch) {
  commit({{put_room("a"), put_member("a", "al", 1)}, {put_room("c"), put_member("c", "al")}});
  refuse("bad");
  const CommitResult result = store().commit(
      batch(2, {{put_room("b"), put_member("a", "bad")}, {put_member("a", "later")}}));
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_EQ(lines(result.refused[0].rows),
            (Lines{"member al of sip:a@conf.example.com 1",
                   "member later of sip:a@conf.example.com 0", "room a 0"}));
}

TEST_P(StoreContract, AllCommandsMayBeRefused) {
  refuse("bad");
  std::vector<std::vector<records::Record>> commands(500, {put_room("a"), put_room("bad")});
  const CommitResult result = store().commit(batch(1, std::move(commands)));
  EXPECT_TRUE(result.committed);
  ASSERT_EQ(result.refused.size(), 500U);
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(result.refused[i].bundle, i);
    EXPECT_TRUE(result.refused[i].rows.empty());
  }
  EXPECT_EQ(stored(store()), Lines{});
}

TEST_P(StoreContract, LoadComesInPiecesMembersLast) {
  std::vector<std::vector<records::Record>> commands;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "r" + std::to_string(i);
    commands.push_back({put_room(name), put_member(name, "al")});
  }
  commands.push_back({put_user("al@x", "sip:al@x:6000")});
  commit(std::move(commands));
  const Loaded loaded = load_all(store());
  ASSERT_TRUE(loaded.result);
  EXPECT_EQ(loaded.rows.of<records::RoomRow>().size(), 5000U);
  EXPECT_EQ(loaded.rows.of<records::UserRow>().size(), 1U);
  EXPECT_EQ(loaded.rows.of<records::MemberRow>().size(), 5000U);
  EXPECT_TRUE(loaded.members_came_last);
  EXPECT_EQ(loaded.pieces, (std::vector<std::size_t>{4096, 4096, 1809}));
}

TEST_P(StoreContract, LoadEndsWhenTheSinkWantsNoMore) {
  std::vector<std::vector<records::Record>> commands;
  for (int i = 0; i < 5000; ++i) commands.push_back({put_room("r" + std::to_string(i))});
  commit(std::move(commands));
  int pieces = 0;
  const Result<void> loaded = store().load(
      [](void* context, records::LoadedRows&&) {
        ++*static_cast<int*>(context);
        return false;
      },
      &pieces);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().text, "");
  EXPECT_EQ(pieces, 1);
  // The store is none the worse.
  commit({{put_room("another")}});
  EXPECT_EQ(load_all(store()).rows.of<records::RoomRow>().size(), 5001U);
}

}  // namespace
}  // namespace imcd::db
