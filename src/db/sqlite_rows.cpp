#include "db/sqlite_rows.h"

#include <fmt/format.h>
#include <limits>
#include <utility>

namespace imcd::db {
namespace {

// The readers of columns return what is wrong with the value, for skipped_row().
std::string read_text(const Statement& row, int column, std::string_view what, std::string& out) {
  switch (row.type(column)) {
    case SQLITE_TEXT:
      out = row.text(column);
      return {};
    case SQLITE_NULL:
      return fmt::format("its {} is NULL", what);
    default:
      return fmt::format("its {} is not text", what);
  }
}

std::string read_flags(const Statement& row, int column, std::uint32_t& out) {
  if (row.type(column) != SQLITE_INTEGER) return "its flag is not a number";
  const std::int64_t flags = row.number(column);
  if (flags < 0 || flags > std::numeric_limits<std::uint32_t>::max()) {
    return fmt::format("its flag {} is out of range", flags);
  }
  out = static_cast<std::uint32_t>(flags);
  return {};
}

std::string read_row(const Statement& row, records::RoomRow& out) {
  std::string fault = read_text(row, 1, "name", out.key.name);
  if (fault.empty()) fault = read_text(row, 2, "domain", out.key.domain);
  if (fault.empty()) fault = read_flags(row, 3, out.flags);
  return fault.empty() ? row_fault(out) : fault;
}

std::string read_row(const Statement& row, records::MemberRow& out) {
  std::string fault = read_text(row, 1, "username", out.key.user);
  if (fault.empty()) fault = read_text(row, 2, "domain", out.key.domain);
  if (fault.empty()) fault = read_text(row, 3, "room", out.key.room);
  if (fault.empty()) fault = read_flags(row, 4, out.flags);
  return fault.empty() ? row_fault(out) : fault;
}

std::string read_row(const Statement& row, records::UserRow& out) {
  std::string fault = read_text(row, 1, "key", out.key.text);
  if (fault.empty()) fault = read_text(row, 2, "uri", out.uri);
  return fault.empty() ? row_fault(out) : fault;
}

std::string read_row(const Statement& row, records::InvitationRow& out) {
  std::string fault = read_text(row, 1, "username", out.key.user);
  if (fault.empty()) fault = read_text(row, 2, "domain", out.key.domain);
  if (fault.empty()) fault = read_text(row, 3, "room", out.key.room);
  if (fault.empty() && row.type(4) != SQLITE_INTEGER) fault = "its made_at is not a number";
  if (!fault.empty()) return fault;
  out.made_at = row.number(4);
  return row_fault(out);
}

template <class Row>
SqliteResult<void> read_rows(Statement& statement, const std::string& table, PieceWriter& out) {
  SqliteResult<bool> more = statement.step();
  for (; more && *more; more = statement.step()) {
    Row row;
    const std::string fault = read_row(statement, row);
    const bool goes_on = fault.empty() ? out.add(std::move(row))
                                       : out.skip(skipped_row(table, statement.number(0), fault));
    if (!goes_on) {
      more = std::unexpected(load_was_ended());
      break;
    }
  }
  statement.reset();
  if (!more) return std::unexpected(more.error());
  return {};
}

}  // namespace

// The row number is SQLite's own, as the oldest tables have no column `id`; where there is one, it
// is the same number.
std::string select_rooms(const TableNames& names) {
  return fmt::format("SELECT rowid, name, domain, flag FROM `{}`", names.rooms);
}

std::string select_members(const TableNames& names, std::string_view user_column) {
  return fmt::format("SELECT rowid, `{}`, domain, room, flag FROM `{}`", user_column,
                     names.members);
}

std::string select_users(const TableNames& names) {
  return fmt::format("SELECT rowid, `key`, uri FROM `{}`", names.users);
}

std::string select_invitations(const TableNames& names) {
  return fmt::format("SELECT rowid, username, domain, room, made_at FROM `{}`", names.invitations);
}

SqliteResult<void> read_room_rows(Statement& statement, const std::string& table,
                                  PieceWriter& out) {
  return read_rows<records::RoomRow>(statement, table, out);
}

SqliteResult<void> read_member_rows(Statement& statement, const std::string& table,
                                    PieceWriter& out) {
  return read_rows<records::MemberRow>(statement, table, out);
}

SqliteResult<void> read_user_rows(Statement& statement, const std::string& table,
                                  PieceWriter& out) {
  return read_rows<records::UserRow>(statement, table, out);
}

SqliteResult<void> read_invitation_rows(Statement& statement, const std::string& table,
                                        PieceWriter& out) {
  return read_rows<records::InvitationRow>(statement, table, out);
}

SqliteError load_was_ended() { return {SQLITE_INTERRUPT, "the load was ended by its reader"}; }

}  // namespace imcd::db
