// The C interface of SQLite as two owners, a connection and a prepared statement, and its codes as
// values. Nothing of rooms is known here.
#pragma once

#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>

#include "base/result.h"

namespace imcd::db {

struct SqliteError {
  int code = SQLITE_ERROR;  // An extended code.
  std::string text;         // SQLite's own words.
};

// What an error asks for.
enum class SqliteVerdict {
  refuse,     // This row will never be taken; others may.
  retry,      // Busy, locked, disk full, out of memory: the same again, later.
  reconnect,  // Anything else. The connection, the file or its tables are not what they were, so a
              // later try begins with opening the database. A damaged database (SQLITE_CORRUPT) is
              // among them: while it is that, nothing is acknowledged, and once an operator has put
              // a good file in its place, the batch goes there.
};
SqliteVerdict verdict(const SqliteError& error);

template <class T>
using SqliteResult = Result<T, SqliteError>;

class Statement {
 public:
  Statement() = default;

  // Number from 1, as in SQL. Text is borrowed until the next reset().
  void bind(int parameter, std::string_view text);
  void bind(int parameter, std::int64_t number);

  // True: a row is there. False: the statement is done.
  SqliteResult<bool> step();
  // Makes it ready to be bound and stepped again; what it had locked for reading is free.
  void reset();

  // The row's columns, from 0. Text is borrowed until the next step() or reset().
  [[nodiscard]] int type(int column) const { return sqlite3_column_type(get(), column); }
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::int64_t number(int column) const {
    return sqlite3_column_int64(get(), column);
  }

  // Binds the values in order, steps to the end and resets.
  template <class... Values>
  SqliteResult<void> run(const Values&... values) {
    int parameter = 0;
    (bind(++parameter, values), ...);
    return finish();
  }

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  [[nodiscard]] sqlite3_stmt* get() const { return statement_.get(); }
  SqliteResult<void> finish();

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_code_ = SQLITE_OK;  // The first failure of a bind, told by the next step.
};

class Connection {
 public:
  Connection() = default;

  // Flags are those of sqlite3_open_v2; an empty vfs is the default one.
  static SqliteResult<Connection> open(const std::string& path, int flags, const std::string& vfs);

  [[nodiscard]] bool is_open() const { return database_ != nullptr; }
  void close() { database_.reset(); }

  // Statements without parameters, their rows dropped.
  SqliteResult<void> execute(const std::string& sql);
  SqliteResult<Statement> prepare(const std::string& sql);

  // Rows changed by the last statement.
  [[nodiscard]] int changes() const { return sqlite3_changes(get()); }
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(get()) == 0; }
  // Takes back what is open, if anything is.
  void roll_back();

  [[nodiscard]] bool is_read_only() const { return sqlite3_db_readonly(get(), "main") == 1; }
  // Whether the file's name no longer leads to the file that is open.
  [[nodiscard]] bool has_moved() const;
  void set_busy_timeout(int milliseconds) { sqlite3_busy_timeout(get(), milliseconds); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };

  [[nodiscard]] sqlite3* get() const { return database_.get(); }

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace imcd::db
