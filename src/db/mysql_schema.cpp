#include "db/mysql_schema.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <span>
#include <tuple>

#include "base/limits.h"
#include "base/text.h"

namespace imcd::db {
namespace {

struct Column {
  std::string name;
  std::string type;
  std::string collation;  // Empty: not text.
  std::size_t width = 0;  // In characters.
};

struct Table {
  bool exists = false;
  std::vector<Column> columns;

  [[nodiscard]] const Column* find(std::string_view name) const {
    const auto column = std::ranges::find_if(
        columns, [&](const Column& c) { return equal_ignoring_case(c.name, name); });
    return column == columns.end() ? nullptr : &*column;
  }
};

struct NeededColumn {
  std::string_view name;
  std::size_t width = 0;  // 0: a number.
};
constexpr NeededColumn needed_of_rooms[] = {
    {"name", limits::user_bytes_max}, {"domain", limits::domain_bytes_max}, {"flag", 0}};
constexpr NeededColumn needed_of_users[] = {{"key", limits::user_key_bytes_max},
                                            {"uri", limits::user_uri_bytes_max}};
constexpr NeededColumn needed_of_invitations[] = {{"room", limits::room_uri_bytes_max},
                                                  {"username", limits::user_bytes_max},
                                                  {"domain", limits::domain_bytes_max},
                                                  {"made_at", 0}};
constexpr NeededColumn needed_of_members[] = {{"username", limits::user_bytes_max},
                                              {"domain", limits::domain_bytes_max},
                                              {"room", limits::room_uri_bytes_max},
                                              {"flag", 0}};

// Throughout, an error of the server ends the work by its own words.
std::unexpected<Error> failure(const MysqlError& error) {
  return fail(fmt::format("{} (error {})", error.text, error.code));
}

std::int64_t as_number(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<std::vector<Column>> read_columns(MysqlConnection& connection, std::string_view table) {
  auto statement = connection.prepare(
      "SELECT column_name, data_type, collation_name, character_maximum_length"
      " FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?");
  if (!statement) return failure(statement.error());
  if (auto done = statement->run(table); !done) return failure(done.error());
  std::vector<Column> columns;
  MysqlResult<bool> more = statement->fetch();
  for (; more && *more; more = statement->fetch()) {
    Column& column = columns.emplace_back();
    column.name = statement->text(0);
    column.type = statement->text(1);
    if (!statement->is_null(2)) column.collation = statement->text(2);
    if (!statement->is_null(3)) {
      column.width = static_cast<std::size_t>(as_number(statement->text(3)));
    }
  }
  if (!more) return failure(more.error());
  return columns;
}

// A batch that is stored by half is worse than one that is not, so there must be transactions.
Result<void> check_engine(MysqlConnection& connection, const std::string& table) {
  const auto engine = connection.query(
      "SELECT engine FROM information_schema.tables"
      " WHERE table_schema = DATABASE() AND table_name = ?",
      std::string_view(table));
  if (!engine) return failure(engine.error());
  if (!*engine) return fail(fmt::format("{} is not a table with an engine of its own", table));
  const auto transactions =
      connection.query("SELECT transactions FROM information_schema.engines WHERE engine = ?",
                       std::string_view(**engine));
  if (!transactions) return failure(transactions.error());
  if (*transactions == "YES") return {};
  return fail(
      fmt::format("table {0} is kept by {1}, which has no transactions; give it another "
                  "engine: ALTER TABLE `{0}` ENGINE = InnoDB",
                  table, **engine));
}

void warn_of_narrow(const std::string& table, const Column& column, std::size_t needed,
                    MysqlShape& shape) {
  if (column.width >= needed) return;
  shape.warnings.push_back(fmt::format(
      "column {1} of table {0} holds {2} characters and a longer one is refused; to hold all: "
      "ALTER TABLE `{0}` MODIFY `{1}` VARCHAR({3}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin "
      "NOT NULL",
      table, column.name, column.width, needed));
}

Result<void> check_columns(const std::string& name, const Table& table,
                           std::span<const NeededColumn> needed, MysqlShape& shape) {
  for (const NeededColumn& wanted : needed) {
    // OpenSER's tables of 2006 say `user`.
    const bool is_old = wanted.name == "username" && table.find(wanted.name) == nullptr &&
                        table.find("user") != nullptr;
    if (is_old) shape.user_column = "user";
    const Column* const column = table.find(is_old ? "user" : wanted.name);
    if (column == nullptr) {
      std::vector<std::string_view> all;
      for (const NeededColumn& one : needed) all.push_back(one.name);
      return fail(fmt::format("table {} has no column {}, expected {}", name, wanted.name,
                              fmt::join(all, ", ")));
    }
    if (wanted.width > 0) warn_of_narrow(name, *column, wanted.width, shape);
  }
  return {};
}

Result<void> check_version(MysqlConnection& connection, const std::string& table) {
  const auto version = connection.query(
      "SELECT table_version FROM version WHERE table_name = ? ORDER BY table_version DESC",
      std::string_view(table));
  if (!version) return failure(version.error());
  if (!*version) return {};
  return check_table_version(table, as_number(**version));
}

Result<Table> inspect_table(MysqlConnection& connection, const std::string& name,
                            std::span<const NeededColumn> needed, MysqlShape& shape) {
  Table table;
  auto columns = read_columns(connection, name);
  if (!columns) return std::unexpected(columns.error());
  table.columns = *std::move(columns);
  table.exists = !table.columns.empty();
  if (!table.exists) return table;
  if (auto good = check_columns(name, table, needed, shape); !good) {
    return std::unexpected(good.error());
  }
  if (auto good = check_engine(connection, name); !good) return std::unexpected(good.error());
  return table;
}

// `keys` are the columns of the one unique key that there should be beside the row's number.
Result<bool> can_put_at_once(MysqlConnection& connection, const std::string& name,
                             const Table& table, std::string_view keys) {
  const Column* const id = table.find("id");
  if (id != nullptr && id->type != "bigint") return false;
  for (const Column& column : table.columns) {
    if (!column.collation.empty() && column.collation != "utf8mb4_bin") return false;
  }
  const auto unique_keys = connection.query(
      "SELECT GROUP_CONCAT(names SEPARATOR ';') FROM"
      " (SELECT GROUP_CONCAT(CONCAT(LOWER(column_name), IFNULL(sub_part, ''))"
      "   ORDER BY seq_in_index) AS names"
      "  FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ?"
      "  AND non_unique = 0 GROUP BY index_name) AS found WHERE names <> 'id'",
      std::string_view(name));
  if (!unique_keys) return failure(unique_keys.error());
  return *unique_keys == keys;
}

MysqlResult<void> create_version_table(MysqlConnection& connection) {
  return connection.execute(
      "CREATE TABLE IF NOT EXISTS version (\n"
      "    table_name VARCHAR(64) NOT NULL,\n"
      "    table_version INT UNSIGNED NOT NULL DEFAULT 0,\n"
      "    CONSTRAINT version_table_name_idx UNIQUE (table_name)\n"
      ") ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

MysqlResult<void> create_rooms(MysqlConnection& connection, const std::string& table) {
  return connection.execute(
      fmt::format("CREATE TABLE IF NOT EXISTS `{0}` (\n"
                  "    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,\n"
                  "    name VARCHAR({1}) NOT NULL,\n"
                  "    domain VARCHAR({2}) NOT NULL,\n"
                  "    flag INT UNSIGNED NOT NULL,\n"
                  "    CONSTRAINT name_domain_idx UNIQUE (name, domain)\n"
                  ") ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                  table, limits::user_bytes_max, limits::domain_bytes_max));
}

MysqlResult<void> create_members(MysqlConnection& connection, const std::string& table) {
  return connection.execute(fmt::format(
      "CREATE TABLE IF NOT EXISTS `{0}` (\n"
      "    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,\n"
      "    username VARCHAR({1}) NOT NULL,\n"
      "    domain VARCHAR({2}) NOT NULL,\n"
      "    room VARCHAR({3}) NOT NULL,\n"
      "    flag INT UNSIGNED NOT NULL,\n"
      "    CONSTRAINT account_room_idx UNIQUE (username, domain, room),\n"
      "    INDEX room_idx (room)\n"
      ") ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
      table, limits::user_bytes_max, limits::domain_bytes_max, limits::room_uri_bytes_max));
}

MysqlResult<void> create_users(MysqlConnection& connection, const std::string& table) {
  return connection.execute(
      fmt::format("CREATE TABLE IF NOT EXISTS `{0}` (\n"
                  "    `key` VARCHAR({1}) PRIMARY KEY NOT NULL,\n"
                  "    uri VARCHAR({2}) NOT NULL\n"
                  ") ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                  table, limits::user_key_bytes_max, limits::user_uri_bytes_max));
}

MysqlResult<void> create_invitations(MysqlConnection& connection, const std::string& table) {
  return connection.execute(fmt::format(
      "CREATE TABLE IF NOT EXISTS `{0}` (\n"
      "    room VARCHAR({1}) NOT NULL,\n"
      "    username VARCHAR({2}) NOT NULL,\n"
      "    domain VARCHAR({3}) NOT NULL,\n"
      "    made_at BIGINT NOT NULL,\n"
      "    PRIMARY KEY (room, username, domain)\n"
      ") ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
      table, limits::room_uri_bytes_max, limits::user_bytes_max, limits::domain_bytes_max));
}

MysqlResult<void> add_version(MysqlConnection& connection, const std::string& table) {
  return connection.execute(
      fmt::format("INSERT INTO version (table_name, table_version) SELECT '{0}', {1} FROM DUAL"
                  " WHERE NOT EXISTS (SELECT 1 FROM version AS there WHERE table_name = '{0}')",
                  table, table_version));
}

// Tables of 2006 have no index at all, and none of the older modules finds a room's members by one:
// the end of one room would read, and lock, the members of all.
Result<void> add_index(MysqlConnection& connection, const std::string& table,
                       const std::string& column) {
  const auto found = connection.query(
      "SELECT index_name FROM information_schema.statistics WHERE table_schema = DATABASE()"
      " AND table_name = ? AND column_name = ? AND seq_in_index = 1",
      std::string_view(table), std::string_view(column));
  if (!found) return failure(found.error());
  if (*found) return {};
  const auto done = connection.execute(
      fmt::format("ALTER TABLE `{0}` ADD INDEX `{1}_idx` (`{1}`)", table, column));
  if (!done) return failure(done.error());
  return {};
}

struct Tables {
  bool has_versions = false;
  Table rooms, members, users, invitations;
};

// All is looked at before anything is made: a database that imcd cannot use stays as it is.
Result<Tables> inspect(MysqlConnection& connection, const TableNames& names, MysqlShape& shape) {
  Tables tables;
  const auto versions = read_columns(connection, "version");
  if (!versions) return std::unexpected(versions.error());
  tables.has_versions = !versions->empty();
  const std::tuple<const std::string&, std::span<const NeededColumn>, Table&> wanted[] = {
      {names.rooms, needed_of_rooms, tables.rooms},
      {names.members, needed_of_members, tables.members},
      {names.users, needed_of_users, tables.users},
      {names.invitations, needed_of_invitations, tables.invitations}};
  for (const auto& [name, needed, table] : wanted) {
    auto found = inspect_table(connection, name, needed, shape);
    if (!found) return std::unexpected(found.error());
    table = *std::move(found);
  }
  for (const std::string& name : {names.rooms, names.members}) {
    if (!tables.has_versions) break;
    if (auto good = check_version(connection, name); !good) return std::unexpected(good.error());
  }
  return tables;
}

Result<void> make_missing(MysqlConnection& connection, const TableNames& names,
                          const Tables& tables) {
  MysqlResult<void> done;
  if (!tables.has_versions) done = create_version_table(connection);
  if (done && !tables.rooms.exists) done = create_rooms(connection, names.rooms);
  if (done && !tables.members.exists) done = create_members(connection, names.members);
  if (done && !tables.users.exists) done = create_users(connection, names.users);
  if (done && !tables.invitations.exists) done = create_invitations(connection, names.invitations);
  if (done) done = add_version(connection, names.rooms);
  if (done) done = add_version(connection, names.members);
  if (done) return {};
  return fail(fmt::format("cannot make the missing tables: {} (error {})", done.error().text,
                          done.error().code));
}

// What can be done with the tables that there are now.
Result<void> finish_shape(MysqlConnection& connection, const TableNames& names,
                          const Tables& tables, MysqlShape& shape) {
  shape.rooms_have_id = tables.rooms.find("id") != nullptr;
  shape.members_have_id = tables.members.find("id") != nullptr;
  const std::tuple<const std::string&, const Table&, std::string, bool&> wanted[] = {
      {names.rooms, tables.rooms, "name,domain", shape.puts_rooms_at_once},
      {names.members, tables.members, shape.user_column + ",domain,room",
       shape.puts_members_at_once},
      {names.users, tables.users, "key", shape.puts_users_at_once},
      {names.invitations, tables.invitations, "room,username,domain",
       shape.puts_invitations_at_once}};
  for (const auto& [name, table, keys, answer] : wanted) {
    const auto can = can_put_at_once(connection, name, table, keys);
    if (!can) return std::unexpected(can.error());
    answer = *can;
  }
  return {};
}

}  // namespace

Result<MysqlShape> prepare_mysql_schema(MysqlConnection& connection, const TableNames& names,
                                        MissingTables missing) {
  MysqlShape shape;
  auto tables = inspect(connection, names, shape);
  if (!tables) return std::unexpected(tables.error());
  if (missing != MissingTables::are_made) {
    if (!tables->rooms.exists) return fail(fmt::format("table {} is gone", names.rooms));
    if (!tables->members.exists) return fail(fmt::format("table {} is gone", names.members));
  }
  shape.has_users = tables->users.exists;
  shape.has_invitations = tables->invitations.exists;
  if (missing == MissingTables::are_left) {
    shape.rooms_have_id = tables->rooms.find("id") != nullptr;
    shape.members_have_id = tables->members.find("id") != nullptr;
    return shape;
  }
  if (auto done = make_missing(connection, names, *tables); !done) {
    return std::unexpected(done.error());
  }
  for (const auto& [table, column] : {std::pair(names.rooms, "name"), {names.members, "room"}}) {
    if (auto done = add_index(connection, table, column); !done) {
      return std::unexpected(done.error());
    }
  }
  shape = {};
  tables = inspect(connection, names, shape);
  if (!tables) return std::unexpected(tables.error());
  if (auto done = finish_shape(connection, names, *tables, shape); !done) {
    return std::unexpected(done.error());
  }
  return shape;
}

}  // namespace imcd::db
