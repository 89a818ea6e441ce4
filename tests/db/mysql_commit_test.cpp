// What commits do when the database server is in the way: busy, killed, restarted, taken by others.
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

#include "db/mysql_store.h"
#include "mariadb.h"
#include "sample_rows.h"

namespace imcd::db {
namespace {

class MysqlCommit : public MysqlTest {
 protected:
  void expect_good(Store& store) {
    const Result<void> opened = store.open();
    ASSERT_TRUE(opened) << opened.error().text;
  }
  void expect_failure(Store& store, const Batch& change, const Lines& words) {
    const CommitResult result = store.commit(change);
    EXPECT_FALSE(result.committed);
    EXPECT_TRUE(result.refused.empty());
    for (const std::string& word : words) {
      EXPECT_TRUE(result.error.contains(word)) << result.error;
    }
  }
  void expect_success(Store& store, const Batch& change) {
    const CommitResult result = store.commit(change);
    EXPECT_TRUE(result.committed) << result.error;
    EXPECT_TRUE(result.refused.empty());
  }
  [[nodiscard]] MysqlOptions impatient() const {
    MysqlOptions options{.server = server_};
    options.server.lock_timeout = 1s;
    return options;
  }
  // The server's number of the store's connection.
  std::string connection() { return query("SELECT connection FROM imcd_instance").at(0); }

