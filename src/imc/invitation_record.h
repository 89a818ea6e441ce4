// Invitation records: when somebody was invited to a room, beside the member's record that says
// that they are.
#pragma once

#include <string>

#include "identity/identity.h"
#include "imc/room.h"
#include "records/record.h"

namespace imcd::imc {

inline records::Record end_of_invitation_record(const Room& room, const Identity& who) {
  return {.kind = records::Record::Kind::delete_invitation,
          .room_name = std::string(room.name()),
          .room_domain = std::string(room.domain()),
          .user = std::string(who.user()),
          .user_domain = std::string(who.host())};
}

inline records::Record invitation_record(const Room& room, const Identity& who,
                                         std::int64_t made_at) {
  records::Record record = end_of_invitation_record(room, who);
  record.kind = records::Record::Kind::put_invitation;
  record.made_at = made_at;
  return record;
}

}  // namespace imcd::imc
