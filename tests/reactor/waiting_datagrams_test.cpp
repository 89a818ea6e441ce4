#include "reactor/waiting_datagrams.h"

#include <gtest/gtest.h>
#include <string>

#include "reactor/budget.h"

namespace imcd::reactor {
namespace {

Address peer(std::uint16_t port) { return Address::ipv4({127, 0, 0, 1}, port); }

TEST(WaitingDatagrams, KeepOrderPeersAndBytes) {
  WaitingDatagrams waiting;
  EXPECT_TRUE(waiting.empty());
  ASSERT_TRUE(waiting.push(peer(1), "first"));
  ASSERT_TRUE(waiting.push(peer(2), ""));
  ASSERT_TRUE(waiting.push(peer(3), "third"));
  EXPECT_EQ(waiting.size(), 3U);
  waiting.pop(1);
  EXPECT_EQ(waiting.bytes(0), "");
  EXPECT_EQ(waiting.peer(0), peer(2));
  EXPECT_EQ(waiting.bytes(1), "third");
  waiting.pop(2);
  EXPECT_TRUE(waiting.empty());
}

TEST(WaitingDatagrams, LongQueueThatNeverEmptiesStaysWithinItsBound) {
  WaitingDatagrams waiting;
  const std::string padding(1000, '.');
  std::size_t pushed = 0;
  std::size_t popped = 0;
  for (; pushed < 100; ++pushed) {
    ASSERT_TRUE(waiting.push(peer(1), std::to_string(pushed) + padding));
  }
  // Far more than the bound passes through.
  while (popped < 3 * budget::waiting_bytes_max / padding.size()) {
    ASSERT_EQ(waiting.bytes(0), std::to_string(popped++) + padding);
    waiting.pop(1);
    ASSERT_TRUE(waiting.push(peer(1), std::to_string(pushed++) + padding));
    ASSERT_LT(waiting.held_bytes(), 250 * 2 * padding.size());
  }
  EXPECT_EQ(waiting.size(), 100U);
}

TEST(WaitingDatagrams, EmptyDatagramsAreBoundedToo) {
  WaitingDatagrams waiting;
  std::size_t count = 0;
  while (waiting.push(peer(1), "")) ASSERT_LT(++count, budget::waiting_bytes_max);
  EXPECT_EQ(waiting.size(), count);
  waiting.pop(1);
  EXPECT_TRUE(waiting.push(peer(1), ""));
}

}  // namespace
}  // namespace imcd::reactor
