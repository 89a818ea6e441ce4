#include "db/net_changes.h"

#include <gtest/gtest.h>

#include "sample_rows.h"

namespace imcd::db {
namespace {

Lines put_rooms(const NetChanges& changes) {
  Lines result;
  for (const auto* row : changes.of<records::RoomRow>().put) result.push_back(line(*row));
  return result;
}

Lines put_members(const NetChanges& changes) {
  Lines result;
  for (const auto* row : changes.of<records::MemberRow>().put) result.push_back(line(*row));
  return result;
}

template <class Row>
Lines erased(const NetChanges& changes) {
  Lines result;
  for (const auto* key : changes.of<Row>().erased) result.push_back(line(Row{*key, {}}));
  return result;
}

TEST(NetChanges, EmptyBatchLeavesNothing) {
  const Batch empty = batch(1, {{}, {}});
  const NetChanges changes(empty);
  EXPECT_TRUE(put_rooms(changes).empty());
  EXPECT_TRUE(put_members(changes).empty());
  EXPECT_TRUE(changes.emptied_rooms.empty());
}

TEST(NetChanges, LastRecordOfARowCounts) {
  const Batch all = batch(1, {{put_room("a", 1), put_member("a", "al", 1)},
                              {put_room("a", 0), put_member("a", "al", 4)},
                              {put_member("a", "bob"), delete_member("a", "bob")},
                              {delete_member("a", "cy"), put_member("a", "cy", 2)}});
  const NetChanges changes(all);
  EXPECT_EQ(put_rooms(changes), Lines{"room a 0"});
  EXPECT_EQ(put_members(changes), (Lines{"member al of sip:a@conf.example.com 4",
                                         "member cy of sip:a@conf.example.com 2"}));
  EXPECT_EQ(erased<records::MemberRow>(changes), Lines{"member bob of sip:a@conf.example.com 0"});
}

TEST(NetChanges, EndOfARoomTakesWhatCameBeforeAndNothingAfter) {
  const Batch all = batch(1, {{put_room("a"), put_member("a", "al"), delete_member("a", "bob")},
                              {delete_room("a")},
                              {put_room("a", 1), put_member("a", "cy")},
                              {put_room("b"), put_member("b", "al"), delete_room("b")}});
  const NetChanges changes(all);
  EXPECT_EQ(changes.emptied_rooms, (Lines{"sip:a@conf.example.com", "sip:b@conf.example.com"}));
  EXPECT_EQ(erased<records::RoomRow>(changes), Lines{"room b 0"});
  EXPECT_EQ(put_rooms(changes), Lines{"room a 1"});
  EXPECT_EQ(put_members(changes), Lines{"member cy of sip:a@conf.example.com 0"});
  EXPECT_TRUE(erased<records::MemberRow>(changes).empty());
}

TEST(NetChanges, UsersAreApartFromRooms) {
  const Batch all = batch(1, {{put_user("al@x", "sip:al@x:1"), put_user("al@x", "sip:al@x:2")},
                              {put_user("bob@x", "sip:bob@x:1"), delete_user("bob@x")}});
  const NetChanges changes(all);
  const auto& users = changes.of<records::UserRow>();
  ASSERT_EQ(users.put.size(), 1U);
  EXPECT_EQ(users.put[0]->uri, "sip:al@x:2");
  ASSERT_EQ(users.erased.size(), 1U);
  EXPECT_TRUE(put_rooms(changes).empty());
  EXPECT_TRUE(erased<records::RoomRow>(changes).empty());
}

}  // namespace
}  // namespace imcd::db
