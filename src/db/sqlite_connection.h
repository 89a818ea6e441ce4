// SqliteConnection: an open SQLite file, and what is SQLite's own in the SQL of imcd.
#pragma once

#include <memory>
#include <span>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "db/sql.h"

namespace imcd::db {

class SqliteConnection final : public SqlConnection {
 public:
  // Flags are those of sqlite3_open_v2; an empty vfs is the default one.
  static SqlResult<std::unique_ptr<SqliteConnection>> open(const std::string& path, int flags,
                                                           const std::string& vfs);

  SqlResult<std::unique_ptr<SqlStatement>> prepare(const std::string& sql) override;
  // Any number of statements.
  SqlResult<void> execute(const std::string& sql) override;
  SqlResult<void> roll_back() override;
  [[nodiscard]] bool in_transaction() const override { return sqlite3_get_autocommit(get()) == 0; }
  [[nodiscard]] bool is_read_only() const { return sqlite3_db_readonly(get(), "main") == 1; }
  void set_busy_timeout(int milliseconds) { sqlite3_busy_timeout(get(), milliseconds); }

  [[nodiscard]] std::string begin_reading() const override { return "BEGIN"; }
  [[nodiscard]] std::string begin_writing() const override { return "BEGIN IMMEDIATE"; }
  [[nodiscard]] std::string equals(std::string_view column) const override;
  [[nodiscard]] int times_bound() const override { return 1; }
  // SQLite's own, as the oldest tables have no column `id`; where there is one, it is the same.
  [[nodiscard]] std::string row_number(bool /*has_id*/) const override { return "rowid"; }
  [[nodiscard]] std::span<const std::size_t> rows_at_once() const override { return {}; }

  [[nodiscard]] std::string id_column() const override { return "INTEGER PRIMARY KEY NOT NULL"; }
  [[nodiscard]] std::string type_of(Holds holds) const override;
  [[nodiscard]] std::string after_columns() const override { return {}; }
  // All indexes of a file share their names.
  [[nodiscard]] std::string index_name(std::string_view table,
                                       std::string_view name) const override;
  [[nodiscard]] std::string make_version_table() const override;

  SqlResult<std::vector<FoundColumn>> columns_of(const std::string& table) override;
  SqlResult<bool> has_index(const std::string& table, const std::string& column) override;
  Result<void> check_engine(const std::string& /*table*/) override { return {}; }
  SqlResult<bool> puts_at_once(const std::string& /*table*/,
                               std::span<const FoundColumn> /*columns*/,
                               std::span<const std::string> /*key*/) override {
    return false;
  }
  // The largest row number is found at once, and few are missing below it.
  std::uint64_t estimate_rows(std::span<const std::string> tables) override;

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };

  [[nodiscard]] sqlite3* get() const { return database_.get(); }

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace imcd::db
