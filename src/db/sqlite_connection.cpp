#include "db/sqlite_connection.h"

#include <algorithm>
#include <fmt/format.h>

#include "db/sqlite_statement.h"

namespace imcd::db {

SqlResult<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path,
                                                                    int flags,
                                                                    const std::string& vfs) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  auto connection = std::make_unique<SqliteConnection>();
  connection->database_.reset(database);  // There even after most failures, for its message.
  if (code == SQLITE_OK) return connection;
  return std::unexpected(sqlite_error(database, code));
}

SqlResult<void> SqliteConnection::execute(const std::string& sql) {
  const int code = sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(get(), code));
  return {};
}

SqlResult<std::unique_ptr<SqlStatement>> SqliteConnection::prepare(const std::string& sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(get(), sql.c_str(), static_cast<int>(sql.size() + 1),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(get(), code));
  return std::make_unique<SqliteStatement>(prepared);
}

// SQLite has rolled back by itself after some errors.
SqlResult<void> SqliteConnection::roll_back() {
  return in_transaction() ? execute("ROLLBACK") : SqlResult<void>{};
}

std::string SqliteConnection::equals(std::string_view column) const {
  return fmt::format("`{}` = ?", column);
}

std::string SqliteConnection::type_of(Holds holds) const {
  const std::size_t width = width_of(holds);
  return width == 0 ? "INTEGER" : fmt::format("VARCHAR({})", width);
}

std::string SqliteConnection::index_name(std::string_view table, std::string_view name) const {
  return fmt::format("{}_{}", table, name);
}

std::string SqliteConnection::make_version_table() const {
  return "CREATE TABLE IF NOT EXISTS version (\n"
         "    id INTEGER PRIMARY KEY NOT NULL,\n"
         "    table_name VARCHAR(32) NOT NULL,\n"
         "    table_version INTEGER DEFAULT 0 NOT NULL,\n"
         "    CONSTRAINT version_table_name_idx UNIQUE (table_name)\n"
         ");\n"
         "INSERT OR IGNORE INTO version (table_name, table_version) VALUES ('version', 1);";
}

SqlResult<std::vector<FoundColumn>> SqliteConnection::columns_of(const std::string& table) {
  auto statement = prepare("SELECT name FROM pragma_table_info(?)");
  if (!statement) return std::unexpected(statement.error());
  if (auto done = (*statement)->run(std::string_view(table)); !done) {
    return std::unexpected(done.error());
  }
  std::vector<FoundColumn> columns;
  SqlResult<bool> more = (*statement)->fetch();
  for (; more && *more; more = (*statement)->fetch()) {
    columns.emplace_back().name = (*statement)->text(0).value_or("");
  }
  if (!more) return std::unexpected(more.error());
  return columns;
}

SqlResult<bool> SqliteConnection::has_index(const std::string& table, const std::string& column) {
  const std::string values[] = {table, column};
  const auto found = query_number(
      "SELECT 1 FROM pragma_index_list(?) AS list JOIN pragma_index_info(list.name) AS part"
      " WHERE part.seqno = 0 AND part.name = ? COLLATE NOCASE",
      values);
  if (!found) return std::unexpected(found.error());
  return found->has_value();
}

std::uint64_t SqliteConnection::estimate_rows(std::span<const std::string> tables) {
  std::uint64_t rows = 0;
  for (const std::string& table : tables) {
    const auto highest = query_number(fmt::format("SELECT max(rowid) FROM `{}`", table), {});
    if (highest && *highest)
      rows += static_cast<std::uint64_t>(std::max<std::int64_t>(**highest, 0));
  }
  return rows;
}

}  // namespace imcd::db
