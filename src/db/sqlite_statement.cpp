#include "db/sqlite_statement.h"

#include <fmt/format.h>
#include <utility>

namespace imcd::db {

SqlVerdict sqlite_verdict(int code) {
  switch (code & 0xff) {  // The lowest byte of an extended code is the primary one.
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return SqlVerdict::refuse;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_INTERRUPT:
    case SQLITE_NOMEM:
      return SqlVerdict::retry;
    default:
      return SqlVerdict::reconnect;
  }
}

SqlError sqlite_error(sqlite3* database, int code) {
  // A code that SQLite's handle has not seen (a bind out of range) has words of its own.
  const bool is_last = database != nullptr && sqlite3_extended_errcode(database) == code;
  SqlError error{code, is_last ? sqlite3_errmsg(database) : sqlite3_errstr(code),
                 sqlite_verdict(code)};
  if (error.verdict != SqlVerdict::refuse) {
    error.text += fmt::format(" (SQLite's error {})", code);
  }
  return error;
}

void SqliteStatement::bind(std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* bytes = text.empty() ? "" : text.data();
  const int code =
      sqlite3_bind_text64(get(), ++bound_, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

void SqliteStatement::bind(std::int64_t number) {
  const int code = sqlite3_bind_int64(get(), ++bound_, number);
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

SqlResult<bool> SqliteStatement::step() {
  sqlite3* const database = sqlite3_db_handle(get());
  const int code = bind_code_ == SQLITE_OK ? sqlite3_step(get()) : bind_code_;
  has_more_ = code == SQLITE_ROW;
  if (has_more_) return true;
  if (code != SQLITE_DONE) {
    SqlError error = sqlite_error(database, code);
    reset();
    return std::unexpected(std::move(error));
  }
  changes_ = static_cast<std::uint64_t>(sqlite3_changes64(database));
  reset();
  return false;
}

SqlResult<void> SqliteStatement::execute() {
  const SqlResult<bool> row = step();
  if (!row) return std::unexpected(row.error());
  has_row_ = *row;
  return {};
}

SqlResult<bool> SqliteStatement::fetch() {
  if (std::exchange(has_row_, false)) return true;
  if (!has_more_) return false;
  return step();
}

std::optional<std::string_view> SqliteStatement::text(std::size_t column) const {
  if (type(column) != SQLITE_TEXT) return std::nullopt;
  const int at = static_cast<int>(column);
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(get(), at));
  if (bytes == nullptr) return std::nullopt;
  return std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(get(), at)));
}

std::optional<std::int64_t> SqliteStatement::number(std::size_t column) const {
  if (type(column) != SQLITE_INTEGER) return std::nullopt;
  return sqlite3_column_int64(get(), static_cast<int>(column));
}

void SqliteStatement::reset() {
  // Its code repeats what the step said.
  sqlite3_reset(get());
  sqlite3_clear_bindings(get());
  bound_ = 0;
  bind_code_ = SQLITE_OK;
  has_row_ = has_more_ = false;
}

}  // namespace imcd::db
