// The tables of an SQL database: made where they are missing, checked where they are there. What
// others made is left as it is, but for an index on the column that rows of one room are found by,
// without which the end of one room would read the members of all. Tables may be narrower, of
// another character set, or as old as 2006; what imcd cannot work with is refused.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "db/sql.h"
#include "db/tables.h"

namespace imcd::db {

// From the first successful open on, an older table that lacks is an error: one that were made in
// its place would be empty.
enum class MissingTables {
  are_made,
  are_an_error,
  // Nothing is made or changed; of tables that are imcd's own none need be there.
  are_left,
};

// A table as it is in this database.
struct TableShape {
  std::string name;
  bool exists = false;
  std::vector<std::string> columns;  // What it calls those of the description.
  bool has_id = false;
  bool puts_at_once = false;
};

struct SqlSchema {
  std::array<TableShape, tables.size()> shapes;  // In the order of db::tables.
  std::vector<std::string> warnings;
};

// Fails where a table has a version that imcd does not know, or lacks a column. All is looked at
// before anything is made, so a database that imcd cannot use stays as it is, and writes nothing
// where nothing is missing.
Result<SqlSchema> prepare_schema(SqlConnection& connection, const TableNames& names,
                                 MissingTables missing);

}  // namespace imcd::db
