#include <gtest/gtest.h>

#include "db/sqlite_store.h"
#include "faulty_vfs.h"
#include "sample_rows.h"
#include "scratch.h"
#include "sql_client.h"

namespace imcd::db {
namespace {

class SqliteLoad : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return scratch_.file("imcd.db"); }
  void query(const std::string& sql) { SqlClient(path()).query(sql); }

  Scratch scratch_;
};

TEST_F(SqliteLoad, ManyRowsComeInPieces) {
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  query(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
      " INSERT INTO imc_rooms (name, domain, flag) SELECT 'room' || i, 'd', 0 FROM n;"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
      " INSERT INTO imc_members (username, domain, room, flag)"
      " SELECT 'user' || i, 'd', 'sip:room' || (1 + i % 10000) || '@d', 0 FROM n;");
  const Loaded loaded = load_all(store);
  ASSERT_TRUE(loaded.result);
  EXPECT_EQ(loaded.rows.of<records::RoomRow>().size(), 10000U);
  EXPECT_EQ(loaded.rows.of<records::MemberRow>().size(), 100000U);
  EXPECT_TRUE(loaded.rows.skipped.empty());
  EXPECT_TRUE(loaded.members_came_last);
  EXPECT_EQ(loaded.pieces.size(), 110000U / load_piece_rows_max + 1);
  EXPECT_EQ(*std::ranges::max_element(loaded.pieces), load_piece_rows_max);
}

// Columns without NOT NULL and without types, as a table made by hand may have.
constexpr const char* loose_tables =
    "CREATE TABLE imc_rooms (id INTEGER PRIMARY KEY, name, domain, flag);"
    "CREATE TABLE imc_members (id INTEGER PRIMARY KEY, username, domain, room, flag);";

TEST_F(SqliteLoad, BadRoomsAreSkippedAndNamed) {
  query(loose_tables);
  query(
      "INSERT INTO imc_rooms VALUES (1, NULL, 'd', 0), (2, 'r', NULL, 0), (3, x'00ff', 'd', 0),"
      " (4, 5, 'd', 0), (5, 'r', 'd', NULL), (6, 'r', 'd', 'x'), (7, 'r', 'd', -1),"
      " (8, 'r', 'd', 4294967296), (9, '', 'd', 0), (10, 'good', 'd', 4294967295);");
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  const records::LoadedRows rows = load_all(store).rows;
  EXPECT_EQ(rows.skipped, (Lines{
                              "row 1 of table imc_rooms was skipped: its name is NULL",
                              "row 2 of table imc_rooms was skipped: its domain is NULL",
                              "row 3 of table imc_rooms was skipped: its name is not text",
                              "row 4 of table imc_rooms was skipped: its name is not text",
                              "row 5 of table imc_rooms was skipped: its flag is not a number",
                              "row 6 of table imc_rooms was skipped: its flag is not a number",
                              "row 7 of table imc_rooms was skipped: its flag -1 is out of range",
                              "row 8 of table imc_rooms was skipped: its flag 4294967296 is out of "
                              "range",
                              "row 9 of table imc_rooms was skipped: its name is empty",
                          }));
  ASSERT_EQ(rows.of<records::RoomRow>().size(), 1U);
  EXPECT_EQ(line(rows.of<records::RoomRow>()[0]), "room good 4294967295");
}

TEST_F(SqliteLoad, BadMembersAreSkippedAndNamed) {
  query(loose_tables);
  query(
      "INSERT INTO imc_members VALUES (1, NULL, 'd', 'sip:r@d', 0), (2, 'u', x'00', 'sip:r@d', 0),"
      " (3, 'u', 'd', NULL, 0), (4, 'u', 'd', 'r@d', 0), (5, 'u', 'd', 'sip:r@d', 1.5),"
      " (6, 'u', 'd', 'sip:r@d', 0),"
      " (7, '" +
      std::string(65, 'u') + "', 'd', 'sip:r@d', 0);");
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  const records::LoadedRows rows = load_all(store).rows;
  EXPECT_EQ(
      rows.skipped,
      (Lines{"row 1 of table imc_members was skipped: its username is NULL",
             "row 2 of table imc_members was skipped: its domain is not text",
             "row 3 of table imc_members was skipped: its room is NULL",
             "row 4 of table imc_members was skipped: its room 'r@d' is not of the form "
             "sip:name@domain",
             "row 5 of table imc_members was skipped: its flag is not a number",
             "row 7 of table imc_members was skipped: its username has 65 bytes, more than 64"}));
  EXPECT_EQ(rows.of<records::MemberRow>().size(), 1U);
}

TEST_F(SqliteLoad, NeedsAnOpenDatabase) {
  SqliteStore store(path());
  EXPECT_FALSE(load_all(store).result);
}

TEST_F(SqliteLoad, FailsWhenTheFileCannotBeReadAndWorksAgainAfterOpening) {
  FaultyVfs vfs;
  SqliteStore store(path(), {.vfs = vfs.name()});
  ASSERT_TRUE(store.open());
  ASSERT_TRUE(store.commit(batch(1, {{put_room("chat")}})).committed);
  // Drops SQLite's page cache with the connection.
  ASSERT_TRUE(store.open());
  vfs.read_code = SQLITE_IOERR_READ;
  const Loaded loaded = load_all(store);
  ASSERT_FALSE(loaded.result);
  EXPECT_TRUE(loaded.result.error().text.contains(path())) << loaded.result.error().text;

  vfs.read_code = SQLITE_OK;
  ASSERT_TRUE(store.open());
  EXPECT_EQ(stored(store), Lines{"room chat 0"});
}

TEST_F(SqliteLoad, SeesOneMomentOfBothTables) {
  SqliteStore store(path());
  ASSERT_TRUE(store.open());
  query(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
      " INSERT INTO imc_rooms (name, domain, flag) SELECT 'room' || i, 'd', 0 FROM n;");
  struct Reader {
    SqlClient client;
    std::size_t members = 0;
  } reader{SqlClient(path())};
  const Result<void> loaded = store.load(
      [](void* context, records::LoadedRows&& piece) {
        auto& [client, members] = *static_cast<Reader*>(context);
        // Somebody writes while rooms are handed over.
        client.query("INSERT OR IGNORE INTO imc_members VALUES (1, 'u', 'd', 'sip:room1@d', 0)");
        members += piece.of<records::MemberRow>().size();
        return true;
      },
      &reader);
  EXPECT_TRUE(loaded);
  EXPECT_EQ(reader.members, 0U);
  EXPECT_EQ(load_all(store).rows.of<records::MemberRow>().size(), 1U);
}

}  // namespace
}  // namespace imcd::db
