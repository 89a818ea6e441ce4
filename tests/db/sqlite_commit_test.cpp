// What commits do when the database is in the way: busy, full, broken, gone, or choosy.
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <utility>

#include "db/sqlite_store.h"
#include "faulty_vfs.h"
#include "sample_rows.h"
#include "scratch.h"
#include "sql_client.h"

namespace imcd::db {
namespace {

class SqliteCommit : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return scratch_.file("imcd.db"); }
  std::vector<std::string> query(const std::string& sql) { return SqlClient(path()).query(sql); }

  // Expects a failure that says all this and leaves the batch to be tried again.
  void expect_failure(Store& store, const Batch& change, const std::vector<std::string>& words) {
    const CommitResult result = store.commit(change);
    EXPECT_FALSE(result.committed);
    EXPECT_EQ(result.batch, change.id);
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

  Scratch scratch_;
  const Batch change_ = batch(9, {{put_room("chat"), put_member("chat", "bob")}});
  const Lines chat_with_bob_ = {"member bob of sip:chat@conf.example.com 0", "room chat 0"};
};

TEST_F(SqliteCommit, OpensTheDatabaseWhereThatWasNotDone) {
  SqliteStore store(path());
  expect_success(store, change_);
  EXPECT_EQ(stored(store), chat_with_bob_);
}

TEST_F(SqliteCommit, EachOneIsSynced) {
  FaultyVfs vfs;
  SqliteStore store(path(), {.vfs = vfs.name()});
  ASSERT_TRUE(store.open());
  for (int i = 0; i < 10; ++i) {
    const std::size_t before = vfs.log_syncs;
    expect_success(store, batch(1, {{put_room("r" + std::to_string(i))}}));
    EXPECT_GT(vfs.log_syncs, before);
  }
}

TEST_F(SqliteCommit, OthersCanReadBetweenCommits) {
  SqliteStore store(path());
  SqlClient client(path());
  expect_success(store, change_);
  EXPECT_EQ(client.query("SELECT name FROM imc_rooms"), Lines{"chat"});
  client.query("BEGIN");
  EXPECT_EQ(client.query("SELECT count(*) FROM imc_rooms"), Lines{"1"});
  expect_success(store, batch(2, {{put_room("b")}}));
  EXPECT_EQ(client.query("SELECT count(*) FROM imc_rooms"), Lines{"1"});  // Its own moment.
  client.query("COMMIT");
  EXPECT_EQ(client.query("SELECT count(*) FROM imc_rooms"), Lines{"2"});
}

TEST_F(SqliteCommit, WaitsForAnotherWriterInVainAndSucceedsLater) {
  SqliteStore store(path(), {.busy_timeout = 1ms});
  ASSERT_TRUE(store.open());
  SqlClient writer(path());
  writer.query("BEGIN IMMEDIATE; INSERT INTO imc_rooms VALUES (1, 'theirs', 'd', 0)");
  expect_failure(store, change_, {path(), "locked"});
  expect_failure(store, change_, {path(), "locked"});
  writer.query("COMMIT");
  expect_success(store, change_);
  EXPECT_EQ(stored(store).size(), 3U);
}

TEST_F(SqliteCommit, FullDatabaseFailsUntilThereIsRoom) {
  SqliteStore store(path(), {.pages_max = 16});
  ASSERT_TRUE(store.open());
  Batch large{.id = 2};
  for (int i = 0; i < 1000; ++i) large.bundles.push_back({{put_room("room" + std::to_string(i))}});
  expect_failure(store, large, {path(), "full"});
  EXPECT_EQ(stored(store), Lines{});
  expect_success(store, change_);

  query(
      "CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(200000)); DELETE FROM filler");
  expect_success(store, large);
}

TEST_F(SqliteCommit, FailedWriteFailsTheBatchAndIsGotOver) {
  for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_READONLY, SQLITE_CORRUPT}) {
    Scratch scratch;
    FaultyVfs vfs;
    SqliteStore store(scratch.file("imcd.db"), {.vfs = vfs.name()});
    ASSERT_TRUE(store.open());
    vfs.write_code = code;
    expect_failure(store, change_, {scratch.file("imcd.db"), std::to_string(code)});
    expect_failure(store, change_, {scratch.file("imcd.db")});
    vfs.write_code = SQLITE_OK;
    expect_success(store, change_);
    EXPECT_EQ(stored(store), chat_with_bob_);
  }
}

