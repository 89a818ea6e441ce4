// Outcome: what became of one message to a room, as data. Nothing of it is sent yet: where the
// message changed a room, the answer, the notices and the new membership wait for the commit of its
// records (DESIGN 7 "Group commit"); else they go out at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/reply.h"
#include "identity/identity.h"
#include "records/record.h"

namespace imcd::imc {

struct Notice {
  enum class To : std::uint8_t {
    user,        // `who` alone.
    room,        // All members at the time of release, but `who`.
    those,       // `list`, taken when the command ran: of a room that is gone by then.
    invitation,  // `who` is invited; if it can't be delivered, the invitation is withdrawn.
  };
  To to = To::user;
  IdentityRef who;
  std::vector<IdentityRef> list;
  std::string text;  // Without the leading `*** `.
};

struct Outcome {
  Reply reply;
  std::vector<records::Record> records;  // Empty: nothing to store.
  std::vector<Notice> notices;           // In the order they are sent.
  IdentityRef joined;                    // Gets chat from the release on.
  std::uint32_t joining = 0;             // The bits of member_joining that `joined` has until then.
  std::string room_uri;  // The room, or the address that was asked: where notices come from.
  std::string room_key;  // Folded; with room_serial it finds the room again.
  std::uint64_t room_serial = 0;  // 0: no room.
  std::string in_reply_to;        // Call-ID of the command.
  IdentityRef speaker;            // Whose command it was; null: nobody's.
};

}  // namespace imcd::imc
