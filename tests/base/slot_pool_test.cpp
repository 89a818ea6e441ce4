#include "base/slot_pool.h"

#include <gtest/gtest.h>
#include <set>

namespace imcd {
namespace {

using Pool = SlotPool<int, 4>;

TEST(SlotPool, HandsOutEachSlotOnce) {
  Pool pool(1000);
  std::set<std::uint32_t> slots;
  for (int i = 0; i < 1000; ++i) slots.insert(pool.take());
  EXPECT_EQ(slots.size(), 1000U);
  EXPECT_EQ(*slots.begin(), 0U);
  EXPECT_EQ(*slots.rbegin(), 999U);
  EXPECT_EQ(pool.in_use(), 1000U);
}

TEST(SlotPool, IsFullAtItsBoundAndTakesAgainWhatWasGivenBack) {
  Pool pool(3);
  const std::uint32_t first = pool.take();
  pool.take();
  EXPECT_FALSE(pool.full());
  pool.take();
  EXPECT_TRUE(pool.full());
  pool.give_back(first);
  EXPECT_FALSE(pool.full());
  EXPECT_EQ(pool.in_use(), 2U);
  EXPECT_EQ(pool.take(), first);
  EXPECT_TRUE(pool.full());
}

TEST(SlotPool, UsesTheLastFreedSlotFirst) {
  Pool pool(100);
  for (int i = 0; i < 10; ++i) pool.take();
  pool.give_back(2);
  pool.give_back(7);
  EXPECT_EQ(pool.take(), 7U);
  EXPECT_EQ(pool.take(), 2U);
}

TEST(SlotPool, NeverMovesAnObject) {
  Pool pool(10000);
  const std::uint32_t slot = pool.take();
  pool[slot] = 42;
  const int* const place = &pool[slot];
  for (int i = 0; i < 5000; ++i) pool.take();
  EXPECT_EQ(&pool[slot], place);
  EXPECT_EQ(pool[slot], 42);
}

TEST(SlotPool, AnObjectKeepsWhatItsFormerUserLeft) {
  Pool pool(10);
  const std::uint32_t slot = pool.take();
  EXPECT_EQ(pool[slot], 0);
  pool[slot] = 42;
  pool.give_back(slot);
  EXPECT_EQ(pool[pool.take()], 42);
}

TEST(SlotPool, ContainsOnlyWhatIsAllocated) {
  Pool pool(1000);
  EXPECT_FALSE(pool.contains(0));
  pool.take();
  EXPECT_TRUE(pool.contains(0));
  EXPECT_TRUE(pool.contains(3));
  EXPECT_FALSE(pool.contains(4));
  EXPECT_FALSE(pool.contains(0xffffffff));
}

TEST(SlotPoolDeathTest, TakingFromAFullPoolIsABrokenInvariant) {
  Pool pool(1);
  pool.take();
  EXPECT_DEATH(pool.take(), "invariant broken");
  Pool none(0);
  EXPECT_TRUE(none.full());
}

}  // namespace
}  // namespace imcd
