#include "db/mysql_rows.h"

#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace imcd::db {
namespace {

// The readers of columns return what is wrong with the value, for skipped_row().
std::string read_text(const MysqlStatement& row, std::size_t column, std::string_view what,
                      std::string& out) {
  if (row.is_null(column)) return fmt::format("its {} is NULL", what);
  out = row.text(column);
  return {};
}

std::string read_number(const MysqlStatement& row, std::size_t column, std::string_view what,
                        std::int64_t& out) {
  if (row.is_null(column)) return fmt::format("its {} is NULL", what);
  const std::string_view text = row.text(column);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc() && end == text.data() + text.size()) return {};
  return fmt::format("its {} is not a number", what);
}

std::string read_flags(const MysqlStatement& row, std::size_t column, std::uint32_t& out) {
  std::int64_t flags = 0;
  if (std::string fault = read_number(row, column, "flag", flags); !fault.empty()) return fault;
  if (flags < 0 || flags > std::numeric_limits<std::uint32_t>::max()) {
    return fmt::format("its flag {} is out of range", flags);
  }
  out = static_cast<std::uint32_t>(flags);
  return {};
}

std::string read_row(const MysqlStatement& row, records::RoomRow& out) {
  std::string fault = read_text(row, 1, "name", out.key.name);
  if (fault.empty()) fault = read_text(row, 2, "domain", out.key.domain);
  if (fault.empty()) fault = read_flags(row, 3, out.flags);
  return fault.empty() ? row_fault(out) : fault;
}

std::string read_row(const MysqlStatement& row, records::MemberRow& out) {
  std::string fault = read_text(row, 1, "username", out.key.user);
  if (fault.empty()) fault = read_text(row, 2, "domain", out.key.domain);
  if (fault.empty()) fault = read_text(row, 3, "room", out.key.room);
  if (fault.empty()) fault = read_flags(row, 4, out.flags);
  return fault.empty() ? row_fault(out) : fault;
}

std::string read_row(const MysqlStatement& row, records::UserRow& out) {
  std::string fault = read_text(row, 1, "key", out.key.text);
  if (fault.empty()) fault = read_text(row, 2, "uri", out.uri);
  return fault.empty() ? row_fault(out) : fault;
}

std::string read_row(const MysqlStatement& row, records::InvitationRow& out) {
  std::string fault = read_text(row, 1, "username", out.key.user);
  if (fault.empty()) fault = read_text(row, 2, "domain", out.key.domain);
  if (fault.empty()) fault = read_text(row, 3, "room", out.key.room);
  if (fault.empty()) fault = read_number(row, 4, "made_at", out.made_at);
  return fault.empty() ? row_fault(out) : fault;
}

std::int64_t number_of(const MysqlStatement& row) {
  const std::string_view text = row.text(0);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

template <class Row>
MysqlResult<void> read_rows(MysqlStatement& statement, const std::string& table, PieceWriter& out) {
  MysqlResult<bool> more = statement.fetch();
  for (; more && *more; more = statement.fetch()) {
    Row row;
    const std::string fault = read_row(statement, row);
    const bool goes_on = fault.empty() ? out.add(std::move(row))
                                       : out.skip(skipped_row(table, number_of(statement), fault));
    // The rows that are left are not read to the end: there may be millions.
    if (!goes_on) return std::unexpected(mysql_load_was_ended());
  }
  if (!more) return std::unexpected(more.error());
  statement.reset();
  return {};
}

}  // namespace

MysqlResult<void> read_room_rows(MysqlStatement& statement, const std::string& table,
                                 PieceWriter& out) {
  return read_rows<records::RoomRow>(statement, table, out);
}

MysqlResult<void> read_member_rows(MysqlStatement& statement, const std::string& table,
                                   PieceWriter& out) {
  return read_rows<records::MemberRow>(statement, table, out);
}

MysqlResult<void> read_user_rows(MysqlStatement& statement, const std::string& table,
                                 PieceWriter& out) {
  return read_rows<records::UserRow>(statement, table, out);
}

MysqlResult<void> read_invitation_rows(MysqlStatement& statement, const std::string& table,
                                       PieceWriter& out) {
  return read_rows<records::InvitationRow>(statement, table, out);
}

MysqlError mysql_load_was_ended() { return {0, "the load was ended by its reader"}; }

}  // namespace imcd::db
