// The statements that the MySQL store prepares, as texts for the tables that it found.
//
// A name is compared twice: as the column's collation says, for which there is an index, and by its
// bytes, since a collation may hold Chat for chat, and e with an accent for e. So each name is a
// parameter twice; run() of the store's Put and Where binds them so.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "db/mysql_schema.h"
#include "db/tables.h"

namespace imcd::db {

struct MysqlStatements {
  // `charset` is the connection's.
  MysqlStatements(const TableNames& names, const MysqlShape& shape, std::string_view charset);

  // In the order of their parameters; (2) marks names that are bound twice.
  std::string update_room;         // flag, name (2), domain (2)
  std::string delete_room;         // name (2), domain (2)
  std::string update_member;       // flag, user (2), domain (2), room (2)
  std::string delete_member;       // user (2), domain (2), room (2)
  std::string delete_members;      // room (2)
  std::string update_user;         // uri, key (2)
  std::string delete_user;         // key (2)
  std::string update_invitation;   // made_at, user (2), domain (2), room (2)
  std::string delete_invitation;   // user (2), domain (2), room (2)
  std::string delete_invitations;  // room (2)

  std::string select_rooms;        // Without a WHERE: number, name, domain, flag.
  std::string select_members;      // Without a WHERE: number, user, domain, room, flag.
  std::string select_users;        // Without a WHERE: 0, key, uri.
  std::string select_invitations;  // Without a WHERE: 0, user, domain, room, made_at.
  std::string rooms_of;            // name (2), domain (2)
  std::string members_of;          // room (2)

  // So many rows by one statement. Where `changes` is set, a row that is there takes the new value.
  [[nodiscard]] std::string insert_rooms(std::size_t rows,
                                         bool changes) const;  // flag, name, domain
  [[nodiscard]] std::string insert_members(std::size_t rows,
                                           bool changes) const;  // flag, user, domain, room
  [[nodiscard]] std::string insert_users(std::size_t rows, bool changes) const;  // uri, key
  [[nodiscard]] std::string insert_invitations(std::size_t rows,
                                               bool changes) const;  // made_at, user, domain, room

 private:
  std::string insert_room_, insert_member_, insert_user_, insert_invitation_;  // Up to VALUES.
};

}  // namespace imcd::db
