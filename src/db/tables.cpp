#include "db/tables.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text.h"
#include "db/rows.h"

namespace imcd::db {
namespace {

constexpr std::size_t table_name_bytes_max = 64;
constexpr std::string_view version_table = "version";

bool is_name_character(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

Result<void> check_table_name(std::string_view name) {
  const bool is_name = !name.empty() && name.size() <= table_name_bytes_max &&
                       !is_digit(name.front()) && std::ranges::all_of(name, is_name_character);
  if (!is_name) {
    return fail(
        fmt::format("{} cannot be the name of a table: expected 1 to {} letters, digits and "
                    "underscores, no digit first",
                    in_quotes(name), table_name_bytes_max));
  }
  if (starts_with_ignoring_case(name, "sqlite_") || equal_ignoring_case(name, version_table)) {
    return fail(fmt::format("{} cannot be the name of a table of rooms or members: it is taken",
                            in_quotes(name)));
  }
  return {};
}

}  // namespace

Result<void> check_table_names(const TableNames& names) {
  for (const std::string& name : {names.rooms, names.members, names.users, names.invitations}) {
    if (Result<void> good = check_table_name(name); !good) return good;
  }
  if (equal_ignoring_case(names.rooms, names.members)) {
    return fail(fmt::format("rooms and members cannot both be in table {}", names.rooms));
  }
  for (const std::string& own : {names.users, names.invitations}) {
    if (equal_ignoring_case(own, names.rooms) || equal_ignoring_case(own, names.members)) {
      return fail(fmt::format("rooms or members cannot be in table {}: it is taken", own));
    }
  }
  return {};
}

Result<void> check_table_version(std::string_view table, std::int64_t version) {
  if (version >= table_version && version <= table_version_highest) return {};
  return fail(
      fmt::format("table {} has version {}, expected {} (as OpenSER and Kamailio make it) "
                  "or {} (as OpenSIPS does)",
                  table, version, table_version, table_version_highest));
}

Statements::Statements(const TableNames& names, std::string_view user)
    : update_room(
          fmt::format("UPDATE `{}` SET flag = ? WHERE name = ? AND domain = ?", names.rooms)),
      insert_room(
          fmt::format("INSERT INTO `{}` (flag, name, domain) VALUES (?, ?, ?)", names.rooms)),
      delete_room(fmt::format("DELETE FROM `{}` WHERE name = ? AND domain = ?", names.rooms)),
      update_member(
          fmt::format("UPDATE `{}` SET flag = ? WHERE `{}` = ? AND domain = ? AND room = ?",
                      names.members, user)),
      insert_member(fmt::format("INSERT INTO `{}` (flag, `{}`, domain, room) VALUES (?, ?, ?, ?)",
                                names.members, user)),
      delete_member(fmt::format("DELETE FROM `{}` WHERE `{}` = ? AND domain = ? AND room = ?",
                                names.members, user)),
      delete_members(fmt::format("DELETE FROM `{}` WHERE room = ?", names.members)),
      // `key` is a word of SQL.
      update_user(fmt::format("UPDATE `{}` SET uri = ? WHERE `key` = ?", names.users)),
      insert_user(fmt::format("INSERT INTO `{}` (uri, `key`) VALUES (?, ?)", names.users)),
      delete_user(fmt::format("DELETE FROM `{}` WHERE `key` = ?", names.users)),
      update_invitation(
          fmt::format("UPDATE `{}` SET made_at = ? WHERE username = ? AND domain = ? AND room = ?",
                      names.invitations)),
      insert_invitation(
          fmt::format("INSERT INTO `{}` (made_at, username, domain, room) VALUES (?, ?, ?, ?)",
                      names.invitations)),
      delete_invitation(fmt::format(
          "DELETE FROM `{}` WHERE username = ? AND domain = ? AND room = ?", names.invitations)),
      delete_invitations(fmt::format("DELETE FROM `{}` WHERE room = ?", names.invitations)) {}

}  // namespace imcd::db
