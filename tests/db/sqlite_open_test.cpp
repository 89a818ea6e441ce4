// Opening a SQLite database: what is made, what is refused and in which words.
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <sys/fsuid.h>
#include <sys/stat.h>

#include "db/sqlite_store.h"
#include "faulty_vfs.h"
#include "sample_rows.h"
#include "sql_script.h"
#include "sqlite_open_fixture.h"

namespace imcd::db {
namespace {

// Root may write anywhere, so a test of permissions gives that up for its thread.
class WithoutRoot {
 public:
  WithoutRoot() : was_(::setfsuid(nobody)) {}
  ~WithoutRoot() { ::setfsuid(static_cast<uid_t>(was_)); }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;

 private:
  static constexpr uid_t nobody = 65534;
  int was_;
};

TEST_F(SqliteOpen, FirstStartMakesTheDocumentedSchema) {
  SqliteStore store(path());
  expect_good(store);
  EXPECT_EQ(
      query("SELECT type, name, tbl_name FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"),
      (Lines{"table|imc_members|imc_members", "index|imc_members_room_idx|imc_members",
             "table|imc_rooms|imc_rooms", "table|imcd_blocks|imcd_blocks",
             "table|imcd_invitations|imcd_invitations", "table|imcd_users|imcd_users",
             "table|version|version"}));
  EXPECT_EQ(query("SELECT sql FROM sqlite_master WHERE name = 'imc_rooms'"),
            Lines{"CREATE TABLE `imc_rooms` (\n"
                  "    id INTEGER PRIMARY KEY NOT NULL,\n"
                  "    name VARCHAR(64) NOT NULL,\n"
                  "    domain VARCHAR(128) NOT NULL,\n"
                  "    flag INTEGER NOT NULL,\n"
                  "    CONSTRAINT imc_rooms_name_domain_idx UNIQUE (name, domain)\n"
                  ")"});
  EXPECT_EQ(query("SELECT sql FROM sqlite_master WHERE name = 'imc_members'"),
            Lines{"CREATE TABLE `imc_members` (\n"
                  "    id INTEGER PRIMARY KEY NOT NULL,\n"
                  "    username VARCHAR(64) NOT NULL,\n"
                  "    domain VARCHAR(128) NOT NULL,\n"
                  "    room VARCHAR(197) NOT NULL,\n"
                  "    flag INTEGER NOT NULL,\n"
                  "    CONSTRAINT imc_members_account_room_idx UNIQUE (username, domain, room)\n"
                  ")"});
  EXPECT_EQ(query("SELECT sql FROM sqlite_master WHERE name = 'imcd_users'"),
            Lines{"CREATE TABLE `imcd_users` (\n"
                  "    `key` VARCHAR(321) PRIMARY KEY NOT NULL,\n"
                  "    uri VARCHAR(204) NOT NULL\n"
                  ")"});
  EXPECT_EQ(query("SELECT table_name, table_version FROM version ORDER BY table_name"),
            (Lines{"imc_members|1", "imc_rooms|1", "version|1"}));
  EXPECT_EQ(query("PRAGMA journal_mode"), Lines{"wal"});
}

TEST_F(SqliteOpen, TablesMayHaveOtherNames) {
  SqliteStore store(path(), {.tables = {"order", "_Group2"}});
  expect_good(store);
  ASSERT_TRUE(store.commit(batch(1, {{put_room("chat"), put_member("chat", "bob")}})).committed);
  EXPECT_EQ(query("SELECT name FROM `order`"), Lines{"chat"});
  EXPECT_EQ(query("SELECT username FROM _Group2"), Lines{"bob"});
  EXPECT_EQ(query("SELECT table_name FROM version ORDER BY table_name"),
            (Lines{"_Group2", "order", "version"}));
  EXPECT_EQ(stored(store).size(), 2U);
}

TEST_F(SqliteOpen, BadTableNameIsRefusedBeforeAnythingIsMade) {
  SqliteStore store(path(), {.tables = {"x; DROP TABLE y", "imc_members"}});
  expect_error(store, {"'x; DROP TABLE y'", "expected"});
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(SqliteOpen, SecondStartChangesNothing) {
  {
    expect_good(*std::make_unique<SqliteStore>(path()));
  }
  const Lines before = query("SELECT * FROM sqlite_master");
  const Lines version = query("SELECT * FROM version");
  {
    SqliteStore store(path());
    expect_good(store);
  }
  EXPECT_EQ(query("SELECT * FROM sqlite_master"), before);
  EXPECT_EQ(query("SELECT * FROM version"), version);
}

TEST_F(SqliteOpen, ManyStartsAreAsGoodAsOne) {
  SqliteStore store(path());
  expect_good(store);
  expect_good(store);
  EXPECT_TRUE(store.commit(batch(1, {{put_room("chat")}})).committed);
  expect_good(store);
  EXPECT_EQ(stored(store), Lines{"room chat 0"});
}

TEST_F(SqliteOpen, ScriptMakesTheTablesThatImcdMakes) {
  query(read_sql_script("sqlite.sql"));
  const char* const columns =
      "SELECT m.name, c.cid, c.name, c.type, c.'notnull', c.dflt_value, c.pk FROM sqlite_master AS "
      "m"
      " JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' ORDER BY m.name, c.cid";
  const char* const indexes =
      "SELECT m.name, i.name, i.'unique', i.origin FROM sqlite_master AS m"
      " JOIN pragma_index_list(m.name) AS i WHERE m.type = 'table' ORDER BY m.name, i.name";
  const Lines columns_of_script = query(columns);
  const Lines indexes_of_script = query(indexes);
  std::filesystem::remove(path());
  SqliteStore store(path());
  expect_good(store);
  EXPECT_EQ(query(columns), columns_of_script);
  EXPECT_EQ(query(indexes), indexes_of_script);
}

TEST_F(SqliteOpen, OthersThanOwnerAndGroupSeeNothingOfItsFiles) {
  using std::filesystem::perms;
  const mode_t former = ::umask(0);
  const auto mode_of = [this](const char* suffix) {
    return std::filesystem::status(path() + suffix).permissions();
  };
  {
    SqliteStore store(path());
    expect_good(store);
    ASSERT_TRUE(store.commit(batch(1, {{put_room("a")}})).committed);
    for (const char* suffix : {"", "-wal", "-shm", "-imcd.lock"}) {
      EXPECT_EQ(mode_of(suffix), perms(0640)) << suffix;
    }
  }
  // Whoever made the database decides who reads it.
  std::filesystem::permissions(path(), perms(0664));
  SqliteStore store(path());
  expect_good(store);
  ASSERT_TRUE(store.commit(batch(2, {{put_room("b")}})).committed);
  EXPECT_EQ(mode_of(""), perms(0664));
  EXPECT_EQ(mode_of("-wal"), perms(0664));
  ::umask(former);
}

TEST_F(SqliteOpen, MissingDirectoryIsNamed) {
  SqliteStore store(scratch_.file("no/such/imcd.db"));
  expect_error(store, {scratch_.file("no/such/imcd.db"), "no directory", scratch_.file("no/such")});
}

TEST_F(SqliteOpen, DirectoryIsNoDatabase) {
  SqliteStore store(scratch_.path().string());
  expect_error(store, {scratch_.path().string(), "directory"});
}

TEST_F(SqliteOpen, EmptyPathIsNoDatabase) {
  SqliteStore store("");
  expect_error(store, {"''"});
}

TEST_F(SqliteOpen, FileOfAnotherKindIsRefused) {
  std::ofstream(path()) << std::string(5000, 'x');
  SqliteStore store(path());
  expect_error(store, {path(), "not a database"});
}

TEST_F(SqliteOpen, ReadOnlyFileIsRefusedUntilItMayBeWritten) {
  {
    expect_good(*std::make_unique<SqliteStore>(path()));
  }
  ASSERT_EQ(::chmod(scratch_.path().c_str(), 0777), 0);
  ASSERT_EQ(::chmod(path().c_str(), 0444), 0);
  ASSERT_EQ(::chmod((path() + "-imcd.lock").c_str(), 0666), 0);
  SqliteStore store(path());
  {
    WithoutRoot ordinary_user;
    expect_error(store, {path(), "read-only"});
  }
  ASSERT_EQ(::chmod(path().c_str(), 0666), 0);
  WithoutRoot ordinary_user;
  expect_good(store);
}

TEST_F(SqliteOpen, ReadOnlyDirectoryIsRefusedUntilItMayBeWritten) {
  ASSERT_EQ(::chmod(scratch_.path().c_str(), 0555), 0);
  SqliteStore store(path());
  {
    WithoutRoot ordinary_user;
    expect_error(store, {path(), "cannot open the lock file", "Permission denied"});
  }
  ASSERT_EQ(::chmod(scratch_.path().c_str(), 0777), 0);
  WithoutRoot ordinary_user;
  expect_good(store);
}

TEST_F(SqliteOpen, FileSystemWithoutWriteAheadLogIsRefused) {
  FaultyVfs vfs;
  vfs.lacks_shared_memory = true;
  SqliteStore store(path(), {.vfs = vfs.name()});
  expect_error(store, {path(), "write-ahead log"});
}

TEST_F(SqliteOpen, FailedOpeningMayBeTriedAgain) {
  FaultyVfs vfs;
  vfs.open_code = SQLITE_CANTOPEN;
  SqliteStore store(path(), {.vfs = vfs.name()});
  expect_error(store, {path(), "unable to open"});
  EXPECT_FALSE(load_all(store).result);
  vfs.open_code = SQLITE_OK;
  expect_good(store);
  EXPECT_TRUE(load_all(store).result);
}

TEST_F(SqliteOpen, SecondInstanceIsRefusedInWords) {
  SqliteStore first(path());
  expect_good(first);
  SqliteStore second(path());
  expect_error(second, {"another imcd", path() + "-imcd.lock"});
  EXPECT_TRUE(first.commit(batch(1, {{put_room("chat")}})).committed);
}

TEST_F(SqliteOpen, SecondInstanceIsSeenThroughASymbolicLink) {
  SqliteStore first(path());
  expect_good(first);
  std::filesystem::create_symlink(path(), scratch_.file("link.db"));
  SqliteStore second(scratch_.file("link.db"));
  expect_error(second, {"another imcd"});
}

TEST_F(SqliteOpen, SecondInstanceMayStartOnceTheFirstIsGone) {
  SqliteStore second(path());
  {
    SqliteStore first(path());
    expect_good(first);
    EXPECT_FALSE(second.open());
  }
  expect_good(second);
}

TEST_F(SqliteOpen, InstancesThatAgreeMayShareADatabase) {
  SqliteStore first(path(), {.shared = true});
  SqliteStore second(path(), {.shared = true});
  expect_good(first);
  expect_good(second);
  EXPECT_TRUE(first.commit(batch(1, {{put_room("a")}})).committed);
  EXPECT_TRUE(second.commit(batch(1, {{put_room("b")}})).committed);
  EXPECT_EQ(stored(first), stored(second));
  EXPECT_EQ(stored(first).size(), 2U);
}

TEST_F(SqliteOpen, SharingNeedsBothSides) {
  SqliteStore alone(path());
  SqliteStore sharing(path(), {.shared = true});
  expect_good(alone);
  expect_error(sharing, {"another imcd"});
}

TEST_F(SqliteOpen, OneOfTheSharingInstancesIsEnoughToRefuseASoleOne) {
  auto first = std::make_unique<SqliteStore>(path(), SqliteOptions{.shared = true});
  auto second = std::make_unique<SqliteStore>(path(), SqliteOptions{.shared = true});
  SqliteStore alone(path());
  expect_good(*first);
  expect_good(*second);
  expect_error(alone, {"another imcd"});
  first.reset();
  expect_error(alone, {"another imcd"});
  second.reset();
  expect_good(alone);
}

}  // namespace
}  // namespace imcd::db
