#include <gtest/gtest.h>

#include "db/sqlite_connection.h"
#include "db/sqlite_statement.h"
#include "scratch.h"

namespace imcd::db {
namespace {

TEST(SqliteErrors, RefusesWhatIsTheRowsFault) {
  for (const int code : {SQLITE_CONSTRAINT, SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_CHECK,
                         SQLITE_CONSTRAINT_TRIGGER, SQLITE_MISMATCH, SQLITE_TOOBIG}) {
    EXPECT_EQ(sqlite_verdict(code), SqlVerdict::refuse) << code;
  }
}

TEST(SqliteErrors, RetriesOnTheSameConnectionWhatPassesByItself) {
  for (const int code : {SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT, SQLITE_BUSY_RECOVERY, SQLITE_LOCKED,
                         SQLITE_FULL, SQLITE_NOMEM}) {
    EXPECT_EQ(sqlite_verdict(code), SqlVerdict::retry) << code;
  }
}

TEST(SqliteErrors, ReconnectsAfterAllElse) {
  for (const int code :
       {SQLITE_ERROR, SQLITE_READONLY, SQLITE_READONLY_DBMOVED, SQLITE_IOERR, SQLITE_IOERR_FSYNC,
        SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CANTOPEN, SQLITE_PROTOCOL, SQLITE_SCHEMA}) {
    EXPECT_EQ(sqlite_verdict(code), SqlVerdict::reconnect) << code;
  }
}

class SqliteTest : public testing::Test {
 protected:
  SqliteTest()
      : connection_(SqliteConnection::open(scratch_.file("test.db"),
                                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, {})
                        .value()) {}
  std::unique_ptr<SqlStatement> prepare(const std::string& sql) {
    return connection_->prepare(sql).value();
  }

  Scratch scratch_;
  std::unique_ptr<SqliteConnection> connection_;
};

TEST_F(SqliteTest, BindsAnEmptyViewAsEmptyTextAndNotAsNull) {
  const auto statement = prepare("SELECT ?");
  ASSERT_TRUE(statement->run(std::string_view()));
  ASSERT_TRUE(statement->fetch().value());
  EXPECT_FALSE(statement->is_null(0));
  EXPECT_EQ(statement->text(0), "");
}

TEST_F(SqliteTest, KeepsZeroBytesOfTexts) {
  const auto statement = prepare("SELECT ?");
  const std::string text("a\0b", 3);
  ASSERT_TRUE(statement->run(std::string_view(text)));
  ASSERT_TRUE(statement->fetch().value());
  EXPECT_EQ(statement->text(0), text);
}

TEST_F(SqliteTest, TellsAFailedBindWhenItIsExecutedAndForgetsIt) {
  const auto statement = prepare("SELECT ?");
  const SqlResult<void> failed = statement->run(std::int64_t{1}, std::int64_t{7});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, SQLITE_RANGE);
  EXPECT_NE(failed.error().text, "");

  ASSERT_TRUE(statement->run(std::int64_t{7}));
  ASSERT_TRUE(statement->fetch().value());
  EXPECT_EQ(statement->number(0), 7);
}

TEST_F(SqliteTest, KeepsNoValueOfTheRunBefore) {
  const auto statement = prepare("SELECT ?");
  ASSERT_TRUE(statement->run(std::string_view("first")));
  statement->reset();
  ASSERT_TRUE(statement->execute());
  ASSERT_TRUE(statement->fetch().value());
  EXPECT_TRUE(statement->is_null(0));
}

TEST_F(SqliteTest, RunsWithAllItsValuesInOrder) {
  ASSERT_TRUE(connection_->execute("CREATE TABLE t (a, b)"));
  const auto insert = prepare("INSERT INTO t VALUES (?, ?)");
  ASSERT_TRUE(insert->run(std::int64_t{1}, std::string_view("x")));
  EXPECT_EQ(insert->changes(), 1U);
  const auto statement = prepare("SELECT a, b FROM t");
  ASSERT_TRUE(statement->execute());
  ASSERT_TRUE(statement->fetch().value());
  EXPECT_EQ(statement->number(0), 1);
  EXPECT_EQ(statement->text(1), "x");
  EXPECT_EQ(statement->number(1), std::nullopt);
  EXPECT_FALSE(statement->fetch().value());
}

TEST_F(SqliteTest, SaysWhyItCannotBePrepared) {
  const auto prepared = connection_->prepare("SELECT * FROM nowhere");
  ASSERT_FALSE(prepared);
  EXPECT_TRUE(prepared.error().text.contains("nowhere")) << prepared.error().text;
}

TEST(SqliteConnection, SaysWhyItCannotBeOpened) {
  Scratch scratch;
  const auto missing =
      SqliteConnection::open(scratch.file("missing.db"), SQLITE_OPEN_READWRITE, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code & 0xff, SQLITE_CANTOPEN);
  EXPECT_NE(missing.error().text, "");
  EXPECT_FALSE(SqliteConnection::open(scratch.file("x.db"), SQLITE_OPEN_READWRITE, "no such vfs"));
}

}  // namespace
}  // namespace imcd::db
