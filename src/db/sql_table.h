// SqlTable: one table's statements, all that loads, puts and erases its rows.
//
// A put is an UPDATE and, where it met no row, an INSERT: that keeps a row's id, and works without
// the unique keys too, which tables made by hand or by old scripts may lack. Rows that such a table
// holds twice change and go together. Where the table's shape allows it, many rows are put by one
// statement.
//
// Rows are found by comparing names as stored bytes, so a record changes or erases just the row
// whose spelling it has.
#pragma once

#include <concepts>
#include <fmt/format.h>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "db/net_changes.h"
#include "db/piece_writer.h"
#include "db/sql.h"
#include "db/sql_schema.h"
#include "db/tables.h"

namespace imcd::db {

// What is the same for all rows.
class SqlTableStatements {
 public:
  // `shape` says how the table is in this database.
  SqlResult<void> prepare(SqlConnection& connection, const Table& table, const TableShape& shape);
  // All statements, before their connection goes.
  void forget() { *this = {}; }

 protected:
  using StatementPtr = std::unique_ptr<SqlStatement>;
  struct Puts {
    std::size_t rows = 1;
    StatementPtr statement;
  };

  static std::string select(const SqlConnection& connection, const TableShape& shape);
  static void bind(SqlStatement& statement, const std::string& text) {
    statement.bind(std::string_view(text));
  }
  static void bind(SqlStatement& statement, std::integral auto number) {
    statement.bind(static_cast<std::int64_t>(number));
  }
  // To be compared with.
  void bind_name(SqlStatement& statement, std::string_view name) const;
  SqlResult<void> run_of_room(SqlStatement& statement, std::string_view room) const;

  std::string name_;
  int times_bound_ = 1;
  StatementPtr update_, insert_, erase_, select_one_;
  StatementPtr erase_of_room_, select_of_room_;  // Where rows belong to a room.
  std::vector<Puts> puts_;                       // Where many rows can be put at once.
};

// Reads a value into a row's field, and says why it cannot.
std::string read_field(const SqlStatement& row, std::size_t at, const Column& column,
                       std::string& field);
std::string read_field(const SqlStatement& row, std::size_t at, const Column& column,
                       std::int64_t& field);
std::string read_field(const SqlStatement& row, std::size_t at, const Column& column,
                       std::uint32_t& field);

// What becomes of a load whose sink wants no more.
SqlError load_was_ended();

template <class Row>
class SqlTable : public SqlTableStatements {
 public:
  using Key = typename Row::Key;

  SqlResult<void> put(const Row& row) {
    bind_values(*update_, row);
    bind_key(*update_, row.key);
    if (auto done = update_->execute(); !done || update_->changes() > 0) return done;
    bind_row(*insert_, row);
    if (auto done = insert_->execute(); !done || insert_->changes() > 0) return done;
    // A trigger or a conflict clause of the table may drop a row without an error.
    return std::unexpected(SqlError{0, "the table ignored the row", SqlVerdict::refuse});
  }

  SqlResult<void> erase(const Key& key) {
    bind_key(*erase_, key);
    return erase_->execute();
  }

  SqlResult<void> erase_of_room(std::string_view room)
    requires records::OfRoom<Row>
  {
    return run_of_room(*erase_of_room_, room);
  }

  SqlResult<void> put_all(std::span<const Row* const> rows) {
    for (const Puts& puts : puts_) {
      for (; rows.size() >= puts.rows; rows = rows.subspan(puts.rows)) {
        for (const Row* row : rows.first(puts.rows)) bind_row(*puts.statement, *row);
        if (auto done = puts.statement->execute(); !done) return done;
      }
    }
    for (const Row* row : rows) {
      if (auto done = put(*row); !done) return done;
    }
    return {};
  }

  // Before or without prepare().
  static SqlResult<void> read_all(SqlConnection& connection, const TableShape& shape,
                                  PieceWriter& out) {
    auto statement = connection.prepare(select(connection, shape));
    if (!statement) return std::unexpected(statement.error());
    if (auto done = (*statement)->execute(); !done) return done;
    return read_rows(**statement, shape.name, out);
  }

  // The row, where it is there.
  SqlResult<void> read_one(const Key& key, PieceWriter& out) {
    bind_key(*select_one_, key);
    if (auto done = select_one_->execute(); !done) return done;
    return read_rows(*select_one_, name_, out);
  }
  SqlResult<void> read_of_room(std::string_view room, PieceWriter& out)
    requires records::OfRoom<Row>
  {
    if (auto done = run_of_room(*select_of_room_, room); !done) return done;
    return read_rows(*select_of_room_, name_, out);
  }

 private:
  void bind_key(SqlStatement& statement, const Key& key) {
    for_each_of_key<Row>(key,
                         [&](const Column&, const auto& field) { bind_name(statement, field); });
  }
  void bind_values(SqlStatement& statement, const Row& row) {
    for_each_value<Row>(row, [&](const Column&, const auto& field) { bind(statement, field); });
  }
  void bind_row(SqlStatement& statement, const Row& row) {
    bind_values(statement, row);
    for_each_of_key<Row>(row.key,
                         [&](const Column&, const auto& field) { bind(statement, field); });
  }

  // A row that cannot be used is named and skipped, never guessed at.
  static SqlResult<void> read_rows(SqlStatement& statement, const std::string& table,
                                   PieceWriter& out) {
    SqlResult<bool> more = statement.fetch();
    for (; more && *more; more = statement.fetch()) {
      Row row;
      const std::string fault = read_row(statement, row);
      const std::int64_t number = statement.number(0).value_or(0);
      const bool goes_on = fault.empty() ? out.add(std::move(row)) : out.skip(table, number, fault);
      if (goes_on) continue;
      statement.cut();
      return std::unexpected(load_was_ended());
    }
    statement.reset();
    if (!more) return std::unexpected(more.error());
    return {};
  }

  static std::string read_row(const SqlStatement& statement, Row& row) {
    std::string fault;
    std::size_t at = 0;
    const auto read = [&](const Column& column, auto& field) {
      ++at;
      if (fault.empty()) fault = read_field(statement, at, column, field);
    };
    for_each_of_key<Row>(row.key, read);
    for_each_value<Row>(row, read);
    return fault.empty() ? row_fault(row) : fault;
  }
};

}  // namespace imcd::db
