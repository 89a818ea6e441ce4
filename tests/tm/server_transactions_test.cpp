#include "tm/server_transactions.h"

#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace imcd::tm {
namespace {

constexpr MonoTime start{1000s};
constexpr Hash128 some_key{17, 4};
constexpr Hash128 other_key{17, 5};

class ServerTransaction : public testing::Test {
 protected:
  ServerTransactions transactions{HashKey{1, 2}, 16};
};

std::string tag_of(const ServerTransactions& transactions, const Hash128& key) {
  ByteBuffer out;
  transactions.write_tag(out, key);
  return std::string(out.view());
}

TEST_F(ServerTransaction, IsUnknownBeforeItStarts) {
  EXPECT_EQ(transactions.find(some_key), std::nullopt);
  EXPECT_FALSE(transactions.contains({}));
  EXPECT_EQ(transactions.size(), 0U);
  EXPECT_EQ(transactions.next_deadline(), std::nullopt);
  EXPECT_EQ(transactions.pop_late(MonoTime::max()), std::nullopt);
  transactions.on_deadline(MonoTime::max());
}

TEST_F(ServerTransaction, IsFoundAgainByItsWholeKey) {
  const auto id = transactions.start(some_key, 1, start);
  ASSERT_TRUE(id);
  EXPECT_EQ(transactions.find(some_key), id);
  EXPECT_TRUE(transactions.contains(*id));
  EXPECT_EQ(transactions.find(other_key), std::nullopt);
  EXPECT_EQ(transactions.find({16, 4}), std::nullopt);
  EXPECT_EQ(transactions.size(), 1U);
}

TEST_F(ServerTransaction, GivesTheSameResponseToEachRetransmission) {
  const auto id = *transactions.start(some_key, 1, start);
  EXPECT_EQ(transactions.state(id), ServerState::trying);
  transactions.complete(id, {480, 7, "Room Is Full"}, start + 1s);
  EXPECT_EQ(transactions.state(id), ServerState::completed);
  for (const Duration later : {1s, 10s, 31s}) {
    transactions.on_deadline(start + later);
    ASSERT_EQ(transactions.find(some_key), id);
    EXPECT_EQ(std::string_view(transactions.reply(id).phrase), "Room Is Full");
    EXPECT_EQ(transactions.reply(id).retry_after_s, 7);
  }
}

// RFC 3261 17.2.2: Timer J is 64*T1 from the final response on.
TEST_F(ServerTransaction, EndsExactlyAtTimerJ) {
  const auto id = *transactions.start(some_key, 1, start);
  transactions.complete(id, {}, start + 1s);
  EXPECT_EQ(transactions.next_deadline(), start + 1s + 32s);
  transactions.on_deadline(start + 33s - 1ns);
  EXPECT_TRUE(transactions.contains(id));
  transactions.on_deadline(start + 33s);
  EXPECT_FALSE(transactions.contains(id));
  EXPECT_EQ(transactions.find(some_key), std::nullopt);
  EXPECT_EQ(transactions.size(), 0U);
  EXPECT_EQ(transactions.next_deadline(), std::nullopt);
}

TEST_F(ServerTransaction, IsNotForgottenWhileItsAnswerIsStillDue) {
  const auto id = *transactions.start(some_key, 1, start);
  while (transactions.pop_late(start + 1h)) {
  }
  transactions.on_deadline(start + 1h);
  EXPECT_EQ(transactions.find(some_key), id);
  transactions.complete(id, {}, start + 1h);
  EXPECT_EQ(transactions.next_deadline(), start + 1h + 32s);
}

// RFC 4320 4.1.
TEST_F(ServerTransaction, IsLateOnceAfterThreeAndAHalfSeconds) {
  const auto id = *transactions.start(some_key, 1, start);
  EXPECT_EQ(transactions.next_deadline(), start + 3500ms);
  EXPECT_EQ(transactions.pop_late(start + 3500ms - 1ns), std::nullopt);
  EXPECT_EQ(transactions.pop_late(start + 3500ms), id);
  EXPECT_EQ(transactions.state(id), ServerState::proceeding);
  EXPECT_EQ(transactions.pop_late(start + 1h), std::nullopt);
  EXPECT_EQ(transactions.next_deadline(), std::nullopt);
}

TEST_F(ServerTransaction, AnsweredInTimeIsNeverLate) {
  const auto id = *transactions.start(some_key, 1, start);
  transactions.complete(id, {}, start + 3s);
  EXPECT_EQ(transactions.pop_late(start + 1h), std::nullopt);
}

TEST_F(ServerTransaction, MayBeAnsweredAfterTheLateProvisional) {
  const auto id = *transactions.start(some_key, 1, start);
  transactions.pop_late(start + 4s);
  transactions.complete(id, {504, 0, "Not Confirmed"}, start + 5s);
  EXPECT_EQ(transactions.reply(id).code, 504);
  transactions.on_deadline(start + 37s);
  EXPECT_FALSE(transactions.contains(id));
}

TEST_F(ServerTransaction, AnIdOfOneThatIsGoneNamesNothing) {
  const auto first = *transactions.start(some_key, 1, start);
  transactions.complete(first, {}, start);
  transactions.on_deadline(start + 32s);
  const auto second = *transactions.start(other_key, 1, start + 32s);
  EXPECT_EQ(second.slot, first.slot);
  EXPECT_FALSE(transactions.contains(first));
  EXPECT_TRUE(transactions.contains(second));
  EXPECT_FALSE(transactions.contains({1U << 30, 0}));
}

TEST_F(ServerTransaction, AFullTableRefusesUntilATimerJ) {
  std::vector<ServerTransactionId> ids;
  for (std::uint64_t i = 0; i < 16; ++i) {
    const MonoTime now = start + i * 1s;
    const auto id = transactions.start({i, i}, i, now);
    ASSERT_TRUE(id);
    transactions.complete(*id, {}, now);
    ids.push_back(*id);
  }
  EXPECT_EQ(transactions.start({99, 99}, 99, start + 20s), std::nullopt);
  EXPECT_EQ(transactions.find({99, 99}), std::nullopt);
  for (std::uint64_t i = 0; i < 16; ++i) EXPECT_EQ(transactions.find({i, i}), ids[i]);

  transactions.on_deadline(start + 33s);
  EXPECT_EQ(transactions.size(), 14U);
  const auto again = transactions.start({99, 99}, 99, start + 33s);
  ASSERT_TRUE(again);
  EXPECT_EQ(transactions.find({99, 99}), again);
  EXPECT_EQ(transactions.find({0, 0}), std::nullopt);
  EXPECT_EQ(transactions.find({2, 2}), ids[2]);
}

// Keys that all want the same place in the index, in and out in every order of two.
TEST_F(ServerTransaction, IsFoundWhateverItsNeighboursDo) {
  const auto key = [](std::uint64_t i) { return Hash128{31 + 32 * (i % 3), i}; };
  MonoTime now = start;
  const auto end = [&](std::initializer_list<std::uint64_t> which) {
    for (const std::uint64_t i : which) {
      const auto id = *transactions.find(key(i));
      if (transactions.state(id) != ServerState::completed) transactions.complete(id, {}, now);
    }
    now += 32s;
    transactions.on_deadline(now);
  };
  for (std::uint64_t first = 0; first < 8; ++first) {
    for (std::uint64_t second = 0; second < 8; ++second) {
      for (std::uint64_t i = 0; i < 8; ++i) ASSERT_TRUE(transactions.start(key(i), i, now));
      end({first, second});
      for (std::uint64_t i = 0; i < 8; ++i) {
        const auto found = transactions.find(key(i));
        ASSERT_EQ(found.has_value(), i != first && i != second) << first << ' ' << second;
        if (found) end({i});
      }
      ASSERT_EQ(transactions.size(), 0U);
    }
  }
}

TEST_F(ServerTransaction, TagIsSixteenDigitsThatDependOnTheKeyAndTheSeedAlone) {
  const std::string tag = tag_of(transactions, some_key);
  EXPECT_EQ(tag.size(), ServerTransactions::tag_bytes);
  EXPECT_EQ(tag.find_first_not_of("0123456789abcdef"), std::string::npos);
  const auto id = *transactions.start(some_key, 1, start);
  transactions.complete(id, {}, start);
  EXPECT_EQ(tag_of(transactions, some_key), tag);
  transactions.on_deadline(start + 32s);
  EXPECT_EQ(tag_of(transactions, some_key), tag);
  EXPECT_NE(tag_of(transactions, other_key), tag);
  EXPECT_NE(tag_of(ServerTransactions({1, 3}, 16), some_key), tag);
  EXPECT_EQ(tag_of(ServerTransactions({1, 2}, 32), some_key), tag);
}

TEST(ServerTransactionDeathTest, ASecondFinalResponseIsABrokenInvariant) {
  ServerTransactions transactions({1, 2}, 16);
  const auto id = *transactions.start(some_key, 1, start);
  transactions.complete(id, {}, start);
  EXPECT_DEATH(transactions.complete(id, {}, start), "invariant broken");
  transactions.on_deadline(start + 32s);
  EXPECT_DEATH(transactions.complete(id, {}, start), "invariant broken");
}

TEST(ServerTransactionDeathTest, ATableWhoseSizeIsNoPowerOfTwoIsABrokenInvariant) {
  EXPECT_DEATH(ServerTransactions({1, 2}, 48), "invariant broken");
  EXPECT_DEATH(ServerTransactions({1, 2}, 0), "invariant broken");
}

// The table beside a map that does the same, step by step.
class Twin {
 public:
  Twin(std::uint64_t seed, std::uint64_t homes) : random_({seed, 1}), homes_(homes) {}