  const Batch change_ = batch(9, {{put_room("chat"), put_member("chat", "bob")}});
  const Lines chat_with_bob_ = {"member bob of sip:chat@conf.example.com 0", "room chat 0"};
};

TEST_F(MysqlCommit, OpensTheDatabaseWhereThatWasNotDone) {
  MysqlStore store(options());
  expect_success(store, change_);
  EXPECT_EQ(stored(store), chat_with_bob_);
}

TEST_F(MysqlCommit, LostConnectionIsOpenedAgainAtOnce) {
  MysqlStore store(options());
  expect_good(store);
  for (int i = 0; i < 3; ++i) {
    query("KILL " + connection());
    expect_success(store, change_);
  }
  EXPECT_EQ(stored(store), chat_with_bob_);
}

TEST_F(MysqlCommit, ServerThatIsAwayFailsTheBatchUntilItIsBack) {
  MysqlStore store(options());
  expect_success(store, change_);
  for (const bool kill : {true, false}) {
    MariaDb::get().stop(kill);
    expect_failure(store, batch(2, {{put_room("b")}}), {server_.database});
    expect_failure(store, batch(2, {{put_room("b")}}), {"connect"});
    MariaDb::get().start();
    expect_success(store, batch(2, {{put_room("b")}}));
  }
  EXPECT_EQ(stored(store).size(), 3U);
}

TEST_F(MysqlCommit, ReadOnlyServerFailsTheBatchUntilItWrites) {
  query("CREATE OR REPLACE USER 'op'@'localhost'");
  query("GRANT ALL ON " + server_.database + ".* TO 'op'@'localhost'");
  MysqlOptions options{.server = server_};
  options.server.user = "op";
  MysqlStore store(options);
  expect_good(store);
  query("SET GLOBAL read_only = 1");
  expect_failure(store, change_, {"read-only"});
  query("SET GLOBAL read_only = 0");
  expect_success(store, change_);
}

TEST_F(MysqlCommit, RowsLockedByAnotherWriterAreWaitedForAndTriedAgain) {
  MysqlStore store(impatient());
  expect_success(store, change_);
  MysqlClient writer(server_);
  writer.query("BEGIN");
  writer.query("UPDATE imc_rooms SET flag = 1");
  expect_failure(store, change_, {"1205"});
  std::thread commits_soon([&] {
    std::this_thread::sleep_for(1500ms);  // Past the first try.
    writer.query("COMMIT");
  });
  expect_success(store, change_);
  commits_soon.join();
  EXPECT_EQ(stored(store), chat_with_bob_);
}

TEST_F(MysqlCommit, DeadlockIsTriedAgain) {
  MysqlStore store(options());
  expect_success(store, batch(1, {{put_room("a")}, {put_room("b")}}));
  MysqlClient writer(server_);
  writer.query("BEGIN");
  // Heavier than the batch, so that the server ends the batch and not this.
  writer.query("CREATE TEMPORARY TABLE filler (x INT) ENGINE = InnoDB");
  writer.query("INSERT INTO filler SELECT seq FROM seq_1_to_1000");
  writer.query("UPDATE imc_rooms SET flag = 1 WHERE name = 'b'");
  std::thread crosses([&] {
    std::this_thread::sleep_for(500ms);  // The batch has `a` by now and waits for `b`.
    writer.query("UPDATE imc_rooms SET flag = 1 WHERE name = 'a'");
    writer.query("COMMIT");
  });
  expect_success(store, batch(2, {{put_room("a", 2)}, {put_room("b", 2)}}));
  crosses.join();
  EXPECT_EQ(stored(store), (Lines{"room a 2", "room b 2"}));
}

TEST_F(MysqlCommit, DroppedTableFailsUntilItIsBack) {
  MysqlStore store(options());
  expect_good(store);
  query("RENAME TABLE imc_members TO away");
  expect_failure(store, change_, {"imc_members"});
  expect_failure(store, change_, {"imc_members is gone"});
  query("RENAME TABLE away TO imc_members");
  expect_success(store, change_);
  EXPECT_EQ(stored(store), chat_with_bob_);
}

TEST_F(MysqlCommit, RefusalAmongManyTakesOnlyItsCommand) {
  MysqlStore store(options());
  expect_good(store);
  query("ALTER TABLE imc_rooms ADD CHECK (flag < 100)");
  const CommitResult result = store.commit(
      batch(1, {{put_room("a", 99)}, {put_room("b", 100)}, {put_room("a", 100)}, {put_room("c")}}));
  EXPECT_TRUE(result.committed) << result.error;
  ASSERT_EQ(result.refused.size(), 2U);
  EXPECT_EQ(result.refused[0].bundle, 1U);
  EXPECT_TRUE(result.refused[0].rows.empty());
  EXPECT_EQ(result.refused[1].bundle, 2U);
  EXPECT_EQ(lines(result.refused[1].rows), Lines{"room a 99"});
  EXPECT_EQ(stored(store), (Lines{"room a 99", "room c 0"}));
}

TEST_F(MysqlCommit, SecondInstanceIsRefusedUntilTheFirstHasEnded) {
  auto first = std::make_unique<MysqlStore>(options());
  expect_success(*first, change_);
  MysqlStore second(options());
  const Result<void> refused = second.open();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().text.contains("another imcd uses this database"))
      << refused.error().text;
  EXPECT_TRUE(refused.error().text.contains("pid " + std::to_string(::getpid())));
  first.reset();
  expect_good(second);
  EXPECT_EQ(stored(second), chat_with_bob_);
}

TEST_F(MysqlCommit, OtherTablesInTheSameDatabaseAreAnotherMatter) {
  MysqlStore first(options());
  expect_good(first);
  MysqlOptions other = options();
  other.tables.rooms = "other_rooms";
  other.tables.members = "other_members";
  MysqlStore second(other);
  expect_good(second);
}

TEST_F(MysqlCommit, InstanceThatLostTheDatabaseToAnotherWritesNothingMore) {
  MysqlStore first(options());
  expect_success(first, change_);
  query("KILL " + connection());  // With its lock.
  auto second = std::make_unique<MysqlStore>(options());
  expect_good(*second);
  expect_failure(first, batch(2, {{put_room("b")}}), {"another imcd"});
  second.reset();
  expect_failure(first, batch(2, {{put_room("b")}}), {"another imcd", "restart"});
  EXPECT_EQ(query("SELECT name FROM imc_rooms"), Lines{"chat"});
}

TEST_F(MysqlCommit, OwnConnectionThatTheServerStillKeepsIsNoSecondInstance) {
  MysqlStore store(options());
  expect_success(store, change_);
  // As if the network had swallowed the end of it: the lock is another connection's, and the row
  // says that this is ours.
  const std::string lock = "CONCAT('imcd.', SHA1(CONCAT(DATABASE(), '.imc_rooms')))";
  query("KILL " + connection());
  MysqlClient stale(server_);
  ASSERT_EQ(stale.query("SELECT GET_LOCK(" + lock + ", 5)"), Lines{"1"});
  stale.query("UPDATE imcd_instance SET connection = CONNECTION_ID()");
  expect_success(store, batch(2, {{put_room("b")}}));
  EXPECT_NE(stale.try_query("SELECT 1"), 0U);
}

TEST_F(MysqlCommit, SharedInstancesWorkSideBySideButNotBesideAnotherKind) {
  MysqlOptions shared = options();
  shared.shared = true;
  MysqlStore first(shared);
  MysqlStore second(shared);
  expect_success(first, change_);
  expect_success(second, batch(2, {{put_room("b")}}));
  expect_success(first, batch(3, {{put_room("c")}}));
  MysqlStore alone(options());
  Result<void> refused = alone.open();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().text.contains("db_shared = 1")) << refused.error().text;
  // The refusal does no harm to those that share, nor to another one of them.
  expect_success(second, batch(4, {{put_room("d")}}));
  MysqlStore third(shared);
  expect_success(third, batch(5, {{put_room("e")}}));
  EXPECT_EQ(query("SELECT COUNT(*) FROM imc_rooms"), Lines{"5"});
}

