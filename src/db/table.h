// Table: what SQL has to know of a stored table, as plain data. The tables themselves are listed in
// db/tables.h; nothing else but the two back-ends knows any SQL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "db/column.h"

namespace imcd::db {

// What an operator calls the older modules' tables.
struct TableNames {
  std::string rooms = "imc_rooms";
  std::string members = "imc_members";
};

struct Table {
  // Whose tables they are: `older` ones are those of the older modules. They have the column `id`,
  // a unique key beside it and a row in `version`, and once they were there they are not made
  // again: empty ones in their place would take changes of rooms that they do not hold. `own` ones
  // are imcd's: their key is the primary one, and one that somebody dropped is made again.
  enum class Kind : std::uint8_t { older, own };

  Kind kind = Kind::own;
  std::string_view name;
  std::string TableNames::* chosen_name = nullptr;  // Where operators may call it otherwise.
  std::span<const Column> columns;                  // Those of the key first.
  std::size_t key_columns = 0;
  std::string_view unique;    // Of an older table: the unique key's name.
  std::string_view found_by;  // Of an older table: the column that has an index beside that.

  [[nodiscard]] std::string name_among(const TableNames& names) const {
    return chosen_name == nullptr ? std::string(name) : names.*chosen_name;
  }
  [[nodiscard]] bool is_own() const { return kind == Kind::own; }
  [[nodiscard]] std::span<const Column> key() const { return columns.first(key_columns); }
  [[nodiscard]] std::span<const Column> values() const { return columns.subspan(key_columns); }
};

// Letters, digits and underscores, no digit first, at most 64 (MySQL's limit), and none that
// belongs to somebody else. The tables and `version` must differ, in any case of letters.
[[nodiscard]] Result<void> check_table_names(const TableNames& names);

// The `version` table's word on an older table. The shape with these columns is 1 in OpenSER and
// Kamailio and 2 in OpenSIPS.
inline constexpr std::int64_t table_version = 1;
inline constexpr std::int64_t table_version_highest = 2;
[[nodiscard]] Result<void> check_table_version(std::string_view table, std::int64_t version);

}  // namespace imcd::db
