// Figures that tell how long and how many.

#include <gtest/gtest.h>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

class Measured : public Commands {};

TEST_F(Measured, CommitsFromTheFirstTryOn) {
  EXPECT_EQ(code(alice, "chat", "#create"), 200);
  EXPECT_EQ(h.figures().db_commit_seconds.sum(), 1000U);  // The harness' commit_delay.
  h.database.faults.commit_failures = 1;
  EXPECT_EQ(code(bob, "chat", "#join"), 200);
  EXPECT_EQ(h.figures().db_batches_retried.value(), 1U);
  EXPECT_GE(h.figures().db_commit_seconds.sum(), 1000U + 100'000U);  // commit_retry_first.
}

TEST_F(Measured, FanOutWithoutTheSender) {
  make_room();
  ASSERT_EQ(code(carol, "chat", "#join"), 200);
  ASSERT_EQ(code(alice, "chat", "hello"), 200);
  EXPECT_EQ(h.figures().fanout_recipients.sum(), 2U);
}

TEST_F(Measured, ResponsesByTheirClass) {
  const std::uint64_t good = at(h.figures().responses_sent, StatusClass::c2xx).value();
  const std::uint64_t bad = at(h.figures().responses_sent, StatusClass::c4xx).value();
  EXPECT_EQ(code(alice, "chat", "#create"), 200);
  EXPECT_EQ(code(bob, "chat", "hello"), 403);
  EXPECT_EQ(at(h.figures().responses_sent, StatusClass::c2xx).value(), good + 1);
  EXPECT_EQ(at(h.figures().responses_sent, StatusClass::c4xx).value(), bad + 1);
}

}  // namespace
}  // namespace imcd::server
