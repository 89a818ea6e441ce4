// SqliteStatement: a prepared statement of SQLite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <string_view>

#include "db/sql.h"

namespace imcd::db {

// What the last call on the handle met, whose code is given. `database` may be null.
SqlError sqlite_error(sqlite3* database, int code);
SqlVerdict sqlite_verdict(int code);

class SqliteStatement final : public SqlStatement {
 public:
  // Takes it over.
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  void bind(std::string_view text) override;
  void bind(std::int64_t number) override;
  SqlResult<void> execute() override;
  [[nodiscard]] std::uint64_t changes() const override { return changes_; }

  SqlResult<bool> fetch() override;
  [[nodiscard]] bool is_null(std::size_t column) const override {
    return type(column) == SQLITE_NULL;
  }
  [[nodiscard]] std::optional<std::string_view> text(std::size_t column) const override;
  [[nodiscard]] std::optional<std::int64_t> number(std::size_t column) const override;
  // What it had locked for reading is free.
  void reset() override;
  void cut() override { reset(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  [[nodiscard]] sqlite3_stmt* get() const { return statement_.get(); }
  [[nodiscard]] int type(std::size_t column) const {
    return sqlite3_column_type(get(), static_cast<int>(column));
  }
  // True: a row is there.
  SqlResult<bool> step();

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
  int bind_code_ = SQLITE_OK;  // The first failure of a bind, told by execute().
  std::uint64_t changes_ = 0;
  bool has_row_ = false;  // One that execute() found and fetch() has not told of.
  bool has_more_ = false;
};

}  // namespace imcd::db
