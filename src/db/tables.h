// The tables as SQL sees them: their names, their columns, and the statements that both SQL stores
// prepare. Only what SQLite and MySQL say alike stands here (backticks around names, `?` for
// values); how tables are made is each store's own.
//
// Rows are found by comparing names as stored bytes, so a record changes or deletes just the row
// whose spelling it has.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace imcd::db {

struct TableNames {
  std::string rooms = "imc_rooms";
  std::string members = "imc_members";
  // Ours alone; no older module knows them.
  std::string users = "imcd_users";
  std::string invitations = "imcd_invitations";
};

// Letters, digits and underscores, no digit first, at most 64 (MySQL's limit), and none that
// belongs to somebody else. The tables and `version` must differ, in any case of letters.
[[nodiscard]] Result<void> check_table_names(const TableNames& names);

// From the first successful open on, a table that lacks is an error: one that were made in its
// place would be empty.
enum class MissingTables {
  are_made,
  are_an_error,
  // Nothing is made or changed; of tables that are imcd's own none need be there.
  are_left,
};

// The `version` table's word on a table. The shape with these columns is 1 in OpenSER and Kamailio
// and 2 in OpenSIPS.
inline constexpr std::int64_t table_version = 1;
inline constexpr std::int64_t table_version_highest = 2;
[[nodiscard]] Result<void> check_table_version(std::string_view table, std::int64_t version);

inline constexpr std::array<std::string_view, 3> room_columns = {"name", "domain", "flag"};
inline constexpr std::array<std::string_view, 4> member_columns = {"username", "domain", "room",
                                                                   "flag"};
inline constexpr std::array<std::string_view, 2> user_columns = {"key", "uri"};
inline constexpr std::array<std::string_view, 4> invitation_columns = {"room", "username", "domain",
                                                                       "made_at"};

// The texts, with the order of their parameters. A put is an UPDATE and, where it met no row, an
// INSERT: that keeps a row's id, and works without the unique keys too, which tables made by hand
// or by old scripts may lack. Rows that such a table holds twice change and go together.
struct Statements {
  // `user_column` is `username`, or what a table of 2006 calls it.
  Statements(const TableNames& names, std::string_view user_column);

  std::string update_room;         // flag, name, domain
  std::string insert_room;         // flag, name, domain
  std::string delete_room;         // name, domain
  std::string update_member;       // flag, username, domain, room
  std::string insert_member;       // flag, username, domain, room
  std::string delete_member;       // username, domain, room
  std::string delete_members;      // room
  std::string update_user;         // uri, key
  std::string insert_user;         // uri, key
  std::string delete_user;         // key
  std::string update_invitation;   // made_at, username, domain, room
  std::string insert_invitation;   // made_at, username, domain, room
  std::string delete_invitation;   // username, domain, room
  std::string delete_invitations;  // room
};

}  // namespace imcd::db