  void step() {
    now_ += random_.below(40) * 1ms;
    while (const auto id = transactions_.pop_late(now_)) on_late(*id);
    transactions_.on_deadline(now_);
    std::erase_if(model_, [this](const auto& entry) {
      return entry.second.state == ServerState::completed && entry.second.deadline <= now_;
    });
    act(key());
    ASSERT_EQ(transactions_.size(), model_.size());
    ASSERT_EQ(transactions_.next_deadline(), first_deadline());
  }

  void check_all() const {
    for (const auto& [key, entry] : model_) check({key.first, key.second});
  }
  [[nodiscard]] std::size_t size() const { return model_.size(); }
  [[nodiscard]] std::size_t refused() const { return refused_; }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  struct Entry {
    ServerTransactionId id;
    ServerState state = ServerState::trying;
    MonoTime deadline{};
    Reply reply;
  };

  Hash128 key() { return {random_.below(homes_), random_.below(3000 / homes_ + 1)}; }

  void act(const Hash128& key) {
    check(key);
    const auto known = model_.find({key.low, key.high});
    if (known == model_.end()) {
      const auto id = transactions_.start(key, key.high, now_);
      ASSERT_EQ(id.has_value(), model_.size() < slots_max);
      if (!id) return void(++refused_);
      model_[{key.low, key.high}] = {*id, ServerState::trying, now_ + 3500ms, {}};
    } else if (known->second.state != ServerState::completed && random_.below(4) != 0) {
      const Reply reply{503, static_cast<std::uint16_t>(random_.below(1000)), "Shutting Down"};
      transactions_.complete(known->second.id, reply, now_);
      known->second = {known->second.id, ServerState::completed, now_ + 32s, reply};
    }
    check(key);
  }

