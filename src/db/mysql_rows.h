// Rows of MySQL's tables as the plain rows of imc. A row that cannot be used is named and skipped,
// never guessed at.
#pragma once

#include <string>

#include "db/mysql.h"
#include "db/rows.h"

namespace imcd::db {

// All rows of a statement that was executed. Their columns are those of MysqlStatements' selects.
MysqlResult<void> read_room_rows(MysqlStatement& statement, const std::string& table,
                                 PieceWriter& out);
MysqlResult<void> read_member_rows(MysqlStatement& statement, const std::string& table,
                                   PieceWriter& out);
MysqlResult<void> read_invitation_rows(MysqlStatement& statement, const std::string& table,
                                       PieceWriter& out);
MysqlResult<void> read_user_rows(MysqlStatement& statement, const std::string& table,
                                 PieceWriter& out);

// What becomes of a load whose sink wants no more.
MysqlError mysql_load_was_ended();

}  // namespace imcd::db
