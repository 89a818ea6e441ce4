#include "db/mysql_statements.h"

#include <fmt/format.h>

namespace imcd::db {
namespace {

std::string several(const std::string& head, std::string_view row, std::size_t rows,
                    std::string_view changed) {
  std::string text = head;
  for (std::size_t i = 0; i < rows; ++i) {
    if (i > 0) text += ", ";
    text += row;
  }
  if (!changed.empty()) {
    text += fmt::format(" ON DUPLICATE KEY UPDATE {0} = VALUES({0})", changed);
  }
  return text;
}

}  // namespace

MysqlStatements::MysqlStatements(const TableNames& names, const MysqlShape& shape,
                                 std::string_view charset) {
  const auto is = [&](std::string_view column) {
    return fmt::format("`{0}` = ? AND CAST(CONVERT(`{0}` USING {1}) AS BINARY) = CAST(? AS BINARY)",
                       column, charset);
  };
  const std::string& user = shape.user_column;
  const std::string this_room = is("name") + " AND " + is("domain");
  const std::string this_member = is(user) + " AND " + is("domain") + " AND " + is("room");

  update_room = fmt::format("UPDATE `{}` SET flag = ? WHERE {}", names.rooms, this_room);
  delete_room = fmt::format("DELETE FROM `{}` WHERE {}", names.rooms, this_room);
  update_member = fmt::format("UPDATE `{}` SET flag = ? WHERE {}", names.members, this_member);
  delete_member = fmt::format("DELETE FROM `{}` WHERE {}", names.members, this_member);
  delete_members = fmt::format("DELETE FROM `{}` WHERE {}", names.members, is("room"));
  update_user = fmt::format("UPDATE `{}` SET uri = ? WHERE {}", names.users, is("key"));
  delete_user = fmt::format("DELETE FROM `{}` WHERE {}", names.users, is("key"));

  const std::string this_invitation =
      is("username") + " AND " + is("domain") + " AND " + is("room");
  update_invitation =
      fmt::format("UPDATE `{}` SET made_at = ? WHERE {}", names.invitations, this_invitation);
  delete_invitation = fmt::format("DELETE FROM `{}` WHERE {}", names.invitations, this_invitation);
  delete_invitations = fmt::format("DELETE FROM `{}` WHERE {}", names.invitations, is("room"));

  select_rooms = fmt::format("SELECT {}, name, domain, flag FROM `{}`",
                             shape.rooms_have_id ? "id" : "0", names.rooms);
  select_members = fmt::format("SELECT {}, `{}`, domain, room, flag FROM `{}`",
                               shape.members_have_id ? "id" : "0", user, names.members);
  select_users = fmt::format("SELECT 0, `key`, uri FROM `{}`", names.users);
  select_invitations =
      fmt::format("SELECT 0, username, domain, room, made_at FROM `{}`", names.invitations);
  rooms_of = select_rooms + " WHERE " + this_room;
  members_of = select_members + " WHERE " + is("room");

  insert_room_ = fmt::format("INSERT INTO `{}` (flag, name, domain) VALUES ", names.rooms);
  insert_member_ =
      fmt::format("INSERT INTO `{}` (flag, `{}`, domain, room) VALUES ", names.members, user);
  insert_invitation_ =
      fmt::format("INSERT INTO `{}` (made_at, username, domain, room) VALUES ", names.invitations);
  insert_user_ = fmt::format("INSERT INTO `{}` (uri, `key`) VALUES ", names.users);
}

std::string MysqlStatements::insert_rooms(std::size_t rows, bool changes) const {
  return several(insert_room_, "(?, ?, ?)", rows, changes ? "flag" : "");
}

std::string MysqlStatements::insert_members(std::size_t rows, bool changes) const {
  return several(insert_member_, "(?, ?, ?, ?)", rows, changes ? "flag" : "");
}

std::string MysqlStatements::insert_invitations(std::size_t rows, bool changes) const {
  return several(insert_invitation_, "(?, ?, ?, ?)", rows, changes ? "made_at" : "");
}

std::string MysqlStatements::insert_users(std::size_t rows, bool changes) const {
  return several(insert_user_, "(?, ?)", rows, changes ? "uri" : "");
}

}  // namespace imcd::db
