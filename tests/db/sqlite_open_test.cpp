// Opening a SQLite database: what is made, what is taken as it is, what is refused and in which
// words.
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <sys/fsuid.h>
#include <sys/stat.h>

#include "db/sqlite_store.h"
#include "faulty_vfs.h"
#include "sample_rows.h"
#include "scratch.h"
#include "sql_client.h"
#include "sql_script.h"

namespace imcd::db {
namespace {

// The tables as Kamailio's script for SQLite describes them, with two rooms in them.
constexpr const char* kamailio_database = R"(
  CREATE TABLE version (id INTEGER PRIMARY KEY NOT NULL, table_name VARCHAR(32) NOT NULL,
    table_version INTEGER DEFAULT 0 NOT NULL, CONSTRAINT version_table_name_idx UNIQUE (table_name));
  INSERT INTO version (table_name, table_version) VALUES ('version', '1');
  CREATE TABLE imc_rooms (id INTEGER PRIMARY KEY NOT NULL, name VARCHAR(64) NOT NULL,
    domain VARCHAR(64) NOT NULL, flag INTEGER NOT NULL,
    CONSTRAINT imc_rooms_name_domain_idx UNIQUE (name, domain));
  INSERT INTO version (table_name, table_version) VALUES ('imc_rooms', '1');
  CREATE TABLE imc_members (id INTEGER PRIMARY KEY NOT NULL, username VARCHAR(64) NOT NULL,
    domain VARCHAR(64) NOT NULL, room VARCHAR(64) NOT NULL, flag INTEGER NOT NULL,
    CONSTRAINT imc_members_account_room_idx UNIQUE (username, domain, room));
  INSERT INTO version (table_name, table_version) VALUES ('imc_members', '1');
  INSERT INTO imc_rooms VALUES (7, 'chat', 'conf.example.com', 1);
  INSERT INTO imc_rooms VALUES (9, 'empty', 'conf.example.com', 0);
  INSERT INTO imc_members VALUES (3, 'bob', 'example.com', 'sip:chat@conf.example.com', 1);
)";
// OpenSIPS says version 2 for the same columns, and CHAR for their type.
constexpr const char* opensips_database = R"(
  CREATE TABLE version (table_name CHAR(32) NOT NULL, table_version INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT version_t_name_idx UNIQUE (table_name));
  INSERT INTO version VALUES ('imc_rooms', '2'), ('imc_members', '2');
  CREATE TABLE imc_rooms (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name CHAR(64) NOT NULL,
    domain CHAR(64) NOT NULL, flag INTEGER NOT NULL,
    CONSTRAINT imc_rooms_name_domain_idx UNIQUE (name, domain));
  CREATE TABLE imc_members (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    username CHAR(64) NOT NULL, domain CHAR(64) NOT NULL, room CHAR(64) NOT NULL,
    flag INTEGER NOT NULL, CONSTRAINT imc_members_account_room_idx UNIQUE (username, domain, room));
  INSERT INTO imc_rooms VALUES (1, 'chat', 'conf.example.com', 0);
)";

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

class SqliteOpen : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return scratch_.file("imcd.db"); }
  std::vector<std::string> query(const std::string& sql) { return SqlClient(path()).query(sql); }
  void expect_good(Store& store) {
    const Result<void> opened = store.open();
    EXPECT_TRUE(opened) << opened.error().text;
  }
  // Expects that opening fails, and that the error says all this.
  void expect_error(Store& store, const std::vector<std::string>& words) {
    const Result<void> opened = store.open();
    ASSERT_FALSE(opened);
    for (const std::string& word : words) {
      EXPECT_TRUE(opened.error().text.contains(word)) << opened.error().text;
    }
  }

  Scratch scratch_;
};

