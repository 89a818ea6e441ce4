// Records of a room's rows, each made in one place. RoomChanges stores by them what a change did,
// RoomLoader mends by them what it found.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "identity/identity.h"
#include "imc/room.h"
#include "records/record.h"

namespace imcd::imc::stored {

using records::Record;

inline Record erase_room(std::string_view name, std::string_view domain) {
  return {.kind = Record::Kind::delete_room,
          .room_name = std::string(name),
          .room_domain = std::string(domain)};
}
inline Record put_room(const Room& room) {
  return {.kind = Record::Kind::put_room,
          .room_name = std::string(room.name()),
          .room_domain = std::string(room.domain()),
          .flags = room.is_private() ? records::room_flag::is_private : 0};
}

inline Record erase_member(std::string_view room_name, std::string_view room_domain,
                           std::string_view user, std::string_view domain) {
  return {.kind = Record::Kind::delete_member,
          .room_name = std::string(room_name),
          .room_domain = std::string(room_domain),
          .user = std::string(user),
          .user_domain = std::string(domain)};
}
inline Record erase_member(const Room& room, const Identity& who) {
  return erase_member(room.name(), room.domain(), who.user(), who.host());
}
inline Record put_member(const Room& room, const Identity& who, std::uint32_t flags) {
  Record record = erase_member(room, who);
  record.kind = Record::Kind::put_member;
  record.flags = flags;
  return record;
}

inline Record erase_invitation(std::string_view room_name, std::string_view room_domain,
                               std::string_view user, std::string_view domain) {
  Record record = erase_member(room_name, room_domain, user, domain);
  record.kind = Record::Kind::delete_invitation;
  return record;
}
inline Record erase_invitation(const Room& room, const Identity& who) {
  return erase_invitation(room.name(), room.domain(), who.user(), who.host());
}
inline Record put_invitation(const Room& room, const Identity& who, WallTime made_at) {
  Record record = erase_invitation(room, who);
  record.kind = Record::Kind::put_invitation;
  record.made_at = std::chrono::floor<std::chrono::seconds>(made_at).time_since_epoch().count();
  return record;
}

inline Record erase_user(const Identity& who) {
  return {.kind = Record::Kind::delete_user, .user = std::string(who.key())};
}
inline Record put_user(const Identity& who) {
  return {.kind = Record::Kind::put_user,
          .user = std::string(who.key()),
          .uri = std::string(who.uri())};
}

}  // namespace imcd::imc::stored
