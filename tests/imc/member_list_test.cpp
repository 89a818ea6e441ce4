#include "imc/member_list.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace imcd::imc {
namespace {

using Entries = std::vector<std::pair<const Identity*, std::uint32_t>>;

Entries entries_of(const MemberList& list) {
  Entries entries;
  list.for_each(
      [&entries](const Member& member) { entries.emplace_back(member.who, member.flags.load()); });
  return entries;
}

class MemberListTest : public testing::Test {
 protected:
  MemberListTest() {
    for (int i = 0; i < 300; ++i) {
      users.push_back(identities.intern("user" + std::to_string(i), "example.org"));
    }
  }
  Identity& user(std::size_t i) { return *users[i]; }
  void add(std::size_t i, std::uint32_t flags = 0) { list->add(user(i), flags); }
  void remove(std::size_t i) { list->remove(*list->find(user(i))); }
  // All that a list may hold of an identity is given back.
  void expect_released() {
    for (const IdentityRef& who : users) {
      ASSERT_EQ(who->references, 1U) << who->key();
      ASSERT_EQ(who->rooms, 0U) << who->key();
    }
    epochs.collect();
    EXPECT_EQ(epochs.retired(), 0U);
  }

  Epochs epochs;
  IdentityTable identities{HashKey{1, 2}, epochs};
  std::vector<IdentityRef> users;
  std::unique_ptr<MemberList> list = std::make_unique<MemberList>(identities, epochs);
};

TEST_F(MemberListTest, IsEmptyAtFirst) {
  EXPECT_EQ(list->members(), 0U);
  EXPECT_EQ(list->invited(), 0U);
  EXPECT_EQ(list->find(user(0)), nullptr);
  EXPECT_TRUE(entries_of(*list).empty());
  list.reset();
  expect_released();
}

TEST_F(MemberListTest, KeepsTheOrderOfJoining) {
  Entries expected;
  for (std::size_t i = 300; i > 0; --i) {
    add(i - 1, records::member_flag::admin);
    expected.emplace_back(&user(i - 1), records::member_flag::admin);
    ASSERT_EQ(entries_of(*list), expected);
    ASSERT_NE(list->find(user(i - 1)), nullptr);
    ASSERT_EQ(list->find(user(i - 1))->who, &user(i - 1));
  }
  EXPECT_EQ(list->members(), 300U);
}

TEST_F(MemberListTest, PutsOneWhoComesBackAtTheEnd) {
  add(0);
  add(1);
  remove(0);
  add(0, records::member_flag::owner);
  EXPECT_EQ(entries_of(*list), (Entries{{&user(1), 0}, {&user(0), records::member_flag::owner}}));
  EXPECT_TRUE(list->find(user(0))->is(records::member_flag::owner));
  EXPECT_EQ(user(0).rooms, 1U);
}

TEST_F(MemberListTest, CountsMembersAndInvitedByThemselves) {
  add(0, records::member_flag::owner);
  add(1, records::member_flag::invited);
  add(2, member_joining);
  EXPECT_EQ(list->members(), 2U);
  EXPECT_EQ(list->invited(), 1U);
  list->set_flags(*list->find(user(1)), member_joining);
  EXPECT_EQ(list->members(), 3U);
  EXPECT_EQ(list->invited(), 0U);
  list->set_flags(*list->find(user(0)), records::member_flag::admin);
  EXPECT_EQ(list->members(), 3U);
  list->set_flags(*list->find(user(2)), records::member_flag::invited);
  EXPECT_EQ(list->members(), 2U);
  EXPECT_EQ(list->invited(), 1U);
  remove(2);
  remove(0);
  EXPECT_EQ(list->members(), 1U);
  EXPECT_EQ(list->invited(), 0U);
}

TEST_F(MemberListTest, TellsWhoGetsChat) {
  add(0);
  add(1, records::member_flag::invited);
  add(2, member_joining);
  add(3, records::member_flag::owner | records::member_flag::admin | records::member_flag::skip);
  EXPECT_TRUE(list->find(user(0))->gets_chat());
  EXPECT_FALSE(list->find(user(1))->gets_chat());
  EXPECT_FALSE(list->find(user(1))->is_member());
  EXPECT_FALSE(list->find(user(2))->gets_chat()) << "not before the commit";
  EXPECT_TRUE(list->find(user(2))->is_member());
  EXPECT_TRUE(list->find(user(3))->gets_chat());
}

TEST_F(MemberListTest, HoldsItsMembersAlive) {
  users.resize(1);
  epochs.collect();
  IdentityRef bob = identities.intern("bob", "example.org");
  Identity& identity = *bob;
  list->add(identity, 0);
  bob = {};
  EXPECT_EQ(list->find(identity)->who->key(), "bob@example.org");
  EXPECT_EQ(identities.size(), 2U);
  list->remove(*list->find(identity));
  EXPECT_EQ(identities.size(), 1U);
  EXPECT_EQ(epochs.retired(), 2U) << "the block and bob, whom a reader may still see";
  expect_released();
}

TEST_F(MemberListTest, ForgetsTheLastMemberAtOnce) {
  add(0);
  remove(0);
  EXPECT_TRUE(entries_of(*list).empty());
  EXPECT_EQ(list->find(user(0)), nullptr);
  expect_released();
}

TEST_F(MemberListTest, LetsGoOfAllWhenHalfOfManyHaveLeft) {
  for (std::size_t i = 0; i < 100; ++i) add(i);
  for (std::size_t i = 0; i < 51; ++i) remove(i);
  for (std::size_t i = 0; i < 51; ++i) EXPECT_EQ(user(i).references, 1U) << i;
  for (std::size_t i = 51; i < 100; ++i) {
    EXPECT_EQ(user(i).references, 2U) << i;
    EXPECT_NE(list->find(user(i)), nullptr) << i;
  }
}

TEST_F(MemberListTest, IsWalkedSafelyWhileTheWalkerChangesIt) {
  for (std::size_t i = 0; i < 100; ++i) add(i);
  const EpochGuard guard(epochs, 0);
  std::size_t visited = 0;
  list->for_each([&](const Member& member) {
    ++visited;
    list->remove(*list->find(*member.who));
    epochs.collect();
  });
  EXPECT_EQ(visited, 100U);
  EXPECT_EQ(list->members(), 0U);
}

TEST_F(MemberListTest, KeepsWhatAReaderMaySee) {
  for (std::size_t i = 0; i < 40; ++i) add(i);
  users.clear();
  {
    const EpochGuard guard(epochs, 0);
    // A reader stands in the block that is now replaced.
    std::vector<const Member*> seen;
    list->for_each([&seen](const Member& member) { seen.push_back(&member); });
    for (const Member* const member : seen) {
      list->remove(*list->find(*member->who));
      epochs.collect();
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i]->who->key(), "user" + std::to_string(i) + "@example.org");
    }
    EXPECT_EQ(identities.size(), 0U);
    EXPECT_GT(epochs.retired(), 40U);
  }
  epochs.collect();
  EXPECT_EQ(epochs.retired(), 0U);
}

