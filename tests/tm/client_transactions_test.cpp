#include "tm/client_transactions.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/random.h"

namespace imcd::tm {
namespace {

constexpr MonoTime start{1000s};

struct Payload {
  int number = 0;
};
using Transactions = ClientTransactions<Payload>;
using Durations = std::vector<Duration>;

// What one transaction did, in time since its start.
struct Course {
  Durations retransmissions;
  Duration timeout{};
};

std::string branch_of(const Transactions& transactions, ClientTransactionId id) {
  ByteBuffer out;
  out.append(BranchCodec::cookie);
  transactions.codec().write_token(out, id);
  return std::string(out.view());
}

// Runs one transaction to its Timer F. The loop comes `lateness` after each deadline; a provisional
// response arrives at the time given.
Course run(Transactions& transactions, ClientTransactionId id, Duration lateness,
           std::optional<Duration> provisional = std::nullopt) {
  Course course;
  while (const auto deadline = transactions.next_deadline()) {
    const MonoTime now = *deadline + lateness;
    if (provisional && start + *provisional <= now) {
      transactions.on_provisional(id);
      provisional.reset();
    }
    while (const auto due = transactions.next_due(now)) {
      EXPECT_EQ(due->id, id);
      if (due->timed_out) {
        course.timeout = now - start;
        transactions.end(id);
      } else {
        course.retransmissions.push_back(now - start);
      }
    }
  }
  return course;
}

// RFC 3261 17.1.2.2 as it reads, on a clock that is never late.
Durations expected_retransmissions(std::optional<Duration> provisional = std::nullopt) {
  Durations times;
  Duration interval = 500ms;
  for (Duration at = interval; at < 32s; at += interval) {
    times.push_back(at);
    const bool is_proceeding = provisional && *provisional <= at;
    interval = is_proceeding ? Duration(4s) : std::min<Duration>(2 * interval, 4s);
  }
  return times;
}

class ClientTransaction : public testing::Test {
 protected:
  Transactions transactions{HashKey{1, 2}, 8};
};

TEST_F(ClientTransaction, TableIsSilentWhileItIsEmpty) {
  EXPECT_EQ(transactions.next_deadline(), std::nullopt);
  EXPECT_FALSE(transactions.next_due(MonoTime::max() - 1h));
  EXPECT_EQ(transactions.size(), 0U);
  EXPECT_EQ(transactions.find(""), std::nullopt);
  EXPECT_FALSE(transactions.contains({}));
}

TEST_F(ClientTransaction, RetransmitsByTimerEUntilTimerF) {
  const auto id = transactions.start({1}, start);
  const Course course = run(transactions, id, 0ms);
  EXPECT_EQ(course.retransmissions, (Durations{500ms, 1500ms, 3500ms, 7500ms, 11500ms, 15500ms,
                                               19500ms, 23500ms, 27500ms, 31500ms}));
  EXPECT_EQ(course.retransmissions, expected_retransmissions());
  EXPECT_EQ(course.timeout, 32s);
  EXPECT_EQ(transactions.size(), 0U);
}

TEST_F(ClientTransaction, HasNoTimerEOverTcp) {
  const auto id = transactions.start({1}, start, Transport::tcp);
  const auto other = transactions.start({1}, start, Transport::tcp);
  transactions.on_provisional(id);
  EXPECT_EQ(transactions.next_deadline(), start + 32s);
  EXPECT_FALSE(transactions.next_due(start + 32s - 1ns));
  for (const auto expected : {id, other}) {
    const auto due = transactions.next_due(start + 32s);
    ASSERT_TRUE(due);
    EXPECT_TRUE(due->timed_out);
    EXPECT_EQ(due->id, expected);
    transactions.end(due->id);
  }
  EXPECT_EQ(transactions.next_deadline(), std::nullopt);
}

// Each step is armed when the one before was served, so delays add up; F is never early, and late
// by no more than they are.
TEST_F(ClientTransaction, KeepsItsScheduleWhenTheLoopIsLateAtEveryStep) {
  for (const Duration lateness : {1ns, 1000000ns, 5000000ns, 20000000ns}) {
    const auto id = transactions.start({1}, start);
    const Course course = run(transactions, id, lateness);
    const Durations ideal = expected_retransmissions();
    ASSERT_EQ(course.retransmissions.size(), ideal.size());
    for (std::size_t i = 0; i < ideal.size(); ++i) {
      EXPECT_EQ(course.retransmissions[i], ideal[i] + (i + 1) * lateness);
    }
    EXPECT_GE(course.timeout, 32s);
    EXPECT_LE(course.timeout, 32s + (ideal.size() + 1) * lateness);
  }
}

TEST_F(ClientTransaction, RetransmitsEveryT2OnceAProvisionalCame) {
  for (const Duration provisional :
       {0ms, 100ms, 500ms, 600ms, 1600ms, 2000ms, 3600ms, 7000ms, 12000ms, 29000ms, 31700ms}) {
    const auto id = transactions.start({1}, start);
    const Course course = run(transactions, id, 0ms, provisional);
    EXPECT_EQ(course.retransmissions, expected_retransmissions(provisional)) << provisional.count();
    EXPECT_EQ(course.timeout, 32s) << provisional.count();
  }
}

TEST_F(ClientTransaction, TimesOutWhenProceedingOnALateLoopToo) {
  for (const Duration provisional : {100ms, 600ms, 2000ms, 9000ms}) {
    for (const Duration lateness : {1ms, 7ms}) {
      const auto id = transactions.start({1}, start);
      const Course course = run(transactions, id, lateness, provisional);
      EXPECT_EQ(course.retransmissions.size(), expected_retransmissions(provisional).size());
      EXPECT_GE(course.timeout, 32s);
      EXPECT_LE(course.timeout, 32s + 16 * lateness);
    }
  }
}

// After a long stop the process must not send what was due meanwhile in one burst.
TEST_F(ClientTransaction, TimesOutAtOnceAfterTheLoopStoodStill) {
  const auto id = transactions.start({1}, start);
  const auto due = transactions.next_due(start + 100s);
  ASSERT_TRUE(due);
  EXPECT_TRUE(due->timed_out);
  EXPECT_EQ(due->id, id);
  transactions.end(id);
  EXPECT_FALSE(transactions.next_due(start + 100s));
}

TEST_F(ClientTransaction, RetransmitsOnceAfterAShortStop) {
  const auto id = transactions.start({1}, start);
  const auto due = transactions.next_due(start + 10s);
  ASSERT_TRUE(due);
  EXPECT_FALSE(due->timed_out);
  EXPECT_FALSE(transactions.next_due(start + 10s));
  EXPECT_EQ(transactions.next_deadline(), start + 11s);
  transactions.end(id);
}

TEST_F(ClientTransaction, IsFoundByTheBranchOfItsResponse) {
  const auto id = transactions.start({42}, start);
  EXPECT_EQ(transactions.find(branch_of(transactions, id)), id);
  EXPECT_EQ(transactions.payload(id).number, 42);
  EXPECT_EQ(transactions.payload(id.slot).number, 42);
  EXPECT_EQ(transactions.id(id.slot), id);
  EXPECT_TRUE(transactions.contains(id));
}

TEST_F(ClientTransaction, IsNotFoundByABranchThatItDidNotWrite) {
  const auto id = transactions.start({42}, start);
  const std::string branch = branch_of(transactions, id);
  std::string forged = branch;
  forged.back() = forged.back() == '0' ? '1' : '0';
  EXPECT_EQ(transactions.find(forged), std::nullopt);
  EXPECT_EQ(transactions.find(branch.substr(0, branch.size() - 1)), std::nullopt);
  EXPECT_EQ(transactions.find(branch + '0'), std::nullopt);
  EXPECT_EQ(transactions.find("Z9HG4BK" + branch.substr(7)), std::nullopt);
  EXPECT_EQ(transactions.find(""), std::nullopt);
  // Written under another key.
  const Transactions other({1, 3}, 8);
  EXPECT_EQ(transactions.find(branch_of(other, id)), std::nullopt);
}

// Rightly signed, as an earlier process with the same key might have: still no way out of bounds.
TEST_F(ClientTransaction, IsNotFoundBehindTheEndOfTheTable) {
  const auto id = transactions.start({42}, start);
  EXPECT_EQ(transactions.find(branch_of(transactions, {0xffffff, 0})), std::nullopt);
  EXPECT_EQ(transactions.find(branch_of(transactions, {id.slot + 1, 0})), std::nullopt);
  EXPECT_EQ(transactions.find(branch_of(transactions, {id.slot, id.generation + 1})), std::nullopt);
}

// RFC 3261 17.1.2.2: what Timer K absorbs finds nothing here.
TEST_F(ClientTransaction, ALateResponseFindsNeitherItNorItsSuccessor) {
  const auto first = transactions.start({1}, start);
  const std::string branch = branch_of(transactions, first);
  transactions.end(first);
  EXPECT_EQ(transactions.find(branch), std::nullopt);
  EXPECT_FALSE(transactions.contains(first));
  const auto second = transactions.start({2}, start);
  EXPECT_EQ(second.slot, first.slot);
  EXPECT_NE(second.generation, first.generation);
  EXPECT_EQ(transactions.find(branch), std::nullopt);
  EXPECT_EQ(transactions.find(branch_of(transactions, second)), second);
}

TEST_F(ClientTransaction, EndedInAnyStepLeavesNoTimer) {
  for (const Duration at : {100ms, 600ms, 1600ms, 4000ms, 31600ms}) {
    for (const bool is_proceeding : {false, true}) {
      const auto id = transactions.start({1}, start);
      if (is_proceeding) transactions.on_provisional(id);
      for (auto deadline = transactions.next_deadline(); deadline && *deadline <= start + at;
           deadline = transactions.next_deadline()) {
        while (transactions.next_due(*deadline)) {
        }
      }
      transactions.end(id);
      EXPECT_EQ(transactions.next_deadline(), std::nullopt);
      EXPECT_FALSE(transactions.next_due(start + 1h));
    }
  }
}

TEST_F(ClientTransaction, OfAReusedSlotStartsItsScheduleAnew) {
  const auto first = transactions.start({1}, start - 40s);
  transactions.on_provisional(first);
  while (const auto due = transactions.next_due(*transactions.next_deadline())) {
    if (due->timed_out) break;
  }
  while (*transactions.next_deadline() < start - 8s) {
    transactions.next_due(*transactions.next_deadline());
  }
  transactions.end(first);
  const auto second = transactions.start({2}, start);
  EXPECT_EQ(second.slot, first.slot);
  EXPECT_EQ(run(transactions, second, 0ms).retransmissions, expected_retransmissions());
}

TEST_F(ClientTransaction, TableIsFullAtItsBoundUntilOneEnds) {
  std::vector<ClientTransactionId> ids;
  for (int i = 0; i < 8; ++i) {
    EXPECT_FALSE(transactions.full());
    ids.push_back(transactions.start({i}, start));
  }
  EXPECT_TRUE(transactions.full());
  EXPECT_EQ(transactions.size(), 8U);
  transactions.end(ids[3]);
  EXPECT_FALSE(transactions.full());
  const auto again = transactions.start({99}, start);
  EXPECT_TRUE(transactions.full());
  EXPECT_EQ(transactions.payload(again).number, 99);
  EXPECT_EQ(transactions.payload(ids[7]).number, 7);
}

TEST(ClientTransactionDeathTest, StartingInAFullTableIsABrokenInvariant) {
  Transactions transactions({1, 2}, 1);
  transactions.start({}, start);
  EXPECT_DEATH(transactions.start({}, start), "invariant broken");
}

TEST(ClientTransactionDeathTest, EndingTwiceIsABrokenInvariant) {
  Transactions transactions({1, 2}, 8);
  const auto id = transactions.start({}, start);
  transactions.end(id);
  EXPECT_DEATH(transactions.end(id), "invariant broken");
}

// A branch has room for six digits of slot.
TEST(ClientTransactionDeathTest, ATableLargerThanItsBranchesCanNameIsABrokenInvariant) {
  EXPECT_DEATH(Transactions({1, 2}, (1U << 24) + 1), "invariant broken");
}

// Thousands at once, some answered, some provisionally: each keeps to its own schedule.
TEST(ClientTransactions, KeepTheirSchedulesSideBySide) {
  struct Expected {
    ClientTransactionId id;
    MonoTime started;
    std::optional<Duration> provisional;  // Has come, since `started`.
    std::optional<Duration> answer;       // Will come, since `started`.
    Durations seen;
    bool ended = false;
  };
  Random random({3, 4});
  Transactions transactions({1, 2}, 4096);
  std::vector<Expected> all;
  MonoTime now = start;
  while (all.size() < 4000 || transactions.size() > 0) {
    now += 5ms;
    for (int i = 0; i < 5 && all.size() < 4000; ++i) {
      const auto id = transactions.start({static_cast<int>(all.size())}, now);
      all.push_back({.id = id, .started = now});
      // Deadlines are multiples of 500 ms after the start; answers come between them.
      if (random.below(4) != 0) all.back().answer = random.below(6400) * 5ms + 1ms;
    }
    while (const auto due = transactions.next_due(now)) {
      Expected& expected = all[static_cast<std::size_t>(transactions.payload(due->id).number)];
      ASSERT_EQ(due->id, expected.id);
      const Duration age = now - expected.started;
      if (!due->timed_out) {
        expected.seen.push_back(age);
        continue;
      }
      ASSERT_EQ(age, 32s);
      ASSERT_FALSE(expected.answer && *expected.answer < 32s);
      ASSERT_EQ(expected.seen, expected_retransmissions(expected.provisional));
      transactions.end(due->id);
      expected.ended = true;
    }
    for (Expected& expected : all) {
      const Duration age = now - expected.started;
      if (expected.ended) continue;
      if (expected.answer && *expected.answer <= age + 5ms) {
        Durations before = expected_retransmissions(expected.provisional);
        std::erase_if(before, [age](Duration at) { return at > age; });
        ASSERT_EQ(expected.seen, before);
        transactions.end(expected.id);
        expected.ended = true;
      } else if (!expected.provisional && random.below(4000) == 0) {
        transactions.on_provisional(expected.id);
        expected.provisional = age + 1ms;
      }
    }
  }
  EXPECT_EQ(all.size(), 4000U);
  EXPECT_EQ(transactions.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace imcd::tm
