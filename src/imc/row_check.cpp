#include "imc/row_check.h"

#include <fmt/format.h>

#include "parser/address_of_record.h"

namespace imcd::imc {
namespace {

// The key of an address of record; empty where the parts are not those of a SIP URI.
std::string key_of(std::string_view user, std::string_view domain) {
  std::string text;
  const auto uri = parser::parse_address(user, domain, text);
  std::string key;
  if (uri) parser::write_address_of_record_key(key, *uri);
  return key;
}

}  // namespace

std::string RowCheck::room_key(std::string_view text) const {
  const auto uri = parser::parse_address(text);
  std::string key;
  if (uri) parser::write_address_of_record_key(key, domains_.canonical(*uri));
  return key;
}

void RowCheck::add(const records::RoomRow& row) {
  const std::string uri = records::uri_of(row.key);
  if ((row.flags & records::room_flag::deleted) != 0) {
    findings_.push_back(fmt::format("room {} is marked as deleted, but there", uri));
    return;
  }
  if (key_of(row.key.name, row.key.domain).empty()) {
    findings_.push_back(fmt::format("room {}: its name and domain make no SIP URI", uri));
    return;
  }
  const auto [room, is_new] = rooms_.try_emplace(room_key(uri));
  if (is_new) {
    room->second.uri = uri;
  } else {
    findings_.push_back(
        fmt::format("rooms {} and {} are one: their names are the same", room->second.uri, uri));
  }
}

void RowCheck::add(const records::UserRow& row) {
  if (!parser::parse_delivery_uri(row.uri, row.key.text)) {
    findings_.push_back(
        fmt::format("user {}: {} is not a SIP URI of that key", row.key.text, row.uri));
  }
}

void RowCheck::add(const records::MemberRow& row) {
  const std::string member =
      fmt::format("member {}@{} of {}", row.key.user, row.key.domain, row.key.room);
  if ((row.flags & records::member_flag::deleted) != 0) {
    findings_.push_back(fmt::format("{} is marked as deleted, but there", member));
    return;
  }
  const auto found = rooms_.find(room_key(row.key.room));
  if (found == rooms_.end()) {
    findings_.push_back(fmt::format("{}: there is no such room", member));
    return;
  }
  const std::string key = key_of(row.key.user, row.key.domain);
  if (key.empty()) {
    findings_.push_back(fmt::format("{}: name and domain make no SIP URI", member));
    return;
  }
  Room& room = found->second;
  if (!room.users.insert(key).second) {
    findings_.push_back(fmt::format("{}: the room has the same user twice", member));
    return;
  }
  if ((row.flags & records::member_flag::invited) == 0) {
    ++room.members;
  } else {
    room.invited.insert(key);
  }
  if ((row.flags & records::member_flag::owner) != 0) ++room.owners;
}

void RowCheck::add(const records::InvitationRow& row) {
  const auto found = rooms_.find(room_key(row.key.room));
  if (found != rooms_.end() && found->second.invited.contains(key_of(row.key.user, row.key.domain)))
    return;
  findings_.push_back(fmt::format("invitation of {}@{} to {}: nobody of that name is invited there",
                                  row.key.user, row.key.domain, row.key.room));
}

void RowCheck::add(const records::BlockRow& row) {
  if (row.key.user.contains('@') && row.key.blocked.contains('@')) return;
  findings_.push_back(
      fmt::format("block of {} by {}: both must be addresses", row.key.blocked, row.key.user));
}

void RowCheck::finish() {
  for (const auto& [key, room] : rooms_) {
    if (room.members == 0) {
      findings_.push_back(fmt::format("room {} has no members", room.uri));
    } else if (room.owners == 0) {
      findings_.push_back(fmt::format("room {} has no owner", room.uri));
    } else if (room.owners > 1) {
      findings_.push_back(fmt::format("room {} has {} owners", room.uri, room.owners));
    }
  }
}

}  // namespace imcd::imc
