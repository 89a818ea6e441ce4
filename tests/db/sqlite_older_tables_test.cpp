// Opening a SQLite database that something else made: the tables of Kamailio, OpenSIPS and OpenSER
// serve as they are, others are left alone or refused in words.
#include <filesystem>
#include <gtest/gtest.h>
#include <string>

#include "db/sqlite_store.h"
#include "sample_rows.h"
#include "sql_script.h"
#include "sqlite_open_fixture.h"

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
  EXPECT_EQ(result.refused[0].rows.of<records::MemberRow>().size(), 2U);
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

}  // namespace
}  // namespace imcd::db
