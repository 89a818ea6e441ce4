// The tables: one description for each row that is stored, of which all else follows: how the table
// is made and checked, how its rows are loaded, put and erased, in SQLite, MySQL and memory.
//
// A description has the table's columns, those of the key first, and `key()` and `values()`, which
// name the row's fields in the order of the columns. A column `room` in the key makes the rows go
// with their room (records::OfRoom).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <tuple>

#include "db/table.h"
#include "records/rows.h"

namespace imcd::db {

template <class Row>
struct Description;

template <>
struct Description<records::RoomRow> {
  static constexpr std::array columns = {
      Column{"name", Holds::user},
      Column{"domain", Holds::domain},
      Column{"flag", Holds::flags},
  };
  static constexpr Table table{
      .kind = Table::Kind::older,
      .name = "imc_rooms",
      .chosen_name = &TableNames::rooms,
      .columns = columns,
      .key_columns = 2,
      .unique = "name_domain_idx",
      .found_by = "name",
  };
  static auto key(auto& key) { return std::tie(key.name, key.domain); }
  static auto values(auto& row) { return std::tie(row.flags); }
};

template <>
struct Description<records::UserRow> {
  static constexpr std::array columns = {
      Column{"key", Holds::key},
      Column{"uri", Holds::uri},
  };
  static constexpr Table table{.name = "imcd_users", .columns = columns, .key_columns = 1};
  static auto key(auto& key) { return std::tie(key.text); }
  static auto values(auto& row) { return std::tie(row.uri); }
};

template <>
struct Description<records::MemberRow> {
  static constexpr std::array columns = {
      Column{"username", Holds::user, "user"},
      Column{"domain", Holds::domain},
      Column{"room", Holds::room},
      Column{"flag", Holds::flags},
  };
  static constexpr Table table{
      .kind = Table::Kind::older,
      .name = "imc_members",
      .chosen_name = &TableNames::members,
      .columns = columns,
      .key_columns = 3,
      .unique = "account_room_idx",
      .found_by = "room",
  };
  static auto key(auto& key) { return std::tie(key.user, key.domain, key.room); }
  static auto values(auto& row) { return std::tie(row.flags); }
};

template <>
struct Description<records::InvitationRow> {
  static constexpr std::array columns = {
      Column{"room", Holds::room},
      Column{"username", Holds::user},
      Column{"domain", Holds::domain},
      Column{"made_at", Holds::time},
  };
  static constexpr Table table{.name = "imcd_invitations", .columns = columns, .key_columns = 3};
  static auto key(auto& key) { return std::tie(key.room, key.user, key.domain); }
  static auto values(auto& row) { return std::tie(row.made_at); }
};

template <>
struct Description<records::BlockRow> {
  static constexpr std::array columns = {
      Column{"key", Holds::key},
      Column{"blocked", Holds::key},
      Column{"made_at", Holds::time},
  };
  static constexpr Table table{.name = "imcd_blocks", .columns = columns, .key_columns = 2};
  static auto key(auto& key) { return std::tie(key.user, key.blocked); }
  static auto values(auto& row) { return std::tie(row.made_at); }
};

// All of them, in the order of records::Rows.
template <class List>
struct TablesOf;
template <class... Row>
struct TablesOf<records::RowList<Row...>> {
  static constexpr std::array<const Table*, sizeof...(Row)> tables = {&Description<Row>::table...};
};
inline constexpr auto& tables = TablesOf<records::Rows>::tables;

// Calls `visit` with each column and the field of the key or row that it holds.
template <class Row, class Key, class Visit>
void for_each_of_key(Key& key, Visit&& visit) {
  std::size_t at = 0;
  std::apply([&](auto&... field) { (visit(Description<Row>::columns.at(at++), field), ...); },
             Description<Row>::key(key));
}
template <class Row, class AnyRow, class Visit>
void for_each_value(AnyRow& row, Visit&& visit) {
  std::size_t at = Description<Row>::table.key_columns;
  std::apply([&](auto&... field) { (visit(Description<Row>::columns.at(at++), field), ...); },
             Description<Row>::values(row));
}

// Why a row cannot be used; empty for a good one.
template <class Row>
std::string row_fault(const Row& row) {
  std::string fault;
  const auto check = [&fault](const Column& column, const auto& field) {
    if (fault.empty()) fault = fault_of(column, field);
  };
  for_each_of_key<Row>(row.key, check);
  for_each_value<Row>(row, check);
  return fault;
}

}  // namespace imcd::db
