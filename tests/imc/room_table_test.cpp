#include "imc/room_table.h"

#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"

namespace imcd::imc {
namespace {

class RoomTableTest : public testing::Test {
 protected:
  RoomKey key(std::string_view uri) const {
    const auto parsed = parser::parse_uri(uri);
    EXPECT_TRUE(parsed) << uri;
    return rooms->key(*parsed);
  }
  Room& create(const std::string& name) {
    return rooms->create(key("sip:" + name + "@example.org"), name, "example.org", false);
  }
  [[nodiscard]] const Room* find(const std::string& name) const {
    return rooms->find(key("sip:" + name + "@example.org"));
  }

  Epochs epochs;
  IdentityTable identities{HashKey{1, 2}, epochs};
  std::optional<RoomTable> rooms{std::in_place, HashKey{3, 4}, 1U, identities, epochs};
};

TEST_F(RoomTableTest, IsEmptyAtFirst) {
  EXPECT_EQ(find("chat"), nullptr);
  EXPECT_EQ(rooms->find(""), nullptr);
  EXPECT_EQ(rooms->size(), 0U);
  std::size_t cursor = 0;
  EXPECT_EQ(rooms->next(cursor), nullptr);
}

TEST_F(RoomTableTest, FindsARoomByAnySpellingOfItsAddress) {
  Room& room =
      rooms->create(key("sip:Chat-1@Example.org"), "Chat-1", "Example.org", /*is_private=*/true);
  EXPECT_TRUE(room.is_private());
  for (const char* const uri :
       {"sip:chat-1@example.org", "sips:CHAT-1@EXAMPLE.ORG", "sip:%63hat-1@example.org:5070",
        "sip:chat-1@example.org;transport=tcp", "im:chat-1@example.org"}) {
    EXPECT_EQ(rooms->find(key(uri)), &room) << uri;
  }
  EXPECT_EQ(rooms->find("chat-1@example.org"), &room);
  EXPECT_EQ(rooms->find("Chat-1@example.org"), nullptr) << "that is no key";
  EXPECT_EQ(rooms->find(key("sip:chat-2@example.org")), nullptr);
  EXPECT_EQ(rooms->find(key("sip:chat-1@example.com")), nullptr);
}

TEST_F(RoomTableTest, TellsARoomFromALaterOneOfItsName) {
  const std::uint64_t first = create("chat").serial;
  rooms->destroy(*find("chat"));
  EXPECT_EQ(find("chat"), nullptr);
  EXPECT_EQ(rooms->size(), 0U);
  EXPECT_NE(create("chat").serial, first);
  EXPECT_EQ(rooms->size(), 1U);
}

TEST_F(RoomTableTest, KeepsADestroyedRoomForAReaderInside) {
  IdentityRef bob = identities.intern("bob", "example.org");
  create("chat").members.add(*bob, 0);
  bob = {};
  {
    const EpochGuard guard(epochs, 0);
    const Room& room = *find("chat");
    rooms->destroy(*find("chat"));
    for (int i = 0; i < 10; ++i) epochs.collect();
    EXPECT_EQ(room.key(), "chat@example.org");
    room.members.for_each(
        [](const Member& member) { EXPECT_EQ(member.who->key(), "bob@example.org"); });
    EXPECT_EQ(identities.size(), 1U);
  }
  epochs.collect();
  EXPECT_EQ(identities.size(), 0U);
  epochs.collect();
  EXPECT_EQ(epochs.retired(), 0U);
}

// Rooms that nobody collected yet, and rooms that are still there, give back their members.
TEST_F(RoomTableTest, EndsWithNothingLeftBehind) {
  const IdentityRef bob = identities.intern("bob", "example.org");
  for (int i = 0; i < 10; ++i) create(std::to_string(i)).members.add(*bob, 0);
  for (int i = 0; i < 5; ++i) rooms->destroy(*find(std::to_string(i)));
  EXPECT_EQ(bob->references, 11U);
  rooms.reset();
  EXPECT_EQ(bob->references, 1U);
  EXPECT_EQ(bob->rooms, 0U);
}

TEST_F(RoomTableTest, FindsAllThroughManyGrowths) {
  for (int i = 0; i < 5000; ++i) {
    create("room" + std::to_string(i));
    epochs.collect();
  }
  std::set<std::string> seen;
  rooms->for_each([&seen](const Room& room) { seen.insert(std::string(room.key())); });
  EXPECT_EQ(seen.size(), 5000U);
  for (int i = 0; i < 5000; ++i) ASSERT_NE(find("ROOM" + std::to_string(i)), nullptr) << i;
}

TEST_F(RoomTableTest, EndsAGrowthByItself) {
  for (int i = 0; !rooms->growing(); ++i) create("room" + std::to_string(i));
  while (rooms->growing()) rooms->grow_slice();
  for (std::size_t i = 0; i < rooms->size(); ++i)
    EXPECT_NE(find("room" + std::to_string(i)), nullptr);
}

TEST_F(RoomTableTest, WalksAllRoomsByACursor) {
  std::vector<const Room*> expected;
  for (int i = 0; i < 100; ++i) expected.push_back(&create(std::to_string(i)));
  std::vector<const Room*> seen;
  std::size_t cursor = 0;
  while (const Room* const room = rooms->next(cursor)) seen.push_back(room);
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(rooms->next(cursor), nullptr);
  cursor = ~std::size_t{0};
  EXPECT_EQ(rooms->next(cursor), nullptr);
}

// Rooms come and go between the steps: each that was there all the time is seen, and none twice.
TEST_F(RoomTableTest, WalkSeesLastingRoomsOnceWhileOthersComeAndGo) {
  Random random({6, 6});
  std::map<std::string, std::uint64_t> here;
  for (int walk = 0; walk < 50; ++walk) {
    std::set<std::uint64_t> lasting;
    for (const auto& [name, serial] : here) lasting.insert(serial);
    std::set<std::uint64_t> seen;
    std::size_t cursor = 0;
    while (const Room* const room = rooms->next(cursor)) {
      ASSERT_TRUE(seen.insert(room->serial).second) << room->key();
      for (int change = 0; change < 4; ++change) {
        const std::string name = std::to_string(random.below(300));
        if (const auto at = here.find(name); at == here.end()) {
          here[name] = create(name).serial;
        } else if (random.below(2) == 0) {
          lasting.erase(at->second);
          rooms->destroy(*find(name));
          here.erase(at);
        }
      }
      epochs.collect();
    }
    for (const std::uint64_t serial : lasting) ASSERT_TRUE(seen.contains(serial));
    ASSERT_EQ(rooms->size(), here.size());
    if (here.empty()) here["0"] = create("0").serial;
  }
  EXPECT_GT(here.size(), 100U);
}

TEST_F(RoomTableTest, SameSeedAndChangesGiveTheSameWalk) {
  RoomTable other({9, 9}, 6, identities, epochs);
  for (const int i : {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5}) {
    const std::string name = std::to_string(i);
    if (const Room* const room = find(name)) {
      rooms->destroy(*room);
      other.destroy(*other.find(name + "@example.org"));
    } else {
      create(name);
      other.create(other.key(*parser::parse_uri("sip:" + name + "@example.org")), name,
                   "example.org", false);
    }
  }
  std::size_t cursor = 0;
  std::size_t other_cursor = 0;
  while (const Room* const room = rooms->next(cursor)) {
    const Room* const same = other.next(other_cursor);
    ASSERT_NE(same, nullptr);
    EXPECT_EQ(room->key(), same->key()) << "neither hash key nor table size decides the order";
  }
  EXPECT_EQ(other.next(other_cursor), nullptr);
}

TEST(RoomTableDeathTest, MakingARoomTwiceIsABrokenInvariant) {
  Epochs epochs;
  IdentityTable identities({1, 2}, epochs);
  RoomTable rooms({3, 4}, 4, identities, epochs);
  const RoomKey key = rooms.key(*parser::parse_uri("sip:chat@example.org"));
  rooms.create(key, "chat", "example.org", false);
  EXPECT_DEATH(rooms.create(key, "Chat", "example.org", false), "invariant broken");
}

TEST(RoomTableDeathTest, AKeyOfAnAddressWithoutUserIsABrokenInvariant) {
  Epochs epochs;
  IdentityTable identities({1, 2}, epochs);
  const RoomTable rooms({3, 4}, 4, identities, epochs);
  EXPECT_DEATH((void)rooms.key(*parser::parse_uri("sip:example.org")), "invariant broken");
}

}  // namespace
}  // namespace imcd::imc
