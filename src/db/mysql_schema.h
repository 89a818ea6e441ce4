// The tables of a MySQL database: made with columns that hold every name that imcd takes, checked
// where they are there already. What others made is left as it is, but for an index by room. It may
// be narrower, of another character set, or as old as 2006; what imcd cannot work with is refused,
// with the statement that makes it fit.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "db/mysql.h"
#include "db/tables.h"

namespace imcd::db {

// What differs from one database to the next.
struct MysqlShape {
  std::string user_column = "username";
  bool has_users = true;
  bool has_invitations = true;
  bool rooms_have_id = true;
  bool members_have_id = true;
  // Whether INSERT ... ON DUPLICATE KEY UPDATE does what an UPDATE and an INSERT would: there is
  // just the one unique key, it compares bytes, and numbers that it wastes do not run out.
  bool puts_rooms_at_once = false;
  bool puts_members_at_once = false;
  bool puts_users_at_once = false;
  bool puts_invitations_at_once = false;
  std::vector<std::string> warnings;
};

Result<MysqlShape> prepare_mysql_schema(MysqlConnection& connection, const TableNames& names,
                                        MissingTables missing);

}  // namespace imcd::db