TEST_F(MysqlCommit, OneOfTheSharedInstancesIsEnoughToRefuseASoleOne) {
  MysqlOptions shared = options();
  shared.shared = true;
  auto first = std::make_unique<MysqlStore>(shared);
  auto second = std::make_unique<MysqlStore>(shared);
  expect_good(*first);
  expect_good(*second);
  first.reset();
  MysqlStore alone(options());
  EXPECT_FALSE(alone.open());
  second.reset();
  // The row of those that are gone stays, and refuses nobody.
  EXPECT_EQ(query("SELECT holder FROM imcd_instance"), Lines{"shared"});
  expect_success(alone, change_);
  MysqlStore third(shared);
  const Result<void> refused = third.open();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().text.contains("pid " + std::to_string(::getpid())))
      << refused.error().text;
}

TEST_F(MysqlCommit, SharedInstancesThatLostTheDatabaseToASoleOneWriteNothingMore) {
  MysqlOptions shared = options();
  shared.shared = true;
  MysqlStore first(shared);
  expect_success(first, change_);
  query("KILL " + connection());  // With its lock.
  {
    MysqlStore alone(options());
    expect_good(alone);
    expect_failure(first, batch(2, {{put_room("b")}}), {"another imcd"});
  }
  expect_failure(first, batch(2, {{put_room("b")}}), {"another imcd", "restart"});
  EXPECT_EQ(query("SELECT name FROM imc_rooms"), Lines{"chat"});
}

TEST_F(MysqlCommit, SharedInstanceThatLostItsConnectionTakesASeatAgain) {
  MysqlOptions shared = options();
  shared.shared = true;
  MysqlStore first(shared);
  expect_success(first, change_);
  query("KILL " + connection());
  expect_success(first, batch(2, {{put_room("b")}}));
  MysqlStore alone(options());
  EXPECT_FALSE(alone.open());
}

TEST_F(MysqlCommit, NoMoreInstancesShareThanThereAreSeats) {
  MysqlOptions shared = options();
  shared.shared = true;
  std::vector<std::unique_ptr<MysqlStore>> stores;
  for (int i = 0; i < 32; ++i) {
    expect_good(*stores.emplace_back(std::make_unique<MysqlStore>(shared)));
  }
  MysqlStore late(shared);
  const Result<void> refused = late.open();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().text.contains("32 imcds share")) << refused.error().text;
  stores.pop_back();
  expect_good(late);
}

TEST_F(MysqlCommit, LateWritesOfTheServerAreWarnedOf) {
  query("SET GLOBAL innodb_flush_log_at_trx_commit = 2");
  MysqlStore store(options());
  expect_good(store);
  query("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
  const Lines warnings = store.take_warnings();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(warnings[0].contains("innodb_flush_log_at_trx_commit = 2")) << warnings[0];
}

TEST_F(MysqlCommit, NumbersOfRowsAreNotUsedUpByChanges) {
  query(
      "CREATE TABLE imc_rooms (id TINYINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,"
      " name VARCHAR(64) NOT NULL, domain VARCHAR(128) NOT NULL, flag INT UNSIGNED NOT NULL,"
      " UNIQUE (name, domain)) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin");
  MysqlStore store(options());
  for (unsigned i = 0; i < 300; ++i) expect_success(store, batch(i, {{put_room("chat", i % 2)}}));
  expect_success(store, batch(301, {{put_room("another")}}));
}

}  // namespace
}  // namespace imcd::db
