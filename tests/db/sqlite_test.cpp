#include "db/sqlite.h"

#include <gtest/gtest.h>

#include "scratch.h"

namespace imcd::db {
namespace {

SqliteVerdict verdict_on(int code) { return verdict({.code = code}); }

TEST(SqliteVerdict, RefusesWhatIsTheRowsFault) {
  for (const int code : {SQLITE_CONSTRAINT, SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_CHECK,
                         SQLITE_CONSTRAINT_TRIGGER, SQLITE_MISMATCH, SQLITE_TOOBIG}) {
    EXPECT_EQ(verdict_on(code), SqliteVerdict::refuse) << code;
  }
}

TEST(SqliteVerdict, RetriesOnTheSameConnectionWhatPassesByItself) {
  for (const int code : {SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT, SQLITE_BUSY_RECOVERY, SQLITE_LOCKED,
                         SQLITE_FULL, SQLITE_NOMEM}) {
    EXPECT_EQ(verdict_on(code), SqliteVerdict::retry) << code;
  }
}

TEST(SqliteVerdict, ReconnectsAfterAllElse) {
  for (const int code :
       {SQLITE_ERROR, SQLITE_READONLY, SQLITE_READONLY_DBMOVED, SQLITE_IOERR, SQLITE_IOERR_FSYNC,
        SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CANTOPEN, SQLITE_PROTOCOL, SQLITE_SCHEMA}) {
    EXPECT_EQ(verdict_on(code), SqliteVerdict::reconnect) << code;
  }
}

class SqliteStatement : public testing::Test {
 protected:
  SqliteStatement()
      : connection_(Connection::open(scratch_.file("test.db"),
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, {})
                        .value()) {}
  Statement prepare(const std::string& sql) { return connection_.prepare(sql).value(); }

  Scratch scratch_;
  Connection connection_;
};

TEST_F(SqliteStatement, BindsAnEmptyViewAsEmptyTextAndNotAsNull) {
  Statement statement = prepare("SELECT ?");
  statement.bind(1, std::string_view());
  ASSERT_TRUE(statement.step().value());
  EXPECT_EQ(statement.type(0), SQLITE_TEXT);
  EXPECT_EQ(statement.text(0), "");
}

TEST_F(SqliteStatement, KeepsZeroBytesOfTexts) {
  Statement statement = prepare("SELECT ?");
  const std::string text("a\0b", 3);
  statement.bind(1, text);
  ASSERT_TRUE(statement.step().value());
  EXPECT_EQ(statement.text(0), text);
}

TEST_F(SqliteStatement, TellsAFailedBindAtTheNextStepAndForgetsItAtReset) {
  Statement statement = prepare("SELECT ?");
  statement.bind(2, 7);
  const SqliteResult<bool> failed = statement.step();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, SQLITE_RANGE);
  EXPECT_NE(failed.error().text, "");

  statement.reset();
  statement.bind(1, 7);
  ASSERT_TRUE(statement.step().value());
  EXPECT_EQ(statement.number(0), 7);
}

TEST_F(SqliteStatement, KeepsNoValueOfTheRunBefore) {
  Statement statement = prepare("SELECT ?");
  ASSERT_TRUE(statement.run(std::string_view("first")));
  ASSERT_TRUE(statement.step().value());
  EXPECT_EQ(statement.type(0), SQLITE_NULL);
}

TEST_F(SqliteStatement, RunsWithAllItsValuesInOrder) {
  ASSERT_TRUE(connection_.execute("CREATE TABLE t (a, b)"));
  ASSERT_TRUE(prepare("INSERT INTO t VALUES (?, ?)").run(std::int64_t{1}, std::string("x")));
  EXPECT_EQ(connection_.changes(), 1);
  Statement statement = prepare("SELECT a, b FROM t");
  ASSERT_TRUE(statement.step().value());
  EXPECT_EQ(statement.number(0), 1);
  EXPECT_EQ(statement.text(1), "x");
  EXPECT_FALSE(statement.step().value());
}

TEST_F(SqliteStatement, SaysWhyItCannotBePrepared) {
  const auto prepared = connection_.prepare("SELECT * FROM nowhere");
  ASSERT_FALSE(prepared);
  EXPECT_TRUE(prepared.error().text.contains("nowhere")) << prepared.error().text;
}

TEST(SqliteConnection, SaysWhyItCannotBeOpened) {
  Scratch scratch;
  const auto missing = Connection::open(scratch.file("missing.db"), SQLITE_OPEN_READWRITE, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code & 0xff, SQLITE_CANTOPEN);
  EXPECT_NE(missing.error().text, "");
  EXPECT_FALSE(Connection::open(scratch.file("x.db"), SQLITE_OPEN_READWRITE, "no such vfs"));
}

}  // namespace
}  // namespace imcd::db
