// Outages of minutes and hours, in virtual time (DESIGN 7 "Trouble"): what users see and what the
// database holds afterwards, while nothing grows. tests/e2e has the short ones, with real
// databases.

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <utility>

#include "base/limits.h"
#include "server/harness.h"

namespace imcd::server {
namespace {

// What may grow while the database is away, at its highest.
struct Load {
  std::int64_t server_transactions = 0;
  std::int64_t client_transactions = 0;
  std::int64_t queued_messages = 0;
  std::int64_t journal_records = 0;

  void look_at(const Figures& figures) {
    raise(server_transactions, figures.server_transactions);
    raise(client_transactions, figures.client_transactions);
    raise(queued_messages, figures.delivery_queue_messages);
    raise(journal_records, figures.db_queue_operations);
  }

 private:
  static void raise(std::int64_t& highest, const Gauge& gauge) {
    highest = std::max(highest, gauge.value());
  }
};

class Outages : public testing::Test {
 protected:
  Outages() : h({.settings = default_settings()}) {
    alice.say("chat", "#create");
    bob.say("chat", "#join");
    for (int i = 0; i < 20; ++i) user(i).say("nowhere", "hello");
    for (int i = 0; i < 5; ++i) user(i).say("chat", "#join");
    h.run_for(40s);
    EXPECT_EQ(h.database.of<records::MemberRow>().size(), 7U);
    // The database tells what it stores, in the order in which it does.
    h.database.faults.refuses = [this](const records::Record& record) {
      if (!records::room_of(record).empty()) stored_.push_back(describe(record));
      return false;
    };
    forget();
  }

  Peer& user(int number) { return h.peer("user" + std::to_string(number)); }

  void forget() {
    alice.forget();
    bob.forget();
    for (int i = 0; i < 20; ++i) user(i).forget();
  }

  static std::string describe(const records::Record& record) {
    const std::string room(records::room_key(records::room_of(record)).name);
    if (std::holds_alternative<records::Erase<records::RoomRow>>(record)) return "no room " + room;
    if (std::holds_alternative<records::Put<records::RoomRow>>(record)) return "room " + room;
    const auto* const member = records::find_key<records::MemberRow>(record);
    if (member == nullptr) return "something else";
    const bool is_put = std::holds_alternative<records::Put<records::MemberRow>>(record);
    return member->user + (is_put ? " in " : " out of ") + room;
  }

  // Chat takes no part in the trouble.
  void chat_flows() {
    const std::string text = fmt::format("line {}", ++lines_);
    bob.forget();
    alice.say("chat", text);
    h.run_for(10ms);
    ASSERT_EQ(alice.last_code(), 200);
    ASSERT_EQ(std::ranges::count(bob.heard(), "<alice@example.org>: " + text), 1);
  }

  // The last seven join, five leave, and three make a room, all in 3 s.
  void make_changes() {
    for (int i = 5; i < 12; ++i) {
      user(i).say("chat", "#join");
      held_.push_back(fmt::format("user{} in chat", i));
      h.run_for(200ms);
    }
    for (int i = 0; i < 5; ++i) {
      user(i).say("chat", "#exit");
      held_.push_back(fmt::format("user{} out of chat", i));
      h.run_for(200ms);
    }
    for (int i = 12; i < 15; ++i) {
      user(i).say(fmt::format("room{}", i), "#create");
      held_.push_back(fmt::format("no room room{}", i));  // Rows that an older room left.
      held_.push_back(fmt::format("room room{}", i));
      held_.push_back(fmt::format("user{} in room{}", i, i));
      h.run_for(200ms);
    }
  }

  // One of the others tries to join, in vain.
  void expect_refusal(Peer& who) {
    who.forget();
    who.say("chat", "#join");
    h.run_for(10ms);
    ASSERT_EQ(who.last_code(), 500);
    ASSERT_EQ(who.responses.back().reason, "Database Unavailable");
    ASSERT_GT(std::stoi(who.responses.back().retry_after), 0);
    ASSERT_TRUE(who.has_heard("*** The change could not be stored now"));
  }