TEST_F(MemberListTest, GivesEverythingBackWhenDestroyed) {
  for (std::size_t i = 0; i < 300; ++i) add(i, i % 3 == 0 ? records::member_flag::invited : 0);
  for (std::size_t i = 0; i < 100; ++i) remove(i);
  EXPECT_EQ(user(299).rooms, 1U);
  list.reset();
  expect_released();
}

TEST_F(MemberListTest, WalksInPiecesFromANumberOn) {
  for (std::size_t i = 0; i < 100; ++i) add(i);
  std::vector<const Identity*> seen;
  std::uint32_t next = 0;
  for (std::size_t before = ~std::size_t{0}; seen.size() != before;) {
    before = seen.size();
    list->for_each_from(next, [&](const Member& member) {
      seen.push_back(member.who);
      next = member.number + 1;
      return seen.size() % 7 != 0;
    });
    // Between two pieces people leave, seen and unseen, and others come.
    if (before == 14) {
      for (std::size_t i = 0; i < 60; i += 2) remove(i);
      for (std::size_t i = 100; i < 200; ++i) add(i);
    }
  }
  std::vector<const Identity*> expected;
  for (std::size_t i = 0; i < 200; ++i) {
    if (i < 21 || i >= 60 || i % 2 == 1) expected.push_back(&user(i));
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(MemberListTest, WalkFromANumberBehindTheLastVisitsNobody) {
  std::size_t visited = 0;
  const auto visit = [&visited](const Member& /*member*/) { return ++visited != 0; };
  list->for_each_from(0, visit);
  add(0);
  list->for_each_from(list->find(user(0))->number + 1, visit);
  list->for_each_from(~std::uint32_t{0}, visit);
  EXPECT_EQ(visited, 0U);
  list->for_each_from(0, visit);
  EXPECT_EQ(visited, 1U);
}

TEST_F(MemberListTest, DoesAsAVectorDoesThroughRandomChanges) {
  Random random({4, 4});
  Entries model;
  constexpr std::uint32_t flags[] = {0, records::member_flag::owner, records::member_flag::admin,
                                     records::member_flag::invited, member_joining};
  std::size_t most = 0;
  for (int step = 0; step < 30000; ++step) {
    // The room fills, then empties, again and again.
    const bool filling = step / 1500 % 2 == 0;
    Identity& who = user(random.below(users.size()));
    const std::uint32_t flag = flags[random.below(std::size(flags))];
    const auto at = std::ranges::find(model, &who, &Entries::value_type::first);
    Member* const member = list->find(who);
    ASSERT_EQ(member != nullptr, at != model.end());
    if (member == nullptr) {
      if (!filling && random.below(4) != 0) continue;
      list->add(who, flag);
      model.emplace_back(&who, flag);
    } else if (random.below(3) == 0) {
      list->set_flags(*member, flag);
      at->second = flag;
    } else if (!filling || random.below(4) == 0) {
      list->remove(*member);
      model.erase(at);
    }
    epochs.collect();
    most = std::max(most, model.size());
    const auto invited = static_cast<std::uint32_t>(
        std::ranges::count(model, records::member_flag::invited, &Entries::value_type::second));
    ASSERT_EQ(list->invited(), invited);
    ASSERT_EQ(list->members(), model.size() - invited);
    if (step % 20 == 0) {
      ASSERT_EQ(entries_of(*list), model);
    }
  }
  EXPECT_GT(most, 200U);
  for (const IdentityRef& who : users) {
    const bool is_here =
        std::ranges::find(model, who.get(), &Entries::value_type::first) != model.end();
    EXPECT_EQ(who->rooms, is_here ? 1U : 0U);
  }
  list.reset();
  expect_released();
}

TEST(MemberListDeathTest, RemovingTwiceIsABrokenInvariant) {
  Epochs epochs;
  IdentityTable identities({1, 2}, epochs);
  MemberList list(identities, epochs);
  const IdentityRef a = identities.intern("a", "example.org");
  const IdentityRef b = identities.intern("b", "example.org");
  list.add(*a, 0);
  list.add(*b, 0);
  Member& member = *list.find(*a);
  list.remove(member);
  EXPECT_DEATH(list.remove(member), "invariant broken");
  EXPECT_DEATH(list.add(*a, records::member_flag::deleted), "invariant broken");
}

}  // namespace
}  // namespace imcd::imc
