// Rows of SQLite's tables as the plain rows of imc: the SELECT texts and the loop that steps
// through their results. A row that cannot be used is named and skipped, never guessed at.
#pragma once

#include <string>
#include <string_view>

#include "db/rows.h"
#include "db/sqlite.h"
#include "db/tables.h"

namespace imcd::db {

// The texts without a WHERE, with the columns that the readers below expect.
std::string select_rooms(const TableNames& names);
std::string select_members(const TableNames& names, std::string_view user_column);
std::string select_users(const TableNames& names);
std::string select_invitations(const TableNames& names);

// All rows of a statement that is bound and not yet stepped; it is reset in the end.
SqliteResult<void> read_room_rows(Statement& statement, const std::string& table, PieceWriter& out);
SqliteResult<void> read_member_rows(Statement& statement, const std::string& table,
                                    PieceWriter& out);
SqliteResult<void> read_user_rows(Statement& statement, const std::string& table, PieceWriter& out);
SqliteResult<void> read_invitation_rows(Statement& statement, const std::string& table,
                                        PieceWriter& out);

// What becomes of a load whose sink wants no more.
SqliteError load_was_ended();

}  // namespace imcd::db
