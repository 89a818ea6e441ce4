#include "db/sql_schema.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>

#include "base/text.h"

namespace imcd::db {
namespace {

// What there is, and what of it lacks.
struct Inspection {
  SqlSchema schema;
  bool lacks_versions = false;  // The table.
  bool lacks_index = false;
  std::vector<std::string> without_version;  // Older tables without a row in it.

  [[nodiscard]] bool lacks_table() const {
    return std::ranges::any_of(schema.shapes, [](const TableShape& s) { return !s.exists; });
  }
  [[nodiscard]] bool lacks_anything() const {
    return lacks_versions || lacks_index || !without_version.empty() || lacks_table();
  }
};

std::unexpected<Error> failure(const SqlError& error) { return fail(error.text); }

const FoundColumn* find(std::span<const FoundColumn> columns, std::string_view name) {
  const auto found = std::ranges::find_if(
      columns, [&](const FoundColumn& column) { return equal_ignoring_case(column.name, name); });
  return found == columns.end() ? nullptr : &*found;
}

// Only MySQL's columns have a width.
void warn_of_narrow(const std::string& table, const FoundColumn& column, std::size_t needed,
                    std::vector<std::string>& warnings) {
  if (column.width >= needed) return;
  warnings.push_back(fmt::format(
      "column {1} of table {0} holds {2} characters and a longer one is refused; to hold all: "
      "ALTER TABLE `{0}` MODIFY `{1}` VARCHAR({3}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin "
      "NOT NULL",
      table, column.name, column.width, needed));
}

// Where both of a column's names are there, the one of 2006 is not ours.
Result<void> check_columns(const Table& table, std::span<const FoundColumn> found,
                           TableShape& shape, std::vector<std::string>& warnings) {
  for (const Column& column : table.columns) {
    const FoundColumn* match = find(found, column.name);
    const bool is_old = match == nullptr && !column.name_of_2006.empty();
    if (is_old) match = find(found, column.name_of_2006);
    if (match == nullptr) {
      std::vector<std::string_view> names;
      for (const Column& one : table.columns) names.push_back(one.name);
      return fail(fmt::format("table {} has no column {}, expected {}", shape.name, column.name,
                              fmt::join(names, ", ")));
    }
    shape.columns.emplace_back(is_old ? column.name_of_2006 : column.name);
    warn_of_narrow(shape.name, *match, width_of(column.holds), warnings);
  }
  return {};
}

Result<void> inspect_table(SqlConnection& connection, const Table& table, TableShape& shape,
                           std::vector<std::string>& warnings) {
  const auto found = connection.columns_of(shape.name);
  if (!found) return failure(found.error());
  shape.exists = !found->empty();
  if (!shape.exists) {
    for (const Column& column : table.columns) shape.columns.emplace_back(column.name);
    return {};
  }
  if (auto good = check_columns(table, *found, shape, warnings); !good) return good;
  if (auto good = connection.check_engine(shape.name); !good) return good;
  shape.has_id = find(*found, "id") != nullptr;
  const auto at_once = connection.puts_at_once(shape.name, *found,
                                               std::span(shape.columns).first(table.key_columns));
  if (!at_once) return failure(at_once.error());
  shape.puts_at_once = *at_once;
  return {};
}

// Of an older table: its row in `version` and its index.
Result<void> inspect_older(SqlConnection& connection, const Table& table, const TableShape& shape,
                           Inspection& seen) {
  if (seen.lacks_versions) {
    seen.without_version.push_back(shape.name);
  } else {
    // A table without a unique key may hold several; the largest is the one to complain about.
    const std::string of_table[] = {shape.name};
    const auto version = connection.query_number(
        "SELECT table_version FROM version WHERE table_name = ? ORDER BY table_version DESC",
        of_table);
    if (!version) return failure(version.error());
    if (!*version) seen.without_version.push_back(shape.name);
    if (*version) {
      if (auto good = check_table_version(shape.name, **version); !good) return good;
    }
  }
  const auto index = connection.has_index(shape.name, std::string(table.found_by));
  if (!index) return failure(index.error());
  if (!*index) seen.lacks_index = true;
  return {};
}

Result<Inspection> inspect(SqlConnection& connection, const TableNames& names) {
  Inspection seen;
  const auto versions = connection.columns_of("version");
  if (!versions) return failure(versions.error());
  seen.lacks_versions = versions->empty();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const Table& table = *tables.at(i);
    TableShape& shape = seen.schema.shapes.at(i);
    shape.name = table.name_among(names);
    auto good = inspect_table(connection, table, shape, seen.schema.warnings);
    if (good && !table.is_own()) good = inspect_older(connection, table, shape, seen);
    if (!good) return std::unexpected(good.error());
  }
  return seen;
}

// As the older modules' scripts write names: plain, but for a word of SQL.
std::string plain(const Column& column) {
  return column.name == "key" ? "`key`" : std::string(column.name);
}

std::string key_of(const Table& table) {
  std::string names;
  for (const Column& column : table.key()) names += (names.empty() ? "" : ", ") + plain(column);
  return names;
}

std::string creation(const SqlConnection& connection, const Table& table, const std::string& name) {
  std::vector<std::string> lines;
  if (!table.is_own()) lines.push_back("id " + connection.id_column());
  const bool is_keyed_by_one = table.is_own() && table.key_columns == 1;
  for (const Column& column : table.columns) {
    const bool is_key = is_keyed_by_one && &column == table.columns.data();
    lines.push_back(fmt::format("{} {}{} NOT NULL", plain(column), connection.type_of(column.holds),
                                is_key ? " PRIMARY KEY" : ""));
  }
  if (!table.is_own()) {
    lines.push_back(fmt::format("CONSTRAINT {} UNIQUE ({})",
                                connection.index_name(name, table.unique), key_of(table)));
  } else if (!is_keyed_by_one) {
    lines.push_back(fmt::format("PRIMARY KEY ({})", key_of(table)));
  }
  return fmt::format("CREATE TABLE IF NOT EXISTS `{}` (\n    {}\n){}", name,
                     fmt::join(lines, ",\n    "), connection.after_columns());
}

std::string version_row(std::string_view table) {
  return fmt::format(
      "INSERT INTO version (table_name, table_version) SELECT '{0}', {1} FROM (SELECT 1) AS one"
      " WHERE NOT EXISTS (SELECT 1 FROM version AS there WHERE table_name = '{0}')",
      table, table_version);
}

SqlResult<void> add_index(SqlConnection& connection, const Table& table, const std::string& name) {
  const std::string column(table.found_by);
  const auto found = connection.has_index(name, column);
  if (!found) return std::unexpected(found.error());
  if (*found) return {};
  return connection.execute(fmt::format("CREATE INDEX `{}` ON `{}` (`{}`)",
                                        connection.index_name(name, column + "_idx"), name,
                                        column));
}

// Every statement is harmless where another process was faster.
SqlResult<void> make_missing(SqlConnection& connection, const Inspection& seen) {
  SqlResult<void> done = connection.execute(connection.begin_writing());
  if (done && seen.lacks_versions) done = connection.execute(connection.make_version_table());
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const Table& table = *tables.at(i);
    const TableShape& shape = seen.schema.shapes.at(i);
    if (done && !shape.exists) {
      done = connection.execute(creation(connection, table, shape.name));
    }
    if (done && !table.is_own()) done = add_index(connection, table, shape.name);
  }
  for (const std::string& table : seen.without_version) {
    if (done) done = connection.execute(version_row(table));
  }
  return done ? connection.execute("COMMIT") : done;
}

Result<void> check_missing(const Inspection& seen) {
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const TableShape& shape = seen.schema.shapes.at(i);
    if (tables.at(i)->is_own() || shape.exists) continue;
    return fail(fmt::format("table {} is gone", shape.name));
  }
  return {};
}

}  // namespace

Result<SqlSchema> prepare_schema(SqlConnection& connection, const TableNames& names,
                                 MissingTables missing) {
  Result<Inspection> seen = inspect(connection, names);
  if (!seen) return std::unexpected(seen.error());
  if (missing != MissingTables::are_made) {
    if (auto good = check_missing(*seen); !good) return std::unexpected(good.error());
  }
  if (missing == MissingTables::are_left || !seen->lacks_anything()) {
    return std::move(seen->schema);
  }
  if (const auto made = make_missing(connection, *seen); !made) {
    static_cast<void>(connection.roll_back());
    return fail(fmt::format("cannot make the missing tables: {}", made.error().text));
  }
  seen = inspect(connection, names);
  if (!seen) return std::unexpected(seen.error());
  return std::move(seen->schema);
}

}  // namespace imcd::db