TEST_F(SqliteCommit, FailedSyncOfTheCommitIsNoCommit) {
  FaultyVfs vfs;
  SqliteStore store(path(), {.vfs = vfs.name()});
  ASSERT_TRUE(store.open());
  vfs.sync_code = SQLITE_IOERR_FSYNC;
  expect_failure(store, change_, {path()});
  vfs.sync_code = SQLITE_OK;
  expect_success(store, change_);
  EXPECT_EQ(stored(store), chat_with_bob_);
}

TEST_F(SqliteCommit, BrokenConnectionIsOpenedAgainAndAGoodOneIsKept) {
  FaultyVfs vfs;
  SqliteStore store(path(), {.vfs = vfs.name()});
  ASSERT_TRUE(store.open());
  const std::size_t opens = vfs.opens;
  vfs.write_code = SQLITE_FULL;
  expect_failure(store, change_, {});
  vfs.write_code = SQLITE_OK;
  expect_success(store, change_);
  EXPECT_EQ(vfs.opens, opens);

  vfs.write_code = SQLITE_IOERR_WRITE;
  expect_failure(store, batch(2, {{put_room("b")}}), {});
  vfs.write_code = SQLITE_OK;
  expect_success(store, batch(2, {{put_room("b")}}));
  EXPECT_EQ(vfs.opens, opens + 1);
}

TEST_F(SqliteCommit, DroppedTableFailsUntilItIsBack) {
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  const std::string table = query("SELECT sql FROM sqlite_master WHERE name = 'imc_members'")[0];
  query("DROP TABLE imc_members");
  expect_failure(store, change_, {"imc_members"});
  expect_failure(store, change_, {"imc_members is gone"});
  query(table);
  expect_success(store, change_);
  EXPECT_EQ(stored(store), chat_with_bob_);
}

TEST_F(SqliteCommit, FileThatWasMovedAwayIsNotWrittenAnyMore) {
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  std::filesystem::rename(path(), scratch_.file("away.db"));
  expect_failure(store, change_, {path(), "gone"});
  EXPECT_FALSE(std::filesystem::exists(path()));
  std::filesystem::rename(scratch_.file("away.db"), path());
  expect_success(store, change_);
  EXPECT_EQ(stored(store), chat_with_bob_);
}

// With what stands beside it, as far as it is there.
void move_database(const std::string& from, const std::string& to) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;
    std::filesystem::remove(to + suffix, ignored);
    std::filesystem::rename(from + suffix, to + suffix, ignored);
  }
}

// Nothing is acknowledged into a file that lacks the rooms.
TEST_F(SqliteCommit, FileThatWasReplacedIsNotWrittenUntilTheOldOneIsBack) {
  const auto replace_by_empty_file = [](const std::string& path) {
    SqlClient(path).query("VACUUM");
  };
  const auto replace_by_tables = [](const std::string& path) {
    ASSERT_TRUE(SqliteStore(path).open());
  };
  const auto replace_by_copy = [this](const std::string& path) {
    std::filesystem::copy_file(scratch_.file("away.db"), path);
  };
  SqliteStore store(path());
  expect_success(store, batch(1, {{put_room("old")}}));
  for (const std::function<void(const std::string&)>& replace :
       std::initializer_list<std::function<void(const std::string&)>>{
           replace_by_empty_file, replace_by_tables, replace_by_copy}) {
    move_database(path(), scratch_.file("away.db"));
    std::filesystem::remove(path() + "-imcd.lock");
    replace(path());
    expect_failure(store, change_, {path(), "replaced by another one"});
    EXPECT_TRUE(store.commit(change_).replaced);
    move_database(path(), scratch_.file("theirs.db"));
    move_database(scratch_.file("away.db"), path());
  }
  expect_success(store, change_);
  EXPECT_EQ(stored(store).size(), 3U);
}

