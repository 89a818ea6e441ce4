#include "db/rows.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/limits.h"

namespace imcd::db {
namespace {

constexpr std::string_view scheme = "sip:";
constexpr std::size_t quoted_bytes_max = 80;

bool is_unprintable(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// RFC 3261 25.1: none of these can stand unescaped in a user or a host part. Other characters that
// it forbids there are in use (a quote, bytes of UTF-8) and harm nobody.
bool breaks_uri(char c) {
  return is_unprintable(c) || c == ' ' || c == '@' || c == '<' || c == '>';
}

// At most `highest` bytes of the text, shortened so that no UTF-8 sequence is cut.
std::size_t whole_characters(std::string_view text, std::size_t highest) {
  if (text.size() <= highest) return text.size();
  std::size_t size = highest;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return size;
}

std::string part_fault(std::string_view what, std::string_view part, std::size_t bytes_max) {
  if (part.empty()) return fmt::format("its {} is empty", what);
  if (part.size() > bytes_max) {
    return fmt::format("its {} has {} bytes, more than {}", what, part.size(), bytes_max);
  }
  if (std::ranges::any_of(part, breaks_uri)) {
    return fmt::format("its {} {} cannot stand in a SIP URI", what, in_quotes(part));
  }
  return {};
}

// Of the column `key` or `uri` of a user: what a reader of URIs makes of it is checked there.
std::string address_fault(std::string_view what, std::string_view text, std::size_t bytes_max) {
  if (text.empty()) return fmt::format("its {} is empty", what);
  if (text.size() > bytes_max) {
    return fmt::format("its {} has {} bytes, more than {}", what, text.size(), bytes_max);
  }
  if (std::ranges::any_of(text, [](char c) { return c != '@' && breaks_uri(c); })) {
    return fmt::format("its {} {} cannot stand in a SIP URI", what, in_quotes(text));
  }
  return {};
}

std::string room_uri_fault(std::string_view room) {
  const std::size_t at = room.find('@');
  if (!room.starts_with(scheme) || at == std::string_view::npos) {
    return fmt::format("its room {} is not of the form sip:name@domain", in_quotes(room));
  }
  const std::string_view name = room.substr(scheme.size(), at - scheme.size());
  std::string fault = part_fault("room's name", name, limits::user_bytes_max);
  if (fault.empty()) {
    fault = part_fault("room's domain", room.substr(at + 1), limits::domain_bytes_max);
  }
  return fault;
}

}  // namespace

std::vector<records::RoomRow::Key> touched_rooms(const Command& command) {
  std::vector<records::RoomRow::Key> rooms;
  for (const records::Record& record : command.records) {
    const std::string uri = records::room_of(record);
    if (uri.empty()) continue;
    records::RoomRow::Key room = records::room_key(uri);
    if (std::ranges::find(rooms, room) == rooms.end()) rooms.push_back(std::move(room));
  }
  return rooms;
}

std::string row_fault(const records::RoomRow& row) {
  std::string fault = part_fault("name", row.key.name, limits::user_bytes_max);
  if (fault.empty()) fault = part_fault("domain", row.key.domain, limits::domain_bytes_max);
  return fault;
}

std::string row_fault(const records::MemberRow& row) {
  std::string fault = part_fault("username", row.key.user, limits::user_bytes_max);
  if (fault.empty()) fault = part_fault("domain", row.key.domain, limits::domain_bytes_max);
  if (fault.empty()) fault = room_uri_fault(row.key.room);
  return fault;
}

std::string row_fault(const records::UserRow& row) {
  std::string fault = address_fault("key", row.key.text, limits::user_key_bytes_max);
  if (fault.empty()) fault = address_fault("uri", row.uri, limits::user_uri_bytes_max);
  return fault;
}

std::string row_fault(const records::InvitationRow& row) {
  constexpr std::int64_t end_of_9999 = 253402300799;
  std::string fault = row_fault(records::MemberRow{{row.key.room, row.key.user, row.key.domain}});
  if (fault.empty() && (row.made_at < 0 || row.made_at > end_of_9999)) {
    fault = fmt::format("its made_at {} is out of range", row.made_at);
  }
  return fault;
}

std::string skipped_row(std::string_view table, std::int64_t id, std::string_view fault) {
  return fmt::format("row {} of table {} was skipped: {}", id, table, fault);
}

std::string in_quotes(std::string_view bytes) {
  std::string out = "'";
  const std::size_t shown = whole_characters(bytes, quoted_bytes_max);
  for (char c : bytes.substr(0, shown)) {
    if (is_unprintable(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += bytes.size() > shown ? "...'" : "'";
  return out;
}

bool PieceWriter::skip(std::string&& sentence) {
  piece_.skipped.push_back(std::move(sentence));
  return hand_over_full();
}

bool PieceWriter::finish() { return piece_.empty() || sink_(context_, std::exchange(piece_, {})); }

bool PieceWriter::hand_over_full() { return piece_.size() < load_piece_rows_max || finish(); }

}  // namespace imcd::db
