#include "delivery/hop_lines.h"

#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace imcd::delivery {
namespace {

class HopLinesTest : public testing::Test {
 protected:
  void join(std::uint32_t origin, std::uint32_t users = 1) {
    WaitingLine& line = lines.open(ring, hop, origin);
    line.users += users;
    line.first = origin;  // So that it is not empty, and says whose it is.
  }
  // Lets one go, with so many bytes, and says of which origin.
  std::uint32_t leave(std::size_t bytes) {
    WaitingLine& line = lines.current(ring);
    const std::uint32_t origin = line.first;
    if (--line.users == 0) line.first = no_slot;
    lines.charge(ring, bytes);
    return origin;
  }

  static constexpr std::uint32_t hop = 7;
  HopLines lines{1024};
  HopRing ring;
};

TEST_F(HopLinesTest, OneOriginIsServedInOneLine) {
  join(1, 3);
  join(1);
  EXPECT_EQ(lines.size(), 1U);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(leave(500), 1U);
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(lines.size(), 0U);
}

TEST_F(HopLinesTest, AGiantRoomDelaysAnotherByOneTurn) {
  join(1, 100000);
  for (int i = 0; i < 5; ++i) leave(500);
  join(2, 10);
  std::size_t before = 0;
  while (leave(500) == 1) ++before;
  EXPECT_LE(before, 17U);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(leave(500), 2U);
  EXPECT_EQ(leave(500), 1U);
}

TEST_F(HopLinesTest, TurnsAreByBytes) {
  join(1, 100000);
  join(2, 100000);
  std::map<std::uint32_t, std::size_t> bytes;
  for (int i = 0; i < 5000; ++i) {
    const std::size_t size = lines.current(ring).first == 1 ? 20000 : 500;
    bytes[leave(size)] += size;
  }
  EXPECT_NEAR(static_cast<double>(bytes[1]), static_cast<double>(bytes[2]),
              static_cast<double>(bytes[1]) / 20);
}

TEST_F(HopLinesTest, ManyRoomsHaveTheSameShare) {
  for (std::uint32_t origin = 1; origin <= 50; ++origin) join(origin, 1000);
  std::map<std::uint32_t, int> served;
  for (int i = 0; i < 17000; ++i) ++served[leave(500)];
  for (const auto& [origin, count] : served) EXPECT_NEAR(count, 340, 20) << origin;
  EXPECT_EQ(served.size(), 50U);
}

TEST_F(HopLinesTest, HopsHaveLinesOfTheirOwn) {
  join(1);
  HopRing other;
  lines.open(other, hop + 1, 1).first = 9;
  EXPECT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines.find(hop, 1)->first, 1U);
  EXPECT_EQ(lines.find(hop + 1, 1)->first, 9U);
  EXPECT_EQ(lines.find(hop, 2), nullptr);
  leave(500);
  EXPECT_EQ(lines.find(hop, 1), nullptr);
  EXPECT_EQ(lines.find(hop + 1, 1)->first, 9U);
}

}  // namespace
}  // namespace imcd::delivery
