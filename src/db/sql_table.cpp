#include "db/sql_table.h"

#include <algorithm>
#include <fmt/ranges.h>

namespace imcd::db {
namespace {

std::string in_backticks(std::span<const std::string> columns) {
  std::string text;
  for (const std::string& column : columns) {
    text += fmt::format("{}`{}`", text.empty() ? "" : ", ", column);
  }
  return text;
}

std::string assignments(std::span<const std::string> columns) {
  std::string text;
  for (const std::string& column : columns) {
    text += fmt::format("{}`{}` = ?", text.empty() ? "" : ", ", column);
  }
  return text;
}

// What takes the new values, of a row that is there.
std::string on_duplicate_key(std::span<const std::string> columns) {
  std::string text = " ON DUPLICATE KEY UPDATE ";
  for (const std::string& column : columns) {
    text += fmt::format("{0}`{1}` = VALUES(`{1}`)", column == columns.front() ? "" : ", ", column);
  }
  return text;
}

// `values` first, then the key.
std::string insert(const TableShape& shape, std::span<const std::string> key,
                   std::span<const std::string> values, std::size_t rows) {
  std::string row = "(?";
  for (std::size_t i = 1; i < shape.columns.size(); ++i) row += ", ?";
  row += ")";
  const std::vector<std::string> all(rows, row);
  return fmt::format("INSERT INTO `{}` ({}, {}) VALUES {}", shape.name, in_backticks(values),
                     in_backticks(key), fmt::join(all, ", "));
}

std::string is_key(const SqlConnection& connection, std::span<const std::string> key) {
  std::string text;
  for (const std::string& column : key) {
    text += (text.empty() ? "" : " AND ") + connection.equals(column);
  }
  return text;
}

}  // namespace

std::string SqlTableStatements::select(const SqlConnection& connection, const TableShape& shape) {
  return fmt::format("SELECT {}, {} FROM `{}`", connection.row_number(shape.has_id),
                     in_backticks(shape.columns), shape.name);
}

SqlResult<void> SqlTableStatements::prepare(SqlConnection& connection, const Table& table,
                                            const TableShape& shape) {
  name_ = shape.name;
  times_bound_ = connection.times_bound();
  const auto key = std::span(shape.columns).first(table.key_columns);
  const auto values = std::span(shape.columns).subspan(table.key_columns);
  const std::string this_row = is_key(connection, key);
  const std::string all = select(connection, shape);
  std::vector<std::pair<StatementPtr*, std::string>> wanted = {
      {&update_, fmt::format("UPDATE `{}` SET {} WHERE {}", name_, assignments(values), this_row)},
      {&insert_, insert(shape, key, values, 1)},
      {&erase_, fmt::format("DELETE FROM `{}` WHERE {}", name_, this_row)},
      {&select_one_, fmt::format("{} WHERE {}", all, this_row)}};
  if (std::ranges::find(table.key(), Holds::room, &Column::holds) != table.key().end()) {
    const std::string of_room = connection.equals("room");
    wanted.emplace_back(&erase_of_room_, fmt::format("DELETE FROM `{}` WHERE {}", name_, of_room));
    wanted.emplace_back(&select_of_room_, fmt::format("{} WHERE {}", all, of_room));
  }
  puts_.clear();
  if (shape.puts_at_once) {
    for (const std::size_t rows : connection.rows_at_once()) puts_.push_back({rows, nullptr});
    for (Puts& puts : puts_) {
      wanted.emplace_back(&puts.statement,
                          insert(shape, key, values, puts.rows) + on_duplicate_key(values));
    }
  }
  for (auto& [statement, text] : wanted) {
    auto prepared = connection.prepare(text);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = *std::move(prepared);
  }
  return {};
}

void SqlTableStatements::bind_name(SqlStatement& statement, std::string_view name) const {
  for (int i = 0; i < times_bound_; ++i) statement.bind(name);
}

SqlResult<void> SqlTableStatements::run_of_room(SqlStatement& statement,
                                                std::string_view room) const {
  bind_name(statement, room);
  return statement.execute();
}

std::string read_field(const SqlStatement& row, std::size_t at, const Column& column,
                       std::string& field) {
  if (row.is_null(at)) return fmt::format("its {} is NULL", column.name);
  const auto text = row.text(at);
  if (!text) return fmt::format("its {} is not text", column.name);
  field = *text;
  return {};
}

std::string read_field(const SqlStatement& row, std::size_t at, const Column& column,
                       std::int64_t& field) {
  const auto number = row.number(at);
  if (!number) return fmt::format("its {} is not a number", column.name);
  field = *number;
  return {};
}

std::string read_field(const SqlStatement& row, std::size_t at, const Column& column,
                       std::uint32_t& field) {
  std::int64_t number = 0;
  std::string fault = read_field(row, at, column, number);
  if (fault.empty()) fault = fault_of(column, number);
  if (fault.empty()) field = static_cast<std::uint32_t>(number);
  return fault;
}

SqlError load_was_ended() { return {0, "the load was ended by its reader", SqlVerdict::retry}; }

}  // namespace imcd::db
