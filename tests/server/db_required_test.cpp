// A database that does not open or cannot be read: with `db_required` the process ends, without it
// the rooms wait for the next try.

#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {
namespace {

HarnessOptions not_loaded(bool is_required) {
  HarnessOptions options{.settings = default_settings(), .load = false};
  options.settings.server.db_required = is_required;
  return options;
}

class DbRequired : public testing::Test {
 protected:
  Harness h{not_loaded(true)};
};

class DbNotRequired : public testing::Test {
 protected:
  Harness h{not_loaded(false)};
};

TEST_F(DbRequired, AnOpenThatFailsEndsTheProcess) {
  h.database.faults.open_failures = 1;
  h.load();
  EXPECT_EQ(h.exit_code, 1);
  EXPECT_EQ(h.log.size(), 1U);
}

TEST_F(DbRequired, ALoadThatFailsEndsTheProcess) {
  h.database.faults.load_failures = 1;
  h.load();
  EXPECT_EQ(h.exit_code, 1);
  EXPECT_TRUE(h.server().is_loading());
}

TEST_F(DbRequired, AnOutageAfterTheLoadEndsNothing) {
  h.load();
  h.database.faults.commit_failures = 3;
  Peer& alice = h.peer("alice");
  alice.say("chat", "#create");
  h.run_for(30s);
  EXPECT_FALSE(h.exit_code);
  EXPECT_EQ(alice.last_code(), 200);
}

TEST_F(DbNotRequired, AnOpenThatFailsIsTriedAgain) {
  h.database.faults.open_failures = 1;
  h.load();
  EXPECT_FALSE(h.exit_code);
  EXPECT_TRUE(h.server().is_loading());
  h.load();
  EXPECT_FALSE(h.server().is_loading());
}

TEST_F(DbNotRequired, ALoadThatFailsIsTriedAgain) {
  h.database.put(records::RoomRow{.key = {"chat", "example.org"}});
  h.database.faults.load_failures = 1;
  h.load();
  EXPECT_FALSE(h.exit_code);
  EXPECT_TRUE(h.server().is_loading());
  EXPECT_EQ(h.server().conference().rooms().size(), 0U);
  h.load();
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
}

// Nothing could be kept any more, and whoever put it there wants its rooms.
TEST_F(DbNotRequired, AnotherDatabaseInThePlaceOfOursEndsTheProcess) {
  h.load();
  Peer& alice = h.peer("alice");
  alice.say("chat", "#create");
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_FALSE(h.exit_code);
  h.database.faults.replaced = true;
  const std::size_t answers = alice.responses.size();
  alice.say("other", "#create");
  h.run_for(1s);
  EXPECT_EQ(h.exit_code, 1);
  EXPECT_EQ(alice.responses.size(), answers);
}

}  // namespace
}  // namespace imcd::server
