// MysqlStatement: a prepared statement of MySQL's client library. Every call may block, for as long
// as the timeouts of MysqlServer say at the most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mysql.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/sql.h"

namespace imcd::db {

// The code is the server's (1000 to 1999, 3000 and more) or the library's (2000 to 2999).
SqlError mysql_error_of(unsigned code, std::string_view words);

class MysqlStatement final : public SqlStatement {
 public:
  static SqlResult<std::unique_ptr<MysqlStatement>> prepare(MYSQL* connection,
                                                            const std::string& sql);

  void bind(std::string_view text) override;
  void bind(std::int64_t number) override;
  SqlResult<void> execute() override;
  [[nodiscard]] std::uint64_t changes() const override { return mysql_stmt_affected_rows(get()); }

  SqlResult<bool> fetch() override;
  [[nodiscard]] bool is_null(std::size_t column) const override {
    return columns_[column].is_null != 0;
  }
  // All values come as text. What is longer than column_bytes_max is cut; all that is read here has
  // a bound below that.
  [[nodiscard]] std::optional<std::string_view> text(std::size_t column) const override;
  [[nodiscard]] std::optional<std::int64_t> number(std::size_t column) const override;
  void reset() override;
  void cut() override;

 private:
  static constexpr std::size_t column_bytes_max = 1024;
  struct Close {
    void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
  };
  struct Column {
    std::string bytes;
    unsigned long length = 0;
    my_bool is_null = 0;
  };

  [[nodiscard]] MYSQL_STMT* get() const { return statement_.get(); }
  [[nodiscard]] std::unexpected<SqlError> failure() const;
  SqlResult<void> bind_columns();

  std::unique_ptr<MYSQL_STMT, Close> statement_;
  std::vector<MYSQL_BIND> parameters_;
  std::vector<std::int64_t> numbers_;  // As many as parameters, so that none ever moves.
  std::size_t bound_ = 0;
  std::vector<Column> columns_;
};

}  // namespace imcd::db
