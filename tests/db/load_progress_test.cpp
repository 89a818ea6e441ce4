#include "db/load_progress.h"

#include <gtest/gtest.h>

namespace imcd::db {
namespace {

constexpr MonoTime start{};

TEST(LoadProgress, SaysShareRateAndTimeLeft) {
  LoadProgress progress(2'000'000, start);
  progress.add(700'000);
  progress.add(500'000);
  EXPECT_EQ(progress.text(start + 3s),
            "1,200,000 of about 2,000,000 rows (60 %), 400,000 a second, 2 s left");
}

TEST(LoadProgress, SaysRowsAndRateWhereNobodyKnowsHowMany) {
  LoadProgress progress(0, start);
  progress.add(999);
  EXPECT_EQ(progress.text(start + 1s), "999 rows, 999 a second");
}

TEST(LoadProgress, IsNeverDoneBeforeTheEndHoweverWrongTheEstimateWas) {
  LoadProgress progress(1000, start);
  EXPECT_EQ(progress.text(start), "0 of about 1,000 rows (0 %), 0 a second");
  progress.add(5000);
  EXPECT_EQ(progress.text(start + 1s),
            "5,000 of about 1,000 rows (99 %), 5,000 a second, 1 s left");
}

TEST(LoadProgress, TimeLeftIsRoundedUp) {
  LoadProgress progress(1000, start);
  progress.add(900);
  EXPECT_EQ(progress.text(start + 9s), "900 of about 1,000 rows (90 %), 100 a second, 1 s left");
}

TEST(LoadProgress, IsDueOncePerInterval) {
  LoadProgress progress(1000, start);
  EXPECT_FALSE(progress.is_due(start, 5s));
  EXPECT_FALSE(progress.is_due(start + 4s, 5s));
  EXPECT_TRUE(progress.is_due(start + 6s, 5s));
  EXPECT_FALSE(progress.is_due(start + 10s, 5s));
  EXPECT_TRUE(progress.is_due(start + 11s, 5s));
}

}  // namespace
}  // namespace imcd::db
