// What the SQL stores need of a database, and no more: a connection with what differs in its SQL,
// prepared statements, errors with what they ask for, and the tables as they are found. SQLite and
// MySQL have one each. Every call may block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "db/table.h"

namespace imcd::db {

// What an error asks for.
enum class SqlVerdict : std::uint8_t {
  refuse,  // This row will never be taken; others may.
  again,   // A deadlock or a lock waited for in vain: the same at once is likely to succeed.
  lost,    // The connection is lost: a new one at once may have no trouble at all.
  retry,   // Busy, disk full, read-only, out of memory: the same again, later.
  // Anything else. The connection, the database or its tables are not what they were, so a later
  // try begins with opening. A damaged database is among them: while it is that, nothing is
  // acknowledged, until an operator has mended it in its place.
  reconnect,
};

struct SqlError {
  int code = 0;      // The library's.
  std::string text;  // Its own words.
  SqlVerdict verdict = SqlVerdict::reconnect;
};
template <class T>
using SqlResult = Result<T, SqlError>;

class SqlStatement {
 public:
  virtual ~SqlStatement() = default;

  // Values for the parameters, in their order. Text is borrowed until execute(), and where that
  // finds rows, until reset().
  virtual void bind(std::string_view text) = 0;
  virtual void bind(std::int64_t number) = 0;
  // With the values bound, which it forgets.
  virtual SqlResult<void> execute() = 0;
  // Rows that it found to change, changed or not, or inserted or deleted.
  [[nodiscard]] virtual std::uint64_t changes() const = 0;

  // True: a row is there. False: there are no more.
  virtual SqlResult<bool> fetch() = 0;
  // The row's columns, from 0; nothing where the value is of another type. Text is borrowed until
  // the next fetch() or reset().
  [[nodiscard]] virtual bool is_null(std::size_t column) const = 0;
  [[nodiscard]] virtual std::optional<std::string_view> text(std::size_t column) const = 0;
  [[nodiscard]] virtual std::optional<std::int64_t> number(std::size_t column) const = 0;
  // Ends the reading of rows; those that are left are dropped.
  virtual void reset() = 0;
  // The same at once, where there may be millions of them, though it may cost the connection.
  virtual void cut() = 0;

  template <class... Values>
  SqlResult<void> run(const Values&... values) {
    (bind(values), ...);
    return execute();
  }
};

// A column as it is in the database.
struct FoundColumn {
  std::string name;
  std::string type;
  std::string collation;         // Empty: not text.
  std::size_t width = SIZE_MAX;  // In characters.
};

class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  virtual SqlResult<std::unique_ptr<SqlStatement>> prepare(const std::string& sql) = 0;
  // Without parameters, its rows dropped.
  virtual SqlResult<void> execute(const std::string& sql) = 0;
  // Takes back what is open, if anything is.
  virtual SqlResult<void> roll_back() = 0;
  // False: an error has ended the transaction that was begun.
  [[nodiscard]] virtual bool in_transaction() const = 0;

  // --- What differs in SQL ----------------------------------------------------------------------

  [[nodiscard]] virtual std::string begin_reading() const = 0;  // Of all tables at one moment.
  [[nodiscard]] virtual std::string begin_writing() const = 0;
  // The condition that a column of text has a parameter's very bytes, and how often it takes the
  // parameter.
  [[nodiscard]] virtual std::string equals(std::string_view column) const = 0;
  [[nodiscard]] virtual int times_bound() const = 0;
  // The expression for a row's number, to name it in a log.
  [[nodiscard]] virtual std::string row_number(bool has_id) const = 0;
  // By how many rows one statement may put, the largest number first; the last is 1.
  [[nodiscard]] virtual std::span<const std::size_t> rows_at_once() const = 0;

  // To make tables: the column `id`, a column's type, what follows the columns, the name of an
  // index, and the table `version`.
  [[nodiscard]] virtual std::string id_column() const = 0;
  [[nodiscard]] virtual std::string type_of(Holds holds) const = 0;
  [[nodiscard]] virtual std::string after_columns() const = 0;
  [[nodiscard]] virtual std::string index_name(std::string_view table,
                                               std::string_view name) const = 0;
  [[nodiscard]] virtual std::string make_version_table() const = 0;

  // --- Looking at tables ------------------------------------------------------------------------

  // Empty: there is no such table.
  virtual SqlResult<std::vector<FoundColumn>> columns_of(const std::string& table) = 0;
  // Whether some index begins with the column.
  virtual SqlResult<bool> has_index(const std::string& table, const std::string& column) = 0;
  // Fails where the table cannot hold what is committed.
  virtual Result<void> check_engine(const std::string& table) = 0;
  // Whether INSERT ... ON DUPLICATE KEY UPDATE does what an UPDATE and an INSERT would.
  virtual SqlResult<bool> puts_at_once(const std::string& table,
                                       std::span<const FoundColumn> columns,
                                       std::span<const std::string> key) = 0;
  // About how many rows the tables have; 0: nobody knows. Costs little.
  virtual std::uint64_t estimate_rows(std::span<const std::string> tables) = 0;

  // The number in the first column of the first row, if there is one.
  SqlResult<std::optional<std::int64_t>> query_number(const std::string& sql,
                                                      std::span<const std::string> values);
};

}  // namespace imcd::db