// What imcd has not relied on may be replaced: a database that could not be loaded, by a good one.
TEST_F(SqliteCommit, FileThatWasReplacedBeforeItWasUsedIsTaken) {
  ASSERT_TRUE(SqliteStore(scratch_.file("other.db")).open());
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  move_database(scratch_.file("other.db"), path());
  expect_success(store, change_);
  EXPECT_EQ(stored(store), chat_with_bob_);
}

// Only as long as SQLite has them open would they hold what was acknowledged.
TEST_F(SqliteCommit, LogOrIndexThatVanishedLosesNothing) {
  for (const std::string suffix : {"-wal", "-shm"}) {
    Scratch scratch;
    const std::string file = scratch.file("imcd.db");
    SqliteStore store(file);
    expect_success(store, batch(1, {{put_room("old")}}));
    std::filesystem::remove(file + suffix);
    expect_success(store, change_);
    EXPECT_TRUE(std::filesystem::exists(file + suffix));
    // As a crash would leave it.
    for (const char* part : {"", "-wal"}) {
      std::filesystem::copy_file(file + part, scratch.file(std::string("crashed.db") + part));
    }
    SqliteStore crashed(scratch.file("crashed.db"));
    ASSERT_TRUE(crashed.open());
    EXPECT_EQ(stored(crashed).size(), 3U) << suffix;
  }
}

// Else a second imcd would be let in.
TEST_F(SqliteCommit, LockFileThatVanishedIsMadeAnew) {
  SqliteStore store(path());
  expect_success(store, change_);
  std::filesystem::remove(path() + "-imcd.lock");
  expect_success(store, batch(2, {{put_room("b")}}));
  EXPECT_FALSE(SqliteStore(path()).open());
  // Another one was faster.
  std::filesystem::remove(path() + "-imcd.lock");
  {
    SqliteStore other(path());
    ASSERT_TRUE(other.open());
    expect_failure(store, batch(3, {{put_room("c")}}), {path(), "another imcd"});
  }
  expect_success(store, batch(3, {{put_room("c")}}));
}

// Takes the database away as soon as its log has been synced.
class Thief : public DiskWatcher {
 public:
  Thief(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}
  bool is_waiting = false;

  int on_open(const std::string&) override { return SQLITE_OK; }
  int on_write(const std::string&, std::string_view, std::size_t) override { return SQLITE_OK; }
  int on_truncate(const std::string&, std::size_t) override { return SQLITE_OK; }
  int on_delete(const std::string&) override { return SQLITE_OK; }
  int on_synced(const std::string&) override {
    if (std::exchange(is_waiting, false)) std::filesystem::rename(from_, to_);
    return SQLITE_OK;
  }

 private:
  std::string from_;
  std::string to_;
};

// Its name goes between the look before the batch and the end of the commit.
TEST_F(SqliteCommit, FileThatVanishesDuringACommitHasNotTakenIt) {
  Thief thief(path(), scratch_.file("away.db"));
  FaultyVfs vfs;
  vfs.watcher = &thief;
  SqliteStore store(path(), {.vfs = vfs.name()});
  ASSERT_TRUE(store.open());
  thief.is_waiting = true;
  expect_failure(store, change_, {path(), "gone"});
  std::filesystem::rename(scratch_.file("away.db"), path());
  expect_success(store, change_);
  EXPECT_EQ(stored(store), chat_with_bob_);
}