  // The database is away, and people go on living for so long. Gives what was used most in the
  // first ten minutes and after them.
  std::pair<Load, Load> live(Duration duration) {
    Load early, late;
    std::uint64_t tries = h.figures().db_batches_retried.value();
    Duration quiet{};
    for (int second = 0; second < duration / 1s; ++second) {
      if (second % 10 == 0) chat_flows();
      if (second % 20 == 5) expect_refusal(user(15 + second / 20 % 5));
      if (testing::Test::HasFatalFailure()) break;
      h.run_for(990ms);
      (second < 600 ? early : late).look_at(h.figures());
      quiet = h.figures().db_batches_retried.value() == tries ? quiet + 1s : 0s;
      tries = h.figures().db_batches_retried.value();
      longest_quiet_ = std::max(longest_quiet_, quiet);
    }
    return {early, late};
  }

  static void expect_no_growth(const Load& early, const Load& late) {
    EXPECT_LE(late.server_transactions, early.server_transactions);
    EXPECT_LE(late.client_transactions, early.client_transactions);
    EXPECT_LE(late.queued_messages, early.queued_messages);
    EXPECT_LE(late.journal_records, early.journal_records);
  }

  // The changes that were held wait 5 s and are told the truth.
  void expect_not_confirmed() {
    h.run_for(6s);
    for (int i = 0; i < 15; ++i) {
      EXPECT_EQ(user(i).last_code(), 504) << i;
      EXPECT_TRUE(user(i).requests.empty() || i < 5) << i;
      EXPECT_FALSE(user(i).has_heard("You ")) << i;
    }
    EXPECT_EQ(h.figures().db_up.value(), 0);
  }

  // Within one back-off all that was held is stored, once and in its order, and new changes are.
  void expect_recovery() {
    h.run_for(limits::commit_retry_longest + 100ms);
    EXPECT_EQ(stored_, held_);
    EXPECT_EQ(h.figures().db_up.value(), 1);
    EXPECT_EQ(h.figures().db_queue_operations.value(), 0);
    h.run_for(1s);
    for (int i = 0; i < 15; ++i) {
      const auto heard = user(i).heard();
      EXPECT_EQ(std::ranges::count_if(heard, [](auto& text) { return text.contains("You "); }), 1)
          << i;
      const auto finals = std::ranges::count_if(
          user(i).responses, [](const Heard& response) { return response.code >= 200; });
      EXPECT_EQ(finals, 1) << i;
    }
    for (int i = 15; i < 20; ++i) {
      user(i).say("chat", "#join");
      h.run_for(100ms);
      EXPECT_EQ(user(i).last_code(), 200) << i;
    }
    EXPECT_EQ(h.database.of<records::MemberRow>().size(), 2U + 7 + 3 + 5);
    chat_flows();
    // What memory says is what the database says.
    const auto members = h.database.of<records::MemberRow>();
    h.restart();
    EXPECT_EQ(h.figures().members.value(), static_cast<std::int64_t>(members.size()));
    EXPECT_EQ(h.figures().db_rows_skipped.value(), 0U);
  }

