#include "delivery/origins.h"

#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace imcd::delivery {
namespace {

TEST(Origins, OneIsThereWhileATextOfItIs) {
  Origins origins(1024);
  Origin& room = origins.open(17);
  EXPECT_EQ(&origins.open(17), &room);
  EXPECT_EQ(room.texts, 2U);
  origins.close(room);
  EXPECT_EQ(std::as_const(origins).find(17), &room);
  origins.close(room);
  EXPECT_EQ(std::as_const(origins).find(17), nullptr);
  EXPECT_EQ(origins.size(), 0U);
}

TEST(Origins, WhatIsHeldDoesNotOutliveTheOrigin) {
  Origins origins(1024);
  Origin& first = origins.open(1);
  first.bytes = 100;
  origins.close(first);
  EXPECT_EQ(origins.open(2).bytes, 0U);
}

// Each takes as much as it may, in turn.
std::vector<std::size_t> shares_of(std::size_t greedy, std::size_t all) {
  std::vector<std::size_t> held(greedy);
  std::size_t free = all;
  for (bool more = true; more;) {
    more = false;
    for (std::size_t& mine : held) {
      if (mine > 0 && !Origins::may_take(mine, 1, free)) continue;
      ++mine;
      --free;
      more = true;
    }
  }
  return held;
}

TEST(Origins, GreedyOnesHaveEqualSharesAndLeaveOne) {
  for (const std::size_t greedy : {1U, 2U, 9U}) {
    const auto held = shares_of(greedy, 10000);
    std::size_t sum = 0;
    for (const std::size_t mine : held) {
      EXPECT_NEAR(static_cast<double>(mine), 10000.0 / static_cast<double>(greedy + 1), 2);
      sum += mine;
    }
    EXPECT_TRUE(Origins::may_take(0, 10000 - sum, 10000 - sum)) << "a new one takes what is left";
  }
}

TEST(Origins, NobodyTakesMoreThanIsFree) {
  EXPECT_TRUE(Origins::may_take(0, 10, 10));
  EXPECT_FALSE(Origins::may_take(0, 11, 10));
  EXPECT_FALSE(Origins::may_take(6, 5, 10));
}

}  // namespace
}  // namespace imcd::delivery