TEST_F(SqliteCommit, RefusedCommandSaysWhatTheDatabaseSaid) {
  query(
      "CREATE TABLE imc_rooms (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL,"
      " domain TEXT NOT NULL, flag INTEGER NOT NULL CHECK (flag < 100), UNIQUE (name, domain))");
  SqliteStore store(path());
  const CommitResult result = store.commit(
      batch(1, {{put_room("a", 99)}, {put_room("b", 100)}, {put_room("a", 100)}, {put_room("c")}}));
  EXPECT_TRUE(result.committed);
  ASSERT_EQ(result.refused.size(), 2U);
  EXPECT_EQ(result.refused[0].bundle, 1U);
  EXPECT_TRUE(result.refused[0].error.contains("CHECK")) << result.refused[0].error;
  EXPECT_TRUE(result.refused[0].rows.empty());
  EXPECT_EQ(result.refused[1].bundle, 2U);
  EXPECT_EQ(lines(result.refused[1].rows), Lines{"room a 99"});
  EXPECT_EQ(stored(store), (Lines{"room a 99", "room c 0"}));
}

// A trigger that answers a member called `bad` as `answer` says.
std::string trigger(const std::string& answer) {
  return "CREATE TRIGGER choosy BEFORE INSERT ON imc_members WHEN NEW.username = 'bad'"
         " BEGIN SELECT " +
         answer + "; END";
}

TEST_F(SqliteCommit, RefusalThatRollsBackAllTakesOnlyItsCommand) {
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  query(trigger("RAISE(ROLLBACK, 'not him')"));
  const CommitResult result = store.commit(batch(1, {{put_room("a")},
                                                     {put_room("b"), put_member("b", "bad")},
                                                     {put_member("a", "al")},
                                                     {put_member("a", "bad")}}));
  EXPECT_TRUE(result.committed);
  ASSERT_EQ(result.refused.size(), 2U);
  EXPECT_EQ(result.refused[0].bundle, 1U);
  EXPECT_EQ(result.refused[0].error, "not him");
  EXPECT_EQ(result.refused[1].bundle, 3U);
  EXPECT_EQ(stored(store), (Lines{"member al of sip:a@conf.example.com 0", "room a 0"}));
}

TEST_F(SqliteCommit, RowThatTheTableDropsInSilenceIsARefusal) {
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  query(trigger("RAISE(IGNORE)"));
  const CommitResult result = store.commit(batch(1, {{put_room("a")}, {put_member("a", "bad")}}));
  EXPECT_TRUE(result.committed);
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_EQ(result.refused[0].bundle, 1U);
  EXPECT_NE(result.refused[0].error, "");
  EXPECT_EQ(lines(result.refused[0].rows), Lines{"room a 0"});
}

TEST_F(SqliteCommit, RefusalWithoutWordsIsARefusalAllTheSame) {
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  query(trigger("RAISE(ABORT, '')"));
  const CommitResult result = store.commit(batch(1, {{put_room("a")}, {put_member("a", "bad")}}));
  EXPECT_TRUE(result.committed);
  EXPECT_EQ(result.refused.size(), 1U);
}

TEST_F(SqliteCommit, TroubleAmongRefusalsKeepsTheWholeBatch) {
  FaultyVfs vfs;
  SqliteStore store(path(), {.vfs = vfs.name()});
  ASSERT_TRUE(store.open());
  query(trigger("RAISE(ABORT, 'not him')"));
  const Batch mixed = batch(1, {{put_room("a")}, {put_member("a", "bad")}});
  vfs.sync_code = SQLITE_IOERR_FSYNC;
  expect_failure(store, mixed, {path()});
  vfs.sync_code = SQLITE_OK;
  const CommitResult result = store.commit(mixed);
  EXPECT_TRUE(result.committed);
  EXPECT_EQ(result.refused.size(), 1U);
}

TEST_F(SqliteCommit, EndOfOneRoomDoesNotReadTheMembersOfAll) {
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  const Lines plan = query("EXPLAIN QUERY PLAN DELETE FROM imc_members WHERE room = 'sip:a@d'");
  ASSERT_EQ(plan.size(), 1U);
  EXPECT_TRUE(plan[0].contains("SEARCH imc_members USING INDEX imc_members_room_idx")) << plan[0];
}

}  // namespace
}  // namespace imcd::db
