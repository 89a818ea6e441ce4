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

using records::BlockRow;
using records::Erase;
using records::InvitationRow;
using records::MemberRow;
using records::Put;
using records::Record;
using records::RoomRow;
using records::UserRow;

inline Record erase_room(std::string_view name, std::string_view domain) {
  return Erase<RoomRow>{{std::string(name), std::string(domain)}};
}
inline Record put_room(const Room& room) {
  return Put<RoomRow>{{{std::string(room.name()), std::string(room.domain())},
                       room.is_private() ? records::room_flag::is_private : 0}};
}

inline MemberRow::Key member_key(const Room& room, const Identity& who) {
  return {std::string(room.uri()), std::string(who.user()), std::string(who.host())};
}
inline Record erase_member(const Room& room, const Identity& who) {
  return Erase<MemberRow>{member_key(room, who)};
}
inline Record put_member(const Room& room, const Identity& who, std::uint32_t flags) {
  return Put<MemberRow>{{member_key(room, who), flags}};
}

inline InvitationRow::Key invitation_key(const Room& room, const Identity& who) {
  return {std::string(room.uri()), std::string(who.user()), std::string(who.host())};
}
inline Record erase_invitation(const Room& room, const Identity& who) {
  return Erase<InvitationRow>{invitation_key(room, who)};
}
inline Record put_invitation(const Room& room, const Identity& who, WallTime made_at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(made_at).time_since_epoch();
  return Put<InvitationRow>{{invitation_key(room, who), seconds.count()}};
}

inline Record put_block(const Identity& who, std::string_view blocked, WallTime made_at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(made_at).time_since_epoch();
  return Put<BlockRow>{{{std::string(who.key()), std::string(blocked)}, seconds.count()}};
}
inline Record erase_block(const Identity& who, std::string_view blocked) {
  return Erase<BlockRow>{{std::string(who.key()), std::string(blocked)}};
}

inline Record erase_user(const Identity& who) { return Erase<UserRow>{{std::string(who.key())}}; }
inline Record put_user(const Identity& who) {
  return Put<UserRow>{{{std::string(who.key())}, std::string(who.uri())}};
}

}  // namespace imcd::imc::stored
