#include "imc/room.h"

#include <gtest/gtest.h>
#include <memory>

namespace imcd::imc {
namespace {

class RoomTest : public testing::Test {
 protected:
  IdentityRef user(std::string_view name) { return identities.intern(name, "example.org"); }

  Epochs epochs;
  IdentityTable identities{HashKey{1, 2}, epochs};
  std::unique_ptr<Room> room = std::make_unique<Room>(7, "chat@example.org", "Chat", "Example.org",
                                                      false, 1, identities, epochs);
};

TEST_F(RoomTest, IsNamedByTheFirstSpellingAndFoundByTheFoldedOne) {
  EXPECT_EQ(room->key(), "chat@example.org");
  EXPECT_EQ(room->uri(), "sip:Chat@Example.org");
  EXPECT_EQ(room->address(), "Chat@Example.org");
  EXPECT_EQ(room->name(), "Chat");
  EXPECT_EQ(room->domain(), "Example.org");
}

TEST_F(RoomTest, MayBecomePrivate) {
  EXPECT_FALSE(room->is_private());
  room->set_private(true);
  EXPECT_TRUE(room->is_private());
}

TEST_F(RoomTest, HasNoOwnerWithoutTheFlag) {
  EXPECT_EQ(room->owner(), nullptr);
  room->members.add(*user("alice"), records::member_flag::admin);
  // A damaged database may call an invited user the owner.
  room->members.add(*user("bob"), records::member_flag::owner | records::member_flag::invited);
  EXPECT_EQ(room->owner(), nullptr);
}

TEST_F(RoomTest, IsOwnedByTheFirstOwner) {
  const IdentityRef bob = user("bob");
  room->members.add(*user("alice"), 0);
  room->members.add(*bob, records::member_flag::owner);
  room->members.add(*user("carol"), records::member_flag::owner);
  EXPECT_EQ(room->owner(), bob.get());
  room->members.remove(*room->members.find(*bob));
  EXPECT_EQ(room->owner(), user("carol").get());
}

TEST_F(RoomTest, TellsTheInviterOnce) {
  const IdentityRef alice = user("alice");
  const IdentityRef bob = user("bob");
  const IdentityRef carol = user("carol");
  room->members.add(*alice, records::member_flag::owner);
  room->members.add(*bob, records::member_flag::admin);
  room->members.add(*carol, records::member_flag::invited);
  room->invitations.add(carol, bob, {});
  EXPECT_EQ(room->inviter_of(*carol), bob.get());
  EXPECT_TRUE(room->invitations.take(*carol));
  EXPECT_EQ(room->invitations.find(*carol), nullptr);
  EXPECT_EQ(room->inviter_of(*carol), alice.get()) << "the owner instead";
}

TEST_F(RoomTest, WithoutInviterAndOwnerTellsNobody) {
  const IdentityRef carol = user("carol");
  room->members.add(*carol, records::member_flag::invited);
  EXPECT_EQ(room->inviter_of(*carol), nullptr);
}

TEST_F(RoomTest, LetsGoOfEverybodyWhenItIsDestroyed) {
  for (const char* const name : {"alice", "bob", "carol"}) room->members.add(*user(name), 0);
  room->invitations.add(user("dave"), user("alice"), {});
  EXPECT_EQ(identities.size(), 4U);
  room.reset();
  EXPECT_EQ(identities.size(), 0U);
}

}  // namespace
}  // namespace imcd::imc
