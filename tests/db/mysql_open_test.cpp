// Opening a MySQL database: what is made, what is taken as it is, what is refused and how.
#include <gtest/gtest.h>
#include <memory>
#include <unistd.h>

#include "db/mysql_store.h"
#include "mariadb.h"
#include "sample_rows.h"
#include "sql_script.h"

namespace imcd::db {
namespace {

class MysqlOpen : public MysqlTest {
 protected:
  void expect_good(Store& store) {
    const Result<void> opened = store.open();
    ASSERT_TRUE(opened) << opened.error().text;
  }
  // Expects a refusal that says all this.
  void expect_refusal(const MysqlOptions& options, const Lines& words) {
    MysqlStore store(options);
    const Result<void> opened = store.open();
    ASSERT_FALSE(opened);
    for (const std::string& word : words) {
      EXPECT_TRUE(opened.error().text.contains(word)) << opened.error().text;
    }
  }
  // All of imcd's, as the server describes them.
  Lines tables() {
    Lines all;
    for (const char* name : {"imc_rooms", "imc_members", "imcd_users", "imcd_invitations",
                             "imcd_blocks", "imcd_instance", "version"}) {
      const std::string table = query(std::string("SHOW CREATE TABLE ") + name).at(0);
      // The next number of a row is no part of the shape.
      const std::size_t number = table.find(" AUTO_INCREMENT=");
      all.push_back(number == std::string::npos
                        ? table
                        : table.substr(0, number) + table.substr(table.find(' ', number + 1)));
    }
    const Lines versions = query("SELECT * FROM version ORDER BY table_name");
    all.insert(all.end(), versions.begin(), versions.end());
    return all;
  }
  void expect_stored(Store& store, const Batch& change) {
    const CommitResult result = store.commit(change);
    EXPECT_TRUE(result.committed) << result.error;
    EXPECT_TRUE(result.refused.empty()) << result.refused[0].error;
  }
};

TEST_F(MysqlOpen, FirstStartMakesTablesWideEnoughForEveryName) {
  MysqlStore store(options());
  expect_good(store);
  EXPECT_EQ(store.take_warnings(), Lines{});
  EXPECT_EQ(query("SELECT table_name, engine, table_collation FROM information_schema.tables"
                  " WHERE table_schema = DATABASE() ORDER BY CAST(table_name AS BINARY)"),
            (Lines{"imc_members|InnoDB|utf8mb4_bin", "imc_rooms|InnoDB|utf8mb4_bin",
                   "imcd_blocks|InnoDB|utf8mb4_bin", "imcd_instance|InnoDB|utf8mb4_bin",
                   "imcd_invitations|InnoDB|utf8mb4_bin", "imcd_users|InnoDB|utf8mb4_bin",
                   "version|InnoDB|utf8mb4_bin"}));
  EXPECT_EQ(query("SELECT table_name, table_version FROM version ORDER BY table_name"),
            (Lines{"imc_members|1", "imc_rooms|1"}));
  const std::string name(64, 'n');
  const std::string domain(128, 'd');
  const records::RoomRow::Key key{name, domain};
  const records::Record room = records::Put<records::RoomRow>{{key, 0}};
  const records::Record member =
      records::Put<records::MemberRow>{{{records::uri_of(key), name, domain}, 0}};
  expect_stored(store, batch(1, {{room, member}}));
  EXPECT_EQ(query("SELECT LENGTH(room) FROM imc_members"), Lines{"197"});
}

TEST_F(MysqlOpen, SecondStartChangesNothing) {
  expect_good(*std::make_unique<MysqlStore>(options()));
  const Lines before = tables();
  expect_good(*std::make_unique<MysqlStore>(options()));
  EXPECT_EQ(tables(), before);
}

TEST_F(MysqlOpen, ScriptMakesTheTablesThatImcdMakes) {
  expect_good(*std::make_unique<MysqlStore>(options()));
  const Lines made = tables();
  server_ = MariaDb::get().new_database();
  for (const std::string& statement : statements_of(read_sql_script("mysql.sql"))) query(statement);
  EXPECT_EQ(tables(), made);
}

// What each older database lacks is made at the start, and its rows are there afterwards.
TEST_F(MysqlOpen, OlderDatabasesGetWhatTheyLack) {
  const auto drop = [&](const Lines& statements) {
    server_ = MariaDb::get().new_database();
    for (const std::string& each : statements_of(read_sql_script("mysql.sql"))) query(each);
    query("INSERT INTO imc_rooms (name, domain, flag) VALUES ('chat', 'conf.example.com', 1)");
    for (const std::string& each : statements) query(each);
  };
  const std::vector<Lines> older = {
      {},                                                     // Today's.
      {"DROP TABLE imcd_invitations"},                        // Not yet.
      {"DROP TABLE imcd_instance"},                           // Not yet.
      {"DROP TABLE imcd_instance", "DROP TABLE imcd_users"},  // An imcd before users' URIs.
      {"DROP TABLE imcd_instance", "DROP TABLE imcd_users",   // Kamailio's.
       "ALTER TABLE imc_members DROP INDEX room_idx"},
      {"DROP TABLE imcd_instance", "DROP TABLE imcd_users",  // OpenSIPS'.
       "ALTER TABLE imc_members DROP INDEX room_idx", "UPDATE version SET table_version = 2"},
      {"DROP TABLE imcd_instance", "DROP TABLE imcd_users",  // OpenSER's of 2006.
       "DROP TABLE imc_members", "DROP TABLE version",
       "CREATE TABLE imc_members (user CHAR(64), domain CHAR(64), room CHAR(128), flag INT)"},
      {"DROP TABLE imc_members"},  // Half a script.
  };
  for (std::size_t i = 0; i < older.size(); ++i) {
    SCOPED_TRACE(i);
    drop(older[i]);
    for (int start = 0; start < 2; ++start) {
      MysqlStore store(options());
      expect_good(store);
      expect_stored(store,
                    batch(1, {{put_member("chat", "bob"), put_user("bob@x", "sip:bob@x:1")}}));
      EXPECT_EQ(stored(store), (Lines{"member bob of sip:chat@conf.example.com 0", "room chat 1",
                                      "user bob@x sip:bob@x:1"}));
    }
    EXPECT_EQ(query("SELECT COUNT(*) FROM version"), Lines{"2"});
    EXPECT_EQ(query("SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema ="
                    " DATABASE() AND table_name = 'imc_members' AND column_name = 'room'"
                    " AND seq_in_index = 1"),
              Lines{"1"});
  }
}

// A server may refuse a table without one: MySQL's sql_require_primary_key, Galera's
// wsrep_mode=REQUIRED_PRIMARY_KEY, Group Replication.
TEST_F(MysqlOpen, EveryTableThatIsMadeHasAPrimaryKey) {
  const auto without_key = [&] {
    return query(
        "SELECT table_name FROM information_schema.tables AS made WHERE table_schema = DATABASE()"
        " AND NOT EXISTS (SELECT 1 FROM information_schema.statistics AS part WHERE"
        " part.table_schema = made.table_schema AND part.table_name = made.table_name"
        " AND part.index_name = 'PRIMARY')");
  };
  expect_good(*std::make_unique<MysqlStore>(options()));
  EXPECT_EQ(without_key(), Lines{});
  server_ = MariaDb::get().new_database();
  for (const std::string& statement : statements_of(read_sql_script("mysql.sql"))) query(statement);
  EXPECT_EQ(without_key(), Lines{});
}

// One node of a cluster that demands them.
TEST_F(MysqlOpen, GaleraThatDemandsPrimaryKeysIsServed) {
  const char* const provider = "/usr/lib/galera/libgalera_smm.so";
  if (::access(provider, R_OK) != 0) GTEST_SKIP() << "galera-4 is not installed";
  // Kamailio's of a time before it demanded them.
  query("CREATE TABLE version (table_name VARCHAR(32) NOT NULL, table_version INT NOT NULL)");
  query("INSERT INTO version VALUES ('imc_rooms', 1), ('acc', 5)");
  const MysqlServer of_kamailio = server_;
  MariaDb::get().stop(false);
  MariaDb::get().start(
      {"--wsrep-on=ON", std::string("--wsrep-provider=") + provider,
       "--wsrep-cluster-address=gcomm://", "--wsrep-node-address=127.0.0.1",
       "--wsrep-provider-options=base_host=127.0.0.1;gmcast.listen_addr=tcp://127.0.0.1:0",
       "--wsrep-mode=REQUIRED_PRIMARY_KEY", "--binlog-format=ROW"});
  server_ = MariaDb::get().new_database();
  EXPECT_NE(MysqlClient(server_).try_query("CREATE TABLE plain (number INT)"), 0U);
  for (const MysqlServer& server : {server_, of_kamailio}) {
    server_ = server;
    MysqlStore store(options());
    expect_good(store);
    expect_stored(store, batch(1, {{put_room("chat"), put_member("chat", "bob")}}));
    EXPECT_EQ(stored(store).size(), 2U);
  }
  EXPECT_EQ(query("SELECT table_name, table_version FROM version ORDER BY table_name"),
            (Lines{"acc|5", "imc_members|1", "imc_rooms|1"}));
  MariaDb::get().stop(false);
  MariaDb::get().start();
}

TEST_F(MysqlOpen, UserWhoMayMakeNothingCanUseTablesThatAreThere) {
  for (const std::string& statement : statements_of(read_sql_script("mysql.sql"))) query(statement);
  query("CREATE OR REPLACE USER 'plain'@'localhost'");
  query("GRANT SELECT, INSERT, UPDATE, DELETE ON " + server_.database +
        ".* TO 'plain'@'localhost'");
  MysqlOptions plain = options();
  plain.server.user = "plain";
  {
    MysqlStore store(plain);
    expect_good(store);
    expect_stored(store, batch(1, {{put_room("chat"), put_member("chat", "bob")}}));
  }
  // And of one that is missing he is told.
  query("DROP TABLE imcd_users");
  expect_refusal(plain, {"denied", "imcd_users"});
}

TEST_F(MysqlOpen, ManyRowsAreWrittenByOneStatement) {
  const auto statements = [&](Store& store) {
    const auto count = [&] {
      return std::stoi(query("SELECT variable_value FROM information_schema.global_status"
                             " WHERE variable_name = 'COM_STMT_EXECUTE'")
                           .at(0));
    };
    Batch many{.id = 1};
    for (int i = 0; i < 640; ++i) many.bundles.push_back({{put_room("r" + std::to_string(i))}});
    const int before = count();
    expect_stored(store, many);
    return count() - before;
  };
  MysqlStore store(options());
  expect_good(store);
  EXPECT_LT(statements(store), 20);
}

TEST_F(MysqlOpen, AnotherUniqueKeyMakesRowsGoOneByOne) {
  expect_good(*std::make_unique<MysqlStore>(options()));
  query("ALTER TABLE imc_rooms ADD UNIQUE (flag)");
  MysqlStore store(options());
  expect_good(store);
  // Both at once would make the one room the other.
  const CommitResult result = store.commit(batch(1, {{put_room("a", 7)}, {put_room("b", 7)}}));
  EXPECT_TRUE(result.committed) << result.error;
  EXPECT_EQ(result.refused.size(), 1U);
  EXPECT_EQ(stored(store), Lines{"room a 7"});
}

TEST_F(MysqlOpen, TableWithoutTransactionsIsRefusedWithTheWayOut) {
  query(
      "CREATE TABLE imc_rooms (name CHAR(64) NOT NULL, domain CHAR(64) NOT NULL,"
      " flag INT NOT NULL) ENGINE = MyISAM");
  expect_refusal(options(), {"imc_rooms", "MyISAM", "ALTER TABLE `imc_rooms` ENGINE = InnoDB"});
  EXPECT_EQ(query("SHOW TABLES"), (Lines{"imc_rooms", "imcd_instance"}));
  query("ALTER TABLE `imc_rooms` ENGINE = InnoDB");
  MysqlStore store(options());
  expect_good(store);
}

TEST_F(MysqlOpen, TableThatLacksAColumnIsRefused) {
  query("CREATE TABLE imc_members (username CHAR(64), domain CHAR(64), flag INT)");
  expect_refusal(options(), {"imc_members", "no column room", "username, domain, room, flag"});
}

TEST_F(MysqlOpen, UnknownVersionIsRefused) {
  query("CREATE TABLE version (table_name VARCHAR(32), table_version INT) ENGINE = MyISAM");
  query("INSERT INTO version VALUES ('imc_rooms', 9)");
  expect_refusal(options(), {"imc_rooms has version 9"});
  query("UPDATE version SET table_version = 2");
  MysqlStore store(options());
  expect_good(store);
}

TEST_F(MysqlOpen, NarrowColumnIsToldOfAndNeverCuts) {
  query(
      "CREATE TABLE imc_rooms (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name CHAR(64) NOT NULL,"
      " domain CHAR(64) NOT NULL, flag INT NOT NULL, UNIQUE (name, domain))");
  query(
      "CREATE TABLE imc_members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,"
      " username CHAR(64) NOT NULL, domain CHAR(64) NOT NULL, room CHAR(64) NOT NULL,"
      " flag INT NOT NULL, UNIQUE (username, domain, room))");
  MysqlStore store(options());
  expect_good(store);
  const Lines warnings = store.take_warnings();
  ASSERT_EQ(warnings.size(), 3U);
  EXPECT_TRUE(warnings[2].contains("column room of table imc_members holds 64")) << warnings[2];
  EXPECT_EQ(store.take_warnings(), Lines{});

  const std::string name(60, 'n');
  const CommitResult result =
      store.commit(batch(1, {{put_room("a")}, {put_room(name), put_member(name, "al")}}));
  EXPECT_TRUE(result.committed) << result.error;
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_TRUE(result.refused[0].error.contains("'room'")) << result.refused[0].error;
  EXPECT_EQ(stored(store), Lines{"room a 0"});
  // The statement that the warning gives is the way out.
  query(warnings[2].substr(warnings[2].find("ALTER TABLE")));
  expect_stored(store, batch(2, {{put_room(name), put_member(name, "al")}}));
}

TEST_F(MysqlOpen, NamesInAnotherCharacterSetAreReadAsWhatTheyAre) {
  query(
      "CREATE TABLE imc_rooms (name CHAR(64) NOT NULL, domain CHAR(64) NOT NULL,"
      " flag INT NOT NULL, UNIQUE (name, domain)) DEFAULT CHARSET latin1");
  query("INSERT INTO imc_rooms VALUES ('caf\xc3\xa9', 'conf.example.com', 0)");
  {
    MysqlStore store(options());
    expect_good(store);
    EXPECT_EQ(stored(store), Lines{"room caf\xc3\xa9 0"});
    expect_stored(store, batch(1, {{put_room("caf\xc3\xa9", 1)}}));
    EXPECT_EQ(query("SELECT name, flag FROM imc_rooms"), Lines{"caf\xc3\xa9|1"});
    // A character that latin1 lacks is refused, not replaced.
    const CommitResult result = store.commit(batch(2, {{put_room("\xd0\xb6")}}));
    EXPECT_TRUE(result.committed) << result.error;
    EXPECT_EQ(result.refused.size(), 1U);
  }
  // What a module wrote over a connection of another set is read over one of that set.
  query("DELETE FROM imc_rooms");
  MysqlClient(server_, "latin1")
      .query("INSERT INTO imc_rooms VALUES ('caf\xc3\xa9', 'conf.example.com', 0)");
  server_.charset = "latin1";
  MysqlStore store(options());
  expect_good(store);
  EXPECT_EQ(stored(store), Lines{"room caf\xc3\xa9 0"});
  expect_stored(store, batch(1, {{delete_room("caf\xc3\xa9"), put_room("\xd0\xb6")}}));
  EXPECT_EQ(stored(store), Lines{"room \xd0\xb6 0"});
}

TEST_F(MysqlOpen, NameThatIsNotUtf8IsRefused) {
  MysqlStore store(options());
  expect_good(store);
  const CommitResult result = store.commit(batch(1, {{put_room("\xff\xfe")}, {put_room("a")}}));
  EXPECT_TRUE(result.committed) << result.error;
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_EQ(stored(store), Lines{"room a 0"});
}

TEST_F(MysqlOpen, RoomIsFoundByAnIndexWhateverTheCollation) {
  query(
      "CREATE TABLE imc_rooms (name CHAR(64) NOT NULL, domain CHAR(64) NOT NULL,"
      " flag INT NOT NULL, UNIQUE (name, domain)) DEFAULT CHARSET latin1");
  MysqlStore store(options());
  expect_good(store);
  Batch many{.id = 1};
  for (int i = 0; i < 200; ++i) many.bundles.push_back({{put_room("r" + std::to_string(i))}});
  expect_stored(store, many);
  const auto connection = MysqlConnection::open(options().server).value();
  std::string select = "SELECT flag FROM imc_rooms WHERE " + connection->equals("name") + " AND " +
                       connection->equals("domain");
  for (const char* value : {"'r7'", "'r7'", "'conf.example.com'", "'conf.example.com'"}) {
    select.replace(select.find('?'), 1, value);
  }
  const std::string plan = query("EXPLAIN " + select).at(0);
  EXPECT_TRUE(plan.contains("|name|")) << plan;
}

TEST_F(MysqlOpen, RowsThatCannotBeUsedAreNamedAndSkipped) {
  query(
      "CREATE TABLE imc_rooms (id INT PRIMARY KEY, name VARCHAR(300), domain CHAR(64), flag INT)");
  query(
      "INSERT INTO imc_rooms VALUES (1, 'a', 'd', 0), (2, NULL, 'd', 0), (3, '', 'd', 0),"
      " (4, 'x y', 'd', 0), (5, 'b', 'd', -1), (6, REPEAT('n', 300), 'd', 0)");
  MysqlStore store(options());
  expect_good(store);
  const records::LoadedRows rows = load_all(store).rows;
  EXPECT_EQ(rows.of<records::RoomRow>().size(), 1U);
  ASSERT_EQ(rows.skipped.size(), 5U);
  EXPECT_EQ(rows.skipped[0], "row 2 of table imc_rooms was skipped: its name is NULL");
}

TEST_F(MysqlOpen, UnreachableServerWrongPasswordAndMissingDatabaseSaySo) {
  MysqlOptions wrong = options();
  wrong.server.socket += ".not";
  expect_refusal(wrong, {"connect"});
  wrong = options();
  wrong.server.database = "nowhere";
  expect_refusal(wrong, {"nowhere"});
  query("CREATE OR REPLACE USER 'op'@'localhost' IDENTIFIED BY 'secret'");
  wrong = options();
  wrong.server.user = "op";
  wrong.server.password = "guess";
  expect_refusal(wrong, {"Access denied"});
}

}  // namespace
}  // namespace imcd::db
