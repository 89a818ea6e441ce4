#include "db/spsc_ring.h"

#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <vector>

namespace imcd::db {
namespace {

TEST(SpscRing, GivesBackInOrderWhatItTook) {
  SpscRing<int, 4> ring;
  EXPECT_FALSE(ring.pop());
  for (int round = 0; round < 10; ++round) {
    ring.push(1);
    ring.push(2);
    ring.push(3);
    EXPECT_EQ(ring.pop(), 1);
    EXPECT_EQ(ring.pop(), 2);
    EXPECT_EQ(ring.pop(), 3);
    EXPECT_FALSE(ring.pop());
  }
}

TEST(SpscRing, IsFullWithAsManyAsItHasSlots) {
  SpscRing<int, 2> ring;
  for (int round = 0; round < 3; ++round) {
    EXPECT_FALSE(ring.is_full());
    ring.push(1);
    EXPECT_FALSE(ring.is_full());
    ring.push(2);
    EXPECT_TRUE(ring.is_full());
    EXPECT_EQ(ring.pop(), 1);
    EXPECT_FALSE(ring.is_full());
    EXPECT_EQ(ring.pop(), 2);
  }
}

TEST(SpscRingDeathTest, PushIntoAFullRingIsABrokenInvariant) {
  SpscRing<int, 1> ring;
  ring.push(1);
  EXPECT_DEATH(ring.push(2), "is_full");
}

TEST(SpscRing, KeepsNothingOfWhatWasPopped) {
  SpscRing<std::shared_ptr<int>, 2> ring;
  auto value = std::make_shared<int>(7);
  ring.push(std::shared_ptr(value));
  EXPECT_EQ(**ring.pop(), 7);
  EXPECT_EQ(value.use_count(), 1);
}

TEST(SpscRing, PassesEverythingBetweenTwoThreads) {
  constexpr std::size_t count = 100000;
  SpscRing<std::vector<std::size_t>, 8> ring;
  std::thread producer([&ring] {
    for (std::size_t i = 0; i < count; ++i) {
      while (ring.is_full()) std::this_thread::yield();
      ring.push({i, ~i});
    }
  });
  for (std::size_t i = 0; i < count;) {
    const auto value = ring.pop();
    if (!value) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(*value, (std::vector<std::size_t>{i, ~i}));
    ++i;
  }
  producer.join();
  EXPECT_FALSE(ring.pop());
}

}  // namespace
}  // namespace imcd::db
