// The tables of a SQLite database: made as the older modules' scripts make them, checked where they
// are there already. What others made is left as it is, but for an index by room, without which
// the end of one room would read the members of all. The table of users is ours: it stands beside
// theirs, without a row in `version`.
#pragma once

#include <string>

#include "base/result.h"
#include "db/sqlite.h"
#include "db/tables.h"

namespace imcd::db {

// What differs from one database to the next.
struct SqliteShape {
  std::string user_column = "username";  // OpenSER's tables of 2006 say `user`.
};

// Fails where a table has a version that imcd does not know, or lacks a column. Writes nothing
// when nothing is missing.
Result<SqliteShape> prepare_schema(Connection& connection, const TableNames& names,
                                   MissingTables missing);

}  // namespace imcd::db
