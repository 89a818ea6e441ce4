#include "db/net_changes.h"

#include <gtest/gtest.h>

#include "sample_rows.h"

namespace imcd::db {
namespace {

Lines names(const std::vector<const records::Record*>& records) {
  Lines result;
  for (const records::Record* record : records) {
    result.push_back(record->room_name + "/" + record->user + "/" + std::to_string(record->flags));
  }
  return result;
}

TEST(NetChanges, EmptyBatchLeavesNothing) {
  const Batch empty = batch(1, {{}, {}});
  const NetChanges changes(empty);
  EXPECT_TRUE(changes.put_rooms.empty());
  EXPECT_TRUE(changes.put_members.empty());
  EXPECT_TRUE(changes.emptied_rooms.empty());
}

TEST(NetChanges, LastRecordOfARowCounts) {
  const Batch all = batch(1, {{put_room("a", 1), put_member("a", "al", 1)},
                              {put_room("a", 0), put_member("a", "al", 4)},
                              {put_member("a", "bob"), delete_member("a", "bob")},
                              {delete_member("a", "cy"), put_member("a", "cy", 2)}});
  const NetChanges changes(all);
  EXPECT_EQ(names(changes.put_rooms), Lines{"a//0"});
  EXPECT_EQ(names(changes.put_members), (Lines{"a/al/4", "a/cy/2"}));
  EXPECT_EQ(names(changes.deleted_members), Lines{"a/bob/0"});
}

TEST(NetChanges, EndOfARoomTakesWhatCameBeforeAndNothingAfter) {
  const Batch all = batch(1, {{put_room("a"), put_member("a", "al"), delete_member("a", "bob")},
                              {delete_room("a")},
                              {put_room("a", 1), put_member("a", "cy")},
                              {put_room("b"), put_member("b", "al"), delete_room("b")}});
  const NetChanges changes(all);
  EXPECT_EQ(changes.emptied_rooms, (Lines{"sip:a@conf.example.com", "sip:b@conf.example.com"}));
  EXPECT_EQ(names(changes.deleted_rooms), Lines{"b//0"});
  EXPECT_EQ(names(changes.put_rooms), Lines{"a//1"});
  EXPECT_EQ(names(changes.put_members), Lines{"a/cy/0"});
  EXPECT_TRUE(changes.deleted_members.empty());
}

TEST(NetChanges, UsersAreApartFromRooms) {
  const Batch all = batch(1, {{put_user("al@x", "sip:al@x:1"), put_user("al@x", "sip:al@x:2")},
                              {put_user("bob@x", "sip:bob@x:1"), delete_user("bob@x")}});
  const NetChanges changes(all);
  ASSERT_EQ(changes.put_users.size(), 1U);
  EXPECT_EQ(changes.put_users[0]->uri, "sip:al@x:2");
  ASSERT_EQ(changes.deleted_users.size(), 1U);
  EXPECT_TRUE(changes.put_rooms.empty());
  EXPECT_TRUE(changes.deleted_rooms.empty());
}

}  // namespace
}  // namespace imcd::db
