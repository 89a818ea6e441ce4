// MysqlConnection: a connection to a MySQL or MariaDB server, and what is MySQL's own in the SQL of
// imcd. Every call may block, for as long as the timeouts of MysqlServer say at the most.
#pragma once

#include <cstdint>
#include <memory>
#include <mysql.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "db/mysql_server.h"
#include "db/sql.h"

namespace imcd::db {

class MysqlConnection final : public SqlConnection {
 public:
  static SqlResult<std::unique_ptr<MysqlConnection>> open(const MysqlServer& server);

  SqlResult<std::unique_ptr<SqlStatement>> prepare(const std::string& sql) override;
  // One statement.
  SqlResult<void> execute(const std::string& sql) override;
  SqlResult<void> roll_back() override { return execute("ROLLBACK"); }
  // Errors that end a transaction are none that refuse a row.
  [[nodiscard]] bool in_transaction() const override { return true; }

  [[nodiscard]] std::string begin_reading() const override {
    return "START TRANSACTION WITH CONSISTENT SNAPSHOT";
  }
  [[nodiscard]] std::string begin_writing() const override { return "START TRANSACTION"; }
  [[nodiscard]] std::string equals(std::string_view column) const override;
  [[nodiscard]] int times_bound() const override { return 2; }
  [[nodiscard]] std::string row_number(bool has_id) const override { return has_id ? "id" : "0"; }
  [[nodiscard]] std::span<const std::size_t> rows_at_once() const override;

  [[nodiscard]] std::string id_column() const override {
    return "BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL";
  }
  [[nodiscard]] std::string type_of(Holds holds) const override;
  [[nodiscard]] std::string after_columns() const override;
  [[nodiscard]] std::string index_name(std::string_view /*table*/,
                                       std::string_view name) const override {
    return std::string(name);
  }
  [[nodiscard]] std::string make_version_table() const override;

  SqlResult<std::vector<FoundColumn>> columns_of(const std::string& table) override;
  SqlResult<bool> has_index(const std::string& table, const std::string& column) override;
  Result<void> check_engine(const std::string& table) override;
  SqlResult<bool> puts_at_once(const std::string& table, std::span<const FoundColumn> columns,
                               std::span<const std::string> key) override;
  std::uint64_t estimate_rows(std::span<const std::string> tables) override;

  // The first column of the first row, if there is a row and it is not NULL.
  template <class... Values>
  SqlResult<std::optional<std::string>> query(const std::string& sql, const Values&... values) {
    auto statement = prepare(sql);
    if (!statement) return std::unexpected(statement.error());
    if (auto done = (*statement)->run(values...); !done) return std::unexpected(done.error());
    const SqlResult<bool> row = (*statement)->fetch();
    if (!row) return std::unexpected(row.error());
    std::optional<std::string> text;
    if (*row && !(*statement)->is_null(0)) text = std::string((*statement)->text(0).value_or(""));
    (*statement)->reset();
    return text;
  }

  // The server's number for this connection.
  [[nodiscard]] std::uint64_t id() const { return mysql_thread_id(connection_.get()); }

 private:
  struct Close {
    void operator()(MYSQL* connection) const { mysql_close(connection); }
  };

  std::unique_ptr<MYSQL, Close> connection_;
  std::string charset_;
};

}  // namespace imcd::db
