#include "db/sqlite_schema.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <vector>

#include "base/limits.h"

namespace imcd::db {
namespace {

constexpr const char* table_exists =
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE";
constexpr const char* index_exists =
    "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ? COLLATE NOCASE";
constexpr const char* column_exists =
    "SELECT 1 FROM pragma_table_info(?) WHERE name = ? COLLATE NOCASE";
// A table without a unique key may hold several; the largest is the one to complain about.
constexpr const char* version_of =
    "SELECT table_version FROM version WHERE table_name = ? ORDER BY table_version DESC";

// The first column of the first row, if there is a row.
template <class... Values>
Result<std::optional<std::int64_t>> query_number(Connection& connection, const char* sql,
                                                 const Values&... values) {
  SqliteResult<Statement> statement = connection.prepare(sql);
  if (!statement) return fail(statement.error().text);
  int parameter = 0;
  (statement->bind(++parameter, std::string_view(values)), ...);
  const SqliteResult<bool> row = statement->step();
  if (!row) return fail(row.error().text);
  if (!*row) return std::nullopt;
  return statement->number(0);
}

struct Missing {
  bool version_table = false;
  std::vector<std::string> tables;    // Of rooms and members.
  std::vector<std::string> versions;  // Of rooms and members, those without a row in `version`.
  bool room_index = false;
  bool users = false;
  bool invitations = false;

