// Invitation records: when somebody was invited to a room, beside the member's record that says
// that they are.
#pragma once

#include <string>

#include "imc/identity.h"
#include "imc/record.h"
#include "imc/room.h"

namespace imcd::imc {

inline Record end_of_invitation_record(const Room& room, const Identity& who) {
  return {.kind = Record::Kind::delete_invitation,
          .room_name = std::string(room.name()),
          .room_domain = std::string(room.domain()),
          .user = std::string(who.user()),
          .user_domain = std::string(who.host())};
}

inline Record invitation_record(const Room& room, const Identity& who, std::int64_t made_at) {
  Record record = end_of_invitation_record(room, who);
  record.kind = Record::Kind::put_invitation;
  record.made_at = made_at;
  return record;
}

}  // namespace imcd::imc