TEST_F(SqliteOpen, FirstStartMakesTheDocumentedSchema) {
  SqliteStore store(path());
  expect_good(store);
  EXPECT_EQ(
      query("SELECT type, name, tbl_name FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"),
      (Lines{"table|imc_members|imc_members", "index|imc_members_room_idx|imc_members",
             "table|imc_rooms|imc_rooms", "table|imcd_invitations|imcd_invitations",
             "table|imcd_users|imcd_users", "table|version|version"}));
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

// What each older database lacks is made at the start, and its rows are there afterwards.
TEST_F(SqliteOpen, OlderDatabasesGetWhatTheyLack) {
  const std::string room =
      "INSERT INTO imc_rooms (name, domain, flag) VALUES ('chat', 'conf.example.com', 1);";
  const Lines older = {
      "",                                                        // Today's.
      "DROP TABLE imcd_invitations",                             // Before invitations' times.
      "DROP TABLE imcd_invitations; DROP TABLE imcd_users",      // Before users' URIs.
      "DROP TABLE imcd_users; DROP INDEX imc_members_room_idx",  // Kamailio's.
      "DROP TABLE imcd_users; DROP INDEX imc_members_room_idx;"  // OpenSIPS'.
      "UPDATE version SET table_version = 2",
      "DROP TABLE imcd_users; DROP TABLE version",                          // Made by hand.
      "DROP TABLE imcd_users; DROP TABLE version; DROP TABLE imc_members;"  // OpenSER's of 2006.
      "CREATE TABLE imc_members (user CHAR(64), domain CHAR(64), room CHAR(128), flag INT)",
      "DROP TABLE imc_members",  // Half a script.
  };
  for (const std::string& what_is_newer : older) {
    SCOPED_TRACE(what_is_newer);
    std::filesystem::remove(path());
    query(read_sql_script("sqlite.sql") + room + what_is_newer);
    for (int start = 0; start < 2; ++start) {
      SqliteStore store(path());
      expect_good(store);
      EXPECT_TRUE(
          store.commit(batch(1, {{put_member("chat", "bob"), put_user("bob@x", "sip:bob@x:1")}}))
              .committed);
      EXPECT_EQ(stored(store), (Lines{"member bob of sip:chat@conf.example.com 0", "room chat 1",
                                      "user bob@x sip:bob@x:1"}));
    }
    EXPECT_EQ(query("SELECT count(*) FROM version WHERE table_name <> 'version'"), Lines{"2"});
    EXPECT_EQ(query("SELECT count(*) FROM sqlite_master WHERE name = 'imc_members_room_idx'"),
              Lines{"1"});
  }
}

TEST_F(SqliteOpen, KamailiosDatabaseOpensAsItIs) {
  query(kamailio_database);
  const char* const theirs =
      "SELECT sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'imcd_%'";
  const Lines tables = query(theirs);
  SqliteStore store(path());
  expect_good(store);
  EXPECT_EQ(stored(store),
            (Lines{"member bob of sip:chat@conf.example.com 1", "room chat 1", "room empty 0"}));
  EXPECT_EQ(query(theirs), tables);
  EXPECT_EQ(query("SELECT table_name, table_version FROM version"),
            (Lines{"version|1", "imc_rooms|1", "imc_members|1"}));
}

TEST_F(SqliteOpen, RowsOfKamailioKeepTheirIds) {
  query(kamailio_database);
  SqliteStore store(path());
  expect_good(store);
  ASSERT_TRUE(
      store.commit(batch(1, {{put_room("chat", 0), put_member("chat", "bob", 2)}})).committed);
  EXPECT_EQ(query("SELECT id, name, flag FROM imc_rooms"), (Lines{"7|chat|0", "9|empty|0"}));
  EXPECT_EQ(query("SELECT * FROM imc_members"),
            (Lines{"3|bob|example.com|sip:chat@conf.example.com|2"}));
}

TEST_F(SqliteOpen, OpensipsDatabaseOpensAsItIs) {
  query(opensips_database);
  SqliteStore store(path());
  expect_good(store);
  EXPECT_EQ(stored(store), Lines{"room chat 0"});
  EXPECT_EQ(query("SELECT * FROM version"), (Lines{"imc_rooms|2", "imc_members|2"}));
}

// OpenSER's of 2006: a column `user`, no `id`, no keys.
TEST_F(SqliteOpen, TablesOf2006OpenAsTheyAre) {
  query(
      "CREATE TABLE imc_rooms (name CHAR(64) NOT NULL, domain CHAR(64) NOT NULL,"
      " flag INT NOT NULL);"
      "CREATE TABLE imc_members (user CHAR(64) NOT NULL, domain CHAR(64) NOT NULL,"
      " room CHAR(64) NOT NULL, flag INT NOT NULL);"
      "INSERT INTO imc_rooms VALUES ('chat', 'conf.example.com', 0);"
      "INSERT INTO imc_members VALUES ('bob', 'example.com', 'sip:chat@conf.example.com', 1);"
      "INSERT INTO imc_members VALUES ('al', 'example.com', 'sip:chat@conf.example.com', 0);");
  const char* const theirs =
      "SELECT sql FROM sqlite_master WHERE name IN ('imc_rooms', 'imc_members')";
  const Lines tables = query(theirs);
  for (int start = 0; start < 2; ++start) {
    SqliteStore store(path());
    expect_good(store);
    ASSERT_TRUE(store
                    .commit(batch(1, {{put_member("chat", "bob", 2)},
                                      {put_member("chat", "cy")},
                                      {delete_member("chat", "al")}}))
                    .committed);
    EXPECT_EQ(stored(store), (Lines{"member bob of sip:chat@conf.example.com 2",
                                    "member cy of sip:chat@conf.example.com 0", "room chat 0"}));
    EXPECT_EQ(query(theirs), tables);
  }
  // Also where it is only looked at.
  SqliteStore reader(path(), {.reads_only = true});
  expect_good(reader);
  EXPECT_EQ(stored(reader).size(), 3U);
  // What is refused is read again, by the old name too.
  query("CREATE TRIGGER no BEFORE INSERT ON imc_members BEGIN SELECT RAISE(ABORT, 'no'); END");
  SqliteStore store(path());
  expect_good(store);
  const CommitResult result = store.commit(batch(2, {{put_member("chat", "dee")}}));
  EXPECT_TRUE(result.committed) << result.error;
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_EQ(result.refused[0].rows.members.size(), 2U);
}

TEST_F(SqliteOpen, ColumnUserBesideUsernameIsNotLookedAt) {
  query(
      "CREATE TABLE imc_members (username TEXT, user TEXT, domain TEXT, room TEXT, flag INTEGER);"
      "INSERT INTO imc_members VALUES ('bob', 'xx', 'example.com', 'sip:chat@conf.example.com', "
      "1);");
  SqliteStore store(path());
  expect_good(store);
  EXPECT_EQ(stored(store), Lines{"member bob of sip:chat@conf.example.com 1"});
}

TEST_F(SqliteOpen, TablesWithoutUniqueKeysServeToo) {
  query(
      "CREATE TABLE imc_rooms (name TEXT, domain TEXT, flag INTEGER);"
      "CREATE TABLE imc_members (username TEXT, domain TEXT, room TEXT, flag INTEGER);"
      "INSERT INTO imc_rooms VALUES ('twice', 'conf.example.com', 0);"
      "INSERT INTO imc_rooms VALUES ('twice', 'conf.example.com', 0);");
  SqliteStore store(path());
  expect_good(store);
  const Batch change =
      batch(1, {{put_room("chat", 1), put_member("chat", "bob")}, {put_room("twice", 1)}});
  ASSERT_TRUE(store.commit(change).committed);
  ASSERT_TRUE(store.commit(change).committed);
  EXPECT_EQ(stored(store), (Lines{"member bob of sip:chat@conf.example.com 0", "room chat 1",
                                  "room twice 1", "room twice 1"}));
  ASSERT_TRUE(store.commit(batch(2, {{delete_room("twice")}, {delete_room("chat")}})).committed);
  EXPECT_EQ(stored(store), Lines{});
}

TEST_F(SqliteOpen, OtherTablesAreLeftAlone) {
  query(
      "CREATE TABLE subscriber (id INTEGER PRIMARY KEY, username TEXT);"
      "INSERT INTO subscriber VALUES (1, 'bob');");
  SqliteStore store(path());
  expect_good(store);
  EXPECT_EQ(query("SELECT * FROM subscriber"), Lines{"1|bob"});
}

TEST_F(SqliteOpen, WrongVersionIsRefusedInWordsAndNothingIsTouched) {
  query(kamailio_database);
  query("UPDATE version SET table_version = 3 WHERE table_name = 'imc_members'");
  const Lines before = query("SELECT * FROM sqlite_master");
  SqliteStore store(path());
  expect_error(store, {path(), "imc_members", "version 3", "expected 1"});
  EXPECT_EQ(query("SELECT * FROM sqlite_master"), before);
  EXPECT_EQ(query("PRAGMA journal_mode"), Lines{"delete"});
}

TEST_F(SqliteOpen, MissingColumnIsRefusedInWordsAndNothingIsTouched) {
  query("CREATE TABLE imc_members (name TEXT, domain TEXT, room TEXT, flag INTEGER)");
  SqliteStore store(path());
  expect_error(store,
               {"imc_members", "no column username", "expected username, domain, room, flag"});
  EXPECT_EQ(query("SELECT name FROM sqlite_master"), Lines{"imc_members"});
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
