// The C interface of MySQL's client library as two owners, a connection and a prepared statement,
// and its codes as values. Nothing of rooms is known here. Every call may block, for as long as the
// timeouts of MysqlServer say at the most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mysql.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "db/mysql_server.h"

namespace imcd::db {

struct MysqlError {
  unsigned code = 0;  // The server's (1000 to 1999, 3000 and more) or the library's (2000 to 2999).
  std::string text;   // The words that came with it.
};

// What an error asks for.
enum class MysqlVerdict {
  refuse,     // This row will never be taken; others may.
  again,      // A deadlock or a lock waited for in vain: the same at once is likely to succeed.
  retry,      // Disk full, read-only, too many connections: the same again, later.
  reconnect,  // Anything else: the connection is gone, or the tables are not what they were. A
              // later try begins with connecting and looking at the tables.
};
MysqlVerdict verdict(const MysqlError& error);
// Whether the connection itself is lost, so that a new one may have no trouble at all.
bool is_lost_connection(const MysqlError& error);

template <class T>
using MysqlResult = Result<T, MysqlError>;

class MysqlStatement {
 public:
  MysqlStatement() = default;

  // Values for the parameters, in their order. Text is borrowed until execute().
  void bind(std::string_view text);
  void bind(std::int64_t number);
  // Executes with the values bound, and forgets them.
  MysqlResult<void> execute();

  // True: a row is there. False: there are no more.
  MysqlResult<bool> fetch();
  // Ends the reading of rows; those that are left are dropped.
  void reset();
  // The row's columns, from 0, as text. Text longer than column_bytes_max is cut; all that is read
  // here has a bound below that.
  [[nodiscard]] bool is_null(std::size_t column) const { return columns_[column].is_null != 0; }
  [[nodiscard]] std::string_view text(std::size_t column) const;
  static constexpr std::size_t column_bytes_max = 1024;

  // Rows that the last statement found to change, changed or not, or inserted or deleted.
  [[nodiscard]] std::uint64_t rows() const { return mysql_stmt_affected_rows(get()); }

  template <class... Values>
  MysqlResult<void> run(const Values&... values) {
    (bind(values), ...);
    return execute();
  }

 private:
  friend class MysqlConnection;
  struct Close {
    void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
  };
  struct Column {
    std::string bytes;
    unsigned long length = 0;
    my_bool is_null = 0;
  };

  [[nodiscard]] MYSQL_STMT* get() const { return statement_.get(); }
  [[nodiscard]] std::unexpected<MysqlError> failure() const;
  MysqlResult<void> bind_columns();

  std::unique_ptr<MYSQL_STMT, Close> statement_;
  std::vector<MYSQL_BIND> parameters_;
  std::vector<std::int64_t> numbers_;  // As many as parameters, so that none ever moves.
  std::size_t bound_ = 0;
  std::vector<Column> columns_;
};

class MysqlConnection {
 public:
  MysqlConnection() = default;

  static MysqlResult<MysqlConnection> open(const MysqlServer& server);

  [[nodiscard]] bool is_open() const { return connection_ != nullptr; }
  // All its statements must be gone.
  void close() { connection_.reset(); }
  // Cuts the connection, so that nobody waits for rows that are still under way.
  void cut() { mariadb_cancel(connection_.get()); }

  // One statement without parameters, its rows dropped.
  MysqlResult<void> execute(std::string_view sql);
  MysqlResult<MysqlStatement> prepare(std::string_view sql);
  // The first column of the first row, if there is a row and it is not NULL.
  template <class... Values>
  MysqlResult<std::optional<std::string>> query(std::string_view sql, const Values&... values) {
    MysqlResult<MysqlStatement> statement = prepare(sql);
    if (!statement) return std::unexpected(statement.error());
    if (auto done = statement->run(values...); !done) return std::unexpected(done.error());
    const MysqlResult<bool> row = statement->fetch();
    if (!row) return std::unexpected(row.error());
    std::optional<std::string> text;
    if (*row && !statement->is_null(0)) text = std::string(statement->text(0));
    statement->reset();
    return text;
  }

  // The server's number for this connection.
  [[nodiscard]] std::uint64_t id() const { return mysql_thread_id(connection_.get()); }

 private:
  struct Close {
    void operator()(MYSQL* connection) const { mysql_close(connection); }
  };

  std::unique_ptr<MYSQL, Close> connection_;
};

}  // namespace imcd::db