  Harness h;
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
  std::vector<std::string> held_;    // Changes that were made, in order.
  std::vector<std::string> stored_;  // Changes that the database took.
  Duration longest_quiet_{};         // Without a try.
  int lines_ = 0;
};

TEST_F(Outages, DatabaseGoneForThreeHours) {
  h.database.faults.commit_failures = SIZE_MAX;
  make_changes();
  expect_not_confirmed();
  const auto [early, late] = live(3h);
  expect_no_growth(early, late);
  EXPECT_EQ(late.journal_records, static_cast<std::int64_t>(held_.size()));
  // It is tried again and again, and not too often.
  EXPECT_LE(longest_quiet_, limits::commit_retry_longest);
  EXPECT_LE(h.figures().db_batches_retried.value(), 3h / limits::commit_retry_longest + 20);
  EXPECT_TRUE(stored_.empty());
  h.database.faults.commit_failures = 0;
  expect_recovery();
}

TEST_F(Outages, DatabaseReadOnlyForAnHour) {
  h.database.faults.commit_failures = SIZE_MAX;
  h.database.faults.error = "the server is running with --read-only";
  make_changes();
  expect_not_confirmed();
  const auto [early, late] = live(1h);
  expect_no_growth(early, late);
  EXPECT_EQ(std::ranges::count_if(h.log, [](auto& line) { return line.contains("--read-only"); }),
            1);
  h.database.faults.commit_failures = 0;
  expect_recovery();
}

TEST_F(Outages, DatabaseThatHangsForAnHour) {
  h.database_hangs = true;
  make_changes();
  expect_not_confirmed();
  const auto [early, late] = live(1h);
  expect_no_growth(early, late);
  EXPECT_EQ(h.figures().db_batches_retried.value(), 0U);
  h.release_database();
  expect_recovery();
}

// Again and again: each outage is told of, and none leaves anything behind.
TEST_F(Outages, DatabaseGoneForAMinuteInEveryTwo) {
  for (int round = 0; round < 30; ++round) {
    SCOPED_TRACE(round);
    h.database.faults.commit_failures = SIZE_MAX;
    user(5).forget();
    user(5).say("chat", round % 2 == 0 ? "#join" : "#exit");
    h.run_for(6s);
    EXPECT_EQ(user(5).last_code(), 504);
    live(54s);
    h.database.faults.commit_failures = 0;
    h.run_for(60s);
    EXPECT_EQ(stored_.size(), static_cast<std::size_t>(round) + 1);
    EXPECT_EQ(h.database.of<records::MemberRow>().size(), round % 2 == 0 ? 8U : 7U);
    EXPECT_EQ(h.figures().db_queue_operations.value(), 0);
  }
}

// A user each time comes or goes, one after the other. What they were told is true in the end.
class SlowDatabase : public Outages {
 protected:
  // Gives how often each code was the answer.
  std::map<int, int> change_every(int pause_s, int duration_s) {
    h.options.commit_delay = 4s;
    for (int i = 0; i < 5; ++i) is_member_[i] = true;
    Load early, late;
    for (int second = 0; second < duration_s; ++second) {
      if (second % pause_s == 0) toggle(second / pause_s % 20);
      if (second % 10 == 0) chat_flows();
      h.run_for(second % 10 == 0 ? 990ms : 1s);
      (second < 600 ? early : late).look_at(h.figures());
      if (testing::Test::HasFatalFailure()) return codes_;
    }
    h.run_for(20s);
    expect_no_growth(early, late);
    EXPECT_EQ(h.figures().db_batches_retried.value(), 0U);
    for (int i = 0; i < 20; ++i) {
      note_answer(i);
      const auto row = h.database.of<records::MemberRow>().find(
          {"sip:chat@example.org", fmt::format("user{}", i), "example.org"});
      EXPECT_EQ(row != h.database.of<records::MemberRow>().end(), is_member_[i]) << i;
    }
    // At once it is as it was before.
    h.options.commit_delay = 1ms;
    toggle(7);
    h.run_for(100ms);
    EXPECT_EQ(user(7).last_code(), 200);
    return codes_;
  }

 private:
  void toggle(int number) {
    note_answer(number);
    user(number).forget();
    user(number).say("chat", is_member_[number] ? "#exit" : "#join");
    is_waited_for_[number] = true;
  }
  void note_answer(int number) {
    if (!std::exchange(is_waited_for_[number], false)) return;
    const int code = user(number).last_code();
    ++codes_[code];
    // 504 says that it may still happen, and so it does.
    if (code == 200 || code == 504) is_member_[number] = !is_member_[number];
  }

  std::map<int, bool> is_member_;
  std::map<int, bool> is_waited_for_;
  std::map<int, int> codes_;
};

TEST_F(SlowDatabase, BySecondsForAnHourDelaysWhatComesSingly) {
  EXPECT_EQ(change_every(10, 3600), (std::map<int, int>{{200, 360}}));
}

// A change that comes while a batch is under way waits for that and for its own: longer than 5 s.
TEST_F(SlowDatabase, BySecondsForAnHourAnswersABusyRoomTruthfully) {
  auto codes = change_every(1, 3600);
  EXPECT_EQ(codes[200] + codes[504] + codes[500], 3600);
  EXPECT_GT(codes[504], 500);
  EXPECT_GT(codes[500], 500);
}

}  // namespace
}  // namespace imcd::server