  void on_late(ServerTransactionId id) {
    for (auto& [key, entry] : model_) {
      if (!(entry.id == id)) continue;
      EXPECT_EQ(entry.state, ServerState::trying);
      EXPECT_LE(entry.deadline, now_);
      entry.state = ServerState::proceeding;
    }
  }

  void check(const Hash128& key) const {
    const auto found = transactions_.find(key);
    const auto known = model_.find({key.low, key.high});
    ASSERT_EQ(found.has_value(), known != model_.end());
    if (!found) return;
    ASSERT_EQ(*found, known->second.id);
    ASSERT_EQ(transactions_.state(*found), known->second.state);
    if (known->second.state != ServerState::completed) return;
    ASSERT_EQ(transactions_.reply(*found).retry_after_s, known->second.reply.retry_after_s);
  }

  [[nodiscard]] std::optional<MonoTime> first_deadline() const {
    std::optional<MonoTime> first;
    for (const auto& [key, entry] : model_) {
      if (entry.state != ServerState::proceeding) first = earlier(first, entry.deadline);
    }
    return first;
  }

  static constexpr std::size_t slots_max = 256;
  Random random_;
  std::uint64_t homes_;
  ServerTransactions transactions_{HashKey{5, 6}, slots_max};
  std::map<Key, Entry> model_;
  MonoTime now_ = start;
  std::size_t refused_ = 0;
};

// Keys spread over the index, and keys crowded on eight places of it.
TEST(ServerTransactions, DoAsAMapDoesThrough100000RandomSteps) {
  for (const std::uint64_t homes : {3000U, 8U}) {
    Twin twin(homes, homes);
    std::size_t most = 0;
    for (int step = 0; step < 50000; ++step) {
      ASSERT_NO_FATAL_FAILURE(twin.step()) << step;
      most = std::max(most, twin.size());
      if (step % 500 == 0) {
        ASSERT_NO_FATAL_FAILURE(twin.check_all()) << step;
      }
    }
    EXPECT_EQ(most, 256U);
    EXPECT_GT(twin.refused(), 100U);
  }
}

}  // namespace
}  // namespace imcd::tm
