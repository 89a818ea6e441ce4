#include "delivery/pace.h"

#include <gtest/gtest.h>

namespace imcd::delivery {
namespace {

class PaceTest : public testing::Test {
 protected:
  // A second in which 2,000 are sent; of `slow` of them the answer comes so long after the first
  // copy, of the others at once. With `lost`, so many are lost once, and answered as fast as
  // others.
  void second(int slow, Duration slow_after, int lost = 0) {
    const MonoTime begin = now;
    for (int i = 0; i < 2000; ++i) pace.on_sent(begin);
    for (int i = slow + lost; i < 2000; ++i) pace.on_answered(usual);
    now = begin + limits::timer_t1;
    for (int i = 0; i < slow + lost; ++i) pace.on_lost(now);
    for (int i = 0; i < lost; ++i) EXPECT_FALSE(pace.on_late_answer(now, usual));
    for (int i = 0; i < slow; ++i) {
      EXPECT_TRUE(pace.on_late_answer(now, slow_after - limits::timer_t1));
    }
    now = begin + 1s;
  }

  Pace pace;
  MonoTime now{1000s};
  Duration usual = 4ms;
};

TEST_F(PaceTest, LossesSlowIt) {
  for (int i = 0; i < 4; ++i) second(0, {}, 200);
  EXPECT_GE(pace.current(), 8 * limits::hop_pace);
  for (int i = 0; i < 20; ++i) second(0, {}, 200);
  EXPECT_EQ(pace.current(), limits::hop_pace_longest);
}

TEST_F(PaceTest, SlowAnswersAreNoLosses) {
  for (const Duration after : {Duration(520ms), Duration(600ms), Duration(900ms)}) {
    for (int i = 0; i < 10; ++i) second(600, after);
    EXPECT_EQ(pace.current(), limits::hop_pace) << after / 1ms;
  }
}

TEST_F(PaceTest, LossesAmongSlowAnswersSlowIt) {
  for (int i = 0; i < 4; ++i) second(600, 600ms, 200);
  EXPECT_GE(pace.current(), 8 * limits::hop_pace);
}

TEST_F(PaceTest, ASlowingThatSlowAnswersCausedIsUndone) {
  for (int i = 0; i < 2000; ++i) pace.on_sent(now);
  const MonoTime lost_at = now + limits::timer_t1;
  for (int i = 0; i < 600; ++i) pace.on_lost(lost_at);
  now += 1100ms;
  pace.on_sent(now);
  EXPECT_EQ(pace.current(), 2 * limits::hop_pace);
  for (int i = 0; i < 600; ++i) EXPECT_TRUE(pace.on_late_answer(lost_at, 700ms));
  EXPECT_EQ(pace.current(), limits::hop_pace);
}

// Each second's are answered three seconds after.
TEST_F(PaceTest, MembersWhoAreAlwaysSecondsLateDoNotSlowItForGood) {
  for (int i = 0; i < 40; ++i) {
    for (int k = 0; k < 2000; ++k) pace.on_sent(now);
    for (int k = 0; k < 600; ++k) pace.on_lost(now + limits::timer_t1);
    if (i >= 3) {
      for (int k = 0; k < 600; ++k) {
        pace.on_late_answer(now + limits::timer_t1 - 3s, 1500ms);
      }
    }
    now += 1s;
  }
  EXPECT_LE(pace.current(), 8 * limits::hop_pace);
}

TEST_F(PaceTest, CleanSecondsMakeItFastAgain) {
  for (int i = 0; i < 4; ++i) second(0, {}, 200);
  for (int i = 0; i < 20; ++i) second(0, {});
  EXPECT_EQ(pace.current(), limits::hop_pace);
}

}  // namespace
}  // namespace imcd::delivery
