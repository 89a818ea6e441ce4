#include "db/sqlite.h"

namespace imcd::db {
namespace {

std::unexpected<SqliteError> failure(sqlite3* database, int code) {
  // A code that SQLite's handle has not seen (a bind out of range) has words of its own.
  const bool is_last = sqlite3_extended_errcode(database) == code;
  return std::unexpected(
      SqliteError{code, is_last ? sqlite3_errmsg(database) : sqlite3_errstr(code)});
}

}  // namespace

SqliteVerdict verdict(const SqliteError& error) {
  switch (error.code & 0xff) {  // The lowest byte of an extended code is the primary one.
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return SqliteVerdict::refuse;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_INTERRUPT:
    case SQLITE_NOMEM:
      return SqliteVerdict::retry;
    default:
      return SqliteVerdict::reconnect;
  }
}

void Statement::bind(int parameter, std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* bytes = text.empty() ? "" : text.data();
  const int code =
      sqlite3_bind_text64(get(), parameter, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

void Statement::bind(int parameter, std::int64_t number) {
  const int code = sqlite3_bind_int64(get(), parameter, number);
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

SqliteResult<bool> Statement::step() {
  const int code = bind_code_ == SQLITE_OK ? sqlite3_step(get()) : bind_code_;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(get()), code);
}

void Statement::reset() {
  // Its code repeats what step() said.
  sqlite3_reset(get());
  sqlite3_clear_bindings(get());
  bind_code_ = SQLITE_OK;
}

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(get(), column))};
}

SqliteResult<void> Statement::finish() {
  SqliteResult<bool> row = step();
  while (row && *row) row = step();
  reset();
  if (!row) return std::unexpected(row.error());
  return {};
}

SqliteResult<Connection> Connection::open(const std::string& path, int flags,
                                          const std::string& vfs) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  Connection connection;
  connection.database_.reset(database);  // There even after most failures, for its message.
  if (code == SQLITE_OK) return connection;
  if (database == nullptr) return std::unexpected(SqliteError{code, sqlite3_errstr(code)});
  return failure(database, code);
}

SqliteResult<void> Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(get(), code);
  return {};
}

SqliteResult<Statement> Connection::prepare(const std::string& sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(get(), sql.c_str(), static_cast<int>(sql.size() + 1),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return failure(get(), code);
  Statement statement;
  statement.statement_.reset(prepared);
  return statement;
}

void Connection::roll_back() {
  // SQLite has rolled back by itself after some errors. A failing ROLLBACK leaves nothing to do
  // but to close, which rolls back as well; the next BEGIN then fails and leads there.
  if (is_open() && in_transaction()) {
    sqlite3_exec(get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

bool Connection::has_moved() const {
  int moved = 0;
  const int code = sqlite3_file_control(get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved != 0;
}

}  // namespace imcd::db
