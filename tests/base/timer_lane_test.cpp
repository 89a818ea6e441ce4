#include "base/timer_lane.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <list>
#include <utility>
#include <vector>

#include "base/random.h"

namespace imcd {
namespace {

struct Nodes {
  explicit Nodes(std::size_t size) : nodes(size) {}
  TimerNode& timer(std::uint32_t slot) { return nodes[slot]; }
  std::vector<TimerNode> nodes;
};

constexpr MonoTime start{1000s};

// Four timers, 0 to 3, armed a millisecond apart.
class FourTimers : public testing::Test {
 protected:
  FourTimers() {
    for (std::uint32_t slot = 0; slot < 4; ++slot) lane.arm(nodes, slot, start + slot * 1ms);
  }

  std::vector<std::uint32_t> pop_all(MonoTime now) {
    std::vector<std::uint32_t> slots;
    while (const auto slot = lane.pop_due(nodes, now)) slots.push_back(*slot);
    return slots;
  }

  Nodes nodes{4};
  TimerLane lane{500ms};
};

using Slots = std::vector<std::uint32_t>;

TEST(TimerLane, IsEmptyAtFirst) {
  Nodes nodes(1);
  TimerLane lane(500ms);
  EXPECT_TRUE(lane.empty());
  EXPECT_EQ(lane.next_deadline(nodes), std::nullopt);
  EXPECT_EQ(lane.pop_due(nodes, MonoTime::max()), std::nullopt);
}

TEST(TimerLane, IsDueAtItsDeadlineAndNotBefore) {
  Nodes nodes(1);
  TimerLane lane(500ms);
  lane.arm(nodes, 0, start);
  EXPECT_EQ(lane.next_deadline(nodes), start + 500ms);
  EXPECT_EQ(lane.pop_due(nodes, start + 500ms - 1ns), std::nullopt);
  EXPECT_EQ(lane.pop_due(nodes, start + 500ms), 0U);
  EXPECT_TRUE(lane.empty());
  EXPECT_EQ(lane.pop_due(nodes, start + 500ms), std::nullopt);
}

TEST_F(FourTimers, ComeInTheOrderOfArming) {
  EXPECT_EQ(pop_all(start + 501ms), (Slots{0, 1}));
  EXPECT_EQ(lane.next_deadline(nodes), start + 502ms);
  EXPECT_EQ(pop_all(start + 1h), (Slots{2, 3}));
  EXPECT_EQ(lane.next_deadline(nodes), std::nullopt);
}

TEST_F(FourTimers, CancelledAtTheHeadTheNextOneIsTheDeadline) {
  lane.cancel(nodes, 0);
  EXPECT_EQ(lane.next_deadline(nodes), start + 501ms);
  EXPECT_EQ(pop_all(start + 1h), (Slots{1, 2, 3}));
}

TEST_F(FourTimers, CancelledInTheMiddleTheOthersKeepTheirOrder) {
  lane.cancel(nodes, 2);
  lane.cancel(nodes, 1);
  EXPECT_EQ(lane.next_deadline(nodes), start + 500ms);
  EXPECT_EQ(pop_all(start + 1h), (Slots{0, 3}));
}

TEST_F(FourTimers, CancelledAtTheTailTheNextArmedFollowsTheOneBefore) {
  lane.cancel(nodes, 3);
  lane.arm(nodes, 3, start + 1s);
  lane.cancel(nodes, 3);
  lane.arm(nodes, 3, start + 2s);
  EXPECT_EQ(pop_all(start + 1h), (Slots{0, 1, 2, 3}));
}

TEST_F(FourTimers, AllCancelledLeaveNothing) {
  for (const std::uint32_t slot : {1U, 3U, 0U, 2U}) lane.cancel(nodes, slot);
  EXPECT_TRUE(lane.empty());
  EXPECT_EQ(lane.next_deadline(nodes), std::nullopt);
  lane.arm(nodes, 2, start + 1s);
  EXPECT_EQ(pop_all(start + 1h), Slots{2});
}

TEST_F(FourTimers, ArmedAgainGoToTheEnd) {
  lane.cancel(nodes, 1);
  lane.arm(nodes, 1, start + 3ms);
  EXPECT_EQ(pop_all(start + 1h), (Slots{0, 2, 3, 1}));
}

TEST(TimerLane, ArmedAndCancelledAtRandomKeepsArmingOrder) {
  constexpr std::uint32_t slots = 200;
  Random random({7, 7});
  Nodes nodes(slots);
  TimerLane lane(50ms);
  std::list<std::pair<std::uint32_t, MonoTime>> model;
  MonoTime now = start;
  for (int step = 0; step < 50000; ++step) {
    now += random.below(3) * 1ms;
    const auto slot = static_cast<std::uint32_t>(random.below(slots));
    const auto armed =
        std::ranges::find(model, slot, [](const auto& timer) { return timer.first; });
    if (armed == model.end()) {
      lane.arm(nodes, slot, now);
      model.emplace_back(slot, now + 50ms);
    } else if (random.below(2) == 0) {
      lane.cancel(nodes, slot);
      model.erase(armed);
    }
    while (const auto due = lane.pop_due(nodes, now)) {
      ASSERT_FALSE(model.empty());
      ASSERT_EQ(*due, model.front().first);
      ASSERT_LE(model.front().second, now);
      model.pop_front();
    }
    ASSERT_EQ(lane.empty(), model.empty());
    if (!model.empty()) {
      ASSERT_EQ(lane.next_deadline(nodes), model.front().second);
    }
  }
}

TEST(TimerLaneDeathTest, TimeThatGoesBackIsABrokenInvariant) {
  Nodes nodes(2);
  TimerLane lane(500ms);
  lane.arm(nodes, 0, start);
  EXPECT_DEATH(lane.arm(nodes, 1, start - 1ns), "invariant broken");
}

TEST(Earlier, TakesTheOneThatIsThere) {
  EXPECT_EQ(earlier(std::nullopt, std::nullopt), std::nullopt);
  EXPECT_EQ(earlier(start, std::nullopt), start);
  EXPECT_EQ(earlier(std::nullopt, start), start);
  EXPECT_EQ(earlier(start + 1s, start), start);
  EXPECT_EQ(earlier(start, start + 1s), start);
}

}  // namespace
}  // namespace imcd