  [[nodiscard]] bool any() const {
    return version_table || !tables.empty() || !versions.empty() || room_index || users ||
           invitations;
  }
};

std::string room_index(const TableNames& names) { return names.members + "_room_idx"; }

Result<void> check_columns(Connection& connection, const std::string& table,
                           std::span<const std::string_view> columns) {
  for (const std::string_view column : columns) {
    const auto found = query_number(connection, column_exists, table, column);
    if (!found) return fail(found.error().text);
    if (!*found) {
      return fail(fmt::format("table {} has no column {}, expected {}", table, column,
                              fmt::join(columns, ", ")));
    }
  }
  return {};
}

// Checks what there is of one table, and notes what there is not.
Result<void> inspect_table(Connection& connection, const std::string& table,
                           std::span<const std::string_view> columns, Missing& missing) {
  const auto exists = query_number(connection, table_exists, table);
  if (!exists) return fail(exists.error().text);
  if (!*exists) {
    missing.tables.push_back(table);
  } else if (Result<void> good = check_columns(connection, table, columns); !good) {
    return good;
  }

  if (!missing.version_table) {
    const auto version = query_number(connection, version_of, table);
    if (!version) return fail(version.error().text);
    if (*version) return check_table_version(table, **version);
  }
  missing.versions.push_back(table);
  return {};
}

// OpenSER's tables of 2006 say `user`. Where both are, the one that has the other's name is not
// ours.
Result<SqliteShape> find_shape(Connection& connection, const TableNames& names) {
  SqliteShape shape;
  const auto today = query_number(connection, column_exists, names.members, shape.user_column);
  if (!today) return fail(today.error().text);
  const auto old = query_number(connection, column_exists, names.members, "user");
  if (!old) return fail(old.error().text);
  if (*old && !*today) shape.user_column = "user";
  return shape;
}

// Rooms don't depend on it, so one that somebody dropped is made again, not an error.
Result<void> inspect_own(Connection& connection, const std::string& table,
                         std::span<const std::string_view> columns, bool& is_missing) {
  const auto exists = query_number(connection, table_exists, table);
  if (!exists) return fail(exists.error().text);
  is_missing = !*exists;
  return is_missing ? Result<void>{} : check_columns(connection, table, columns);
}

Result<Missing> inspect(Connection& connection, const TableNames& names, const SqliteShape& shape) {
  Missing missing;
  const auto version_table = query_number(connection, table_exists, "version");
  if (!version_table) return fail(version_table.error().text);
  missing.version_table = !*version_table;

  if (auto good = inspect_table(connection, names.rooms, room_columns, missing); !good) {
    return std::unexpected(good.error());
  }
  auto columns = member_columns;
  std::ranges::replace(columns, "username", std::string_view(shape.user_column));
  if (auto good = inspect_table(connection, names.members, columns, missing); !good) {
    return std::unexpected(good.error());
  }

  auto good = inspect_own(connection, names.users, user_columns, missing.users);
  if (good) {
    good = inspect_own(connection, names.invitations, invitation_columns, missing.invitations);
  }
  if (!good) return std::unexpected(good.error());

  const auto index = query_number(connection, index_exists, room_index(names));
  if (!index) return fail(index.error().text);
  missing.room_index = !*index;
  return missing;
}

std::string version_row(std::string_view table) {
  return fmt::format(
      "INSERT INTO version (table_name, table_version) SELECT '{0}', {1}"
      " WHERE NOT EXISTS (SELECT 1 FROM version WHERE table_name = '{0}')",
      table, table_version);
}

// Every statement is harmless where another process was faster.
std::string creation(const TableNames& names, const Missing& missing) {
  std::string sql;
  if (missing.version_table) {
    sql +=
        "CREATE TABLE IF NOT EXISTS version (\n"
        "    id INTEGER PRIMARY KEY NOT NULL,\n"
        "    table_name VARCHAR(32) NOT NULL,\n"
        "    table_version INTEGER DEFAULT 0 NOT NULL,\n"
        "    CONSTRAINT version_table_name_idx UNIQUE (table_name)\n"
        ");\n";
    sql += version_row("version") + ";\n";
  }
  sql += fmt::format(
      "CREATE TABLE IF NOT EXISTS `{0}` (\n"
      "    id INTEGER PRIMARY KEY NOT NULL,\n"
      "    name VARCHAR({1}) NOT NULL,\n"
      "    domain VARCHAR({2}) NOT NULL,\n"
      "    flag INTEGER NOT NULL,\n"
      "    CONSTRAINT {0}_name_domain_idx UNIQUE (name, domain)\n"
      ");\n",
      names.rooms, limits::user_bytes_max, limits::domain_bytes_max);
  sql += fmt::format(
      "CREATE TABLE IF NOT EXISTS `{0}` (\n"
      "    id INTEGER PRIMARY KEY NOT NULL,\n"
      "    username VARCHAR({1}) NOT NULL,\n"
      "    domain VARCHAR({2}) NOT NULL,\n"
      "    room VARCHAR({3}) NOT NULL,\n"
      "    flag INTEGER NOT NULL,\n"
      "    CONSTRAINT {0}_account_room_idx UNIQUE (username, domain, room)\n"
      ");\n",
      names.members, limits::user_bytes_max, limits::domain_bytes_max, limits::room_uri_bytes_max);
  sql += fmt::format(
      "CREATE TABLE IF NOT EXISTS `{0}` (\n"
      "    `key` VARCHAR({1}) PRIMARY KEY NOT NULL,\n"
      "    uri VARCHAR({2}) NOT NULL\n"
      ");\n",
      names.users, limits::user_key_bytes_max, limits::user_uri_bytes_max);
  sql += fmt::format(
      "CREATE TABLE IF NOT EXISTS `{0}` (\n"
      "    room VARCHAR({1}) NOT NULL,\n"
      "    username VARCHAR({2}) NOT NULL,\n"
      "    domain VARCHAR({3}) NOT NULL,\n"
      "    made_at INTEGER NOT NULL,\n"
      "    PRIMARY KEY (room, username, domain)\n"
      ");\n",
      names.invitations, limits::room_uri_bytes_max, limits::user_bytes_max,
      limits::domain_bytes_max);
  for (const std::string& table : missing.versions) sql += version_row(table) + ";\n";
  sql += fmt::format("CREATE INDEX IF NOT EXISTS `{}` ON `{}` (room);\n", room_index(names),
                     names.members);
  return sql;
}

}  // namespace

Result<SqliteShape> prepare_schema(Connection& connection, const TableNames& names,
                                   MissingTables missing_tables) {
  // All is looked at before anything is made: a database that imcd cannot use stays as it is.
  Result<SqliteShape> shape = find_shape(connection, names);
  if (!shape) return shape;
  const Result<Missing> missing = inspect(connection, names, *shape);
  if (!missing) return fail(missing.error().text);
  if (!missing->any()) return shape;
  if (missing_tables != MissingTables::are_made && !missing->tables.empty()) {
    return fail(fmt::format("table {} is gone", missing->tables.front()));
  }
  if (missing_tables == MissingTables::are_left) return shape;
  const auto made =
      connection.execute("BEGIN IMMEDIATE;\n" + creation(names, *missing) + "COMMIT;\n");
  if (made) return shape;
  connection.roll_back();
  return fail(fmt::format("cannot make the missing tables: {}", made.error().text));
}

}  // namespace imcd::db
