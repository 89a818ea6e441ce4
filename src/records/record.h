// Record: one absolute change of one row, all that persistence knows of rooms. Applying a record
// again is harmless. Names are in the spelling that is stored and delivered, not in their
// keys, but for a user's.
#pragma once

#include <cstdint>
#include <string>

namespace imcd::records {

// Bits of imc_rooms.flag and imc_members.flag, as the older modules write them.
namespace room_flag {
constexpr std::uint32_t is_private = 1;
constexpr std::uint32_t deleted = 2;
}  // namespace room_flag

namespace member_flag {
constexpr std::uint32_t owner = 1;
constexpr std::uint32_t admin = 2;
constexpr std::uint32_t invited = 4;
constexpr std::uint32_t deleted = 8;
constexpr std::uint32_t skip = 16;
}  // namespace member_flag

struct Record {
  enum class Kind : std::uint8_t {
    put_room,
    delete_room,
    put_member,
    delete_member,
    put_user,
    delete_user,
    put_invitation,
    delete_invitation,
  };

  Kind kind = Kind::put_room;
  std::string room_name;     // Not of users.
  std::string room_domain;   // Not of users.
  std::string user;          // Members, invitations; of users the whole key, folded: user@host.
  std::string user_domain;   // Members, invitations.
  std::uint32_t flags = 0;   // room_flag or member_flag; puts of rooms and members only.
  std::string uri;           // put_user only.
  std::int64_t made_at = 0;  // put_invitation only: seconds since 1970, UTC.

  // Else of a room or a member, and it names a room.
  [[nodiscard]] bool is_of_user() const {
    return kind == Kind::put_user || kind == Kind::delete_user;
  }

  [[nodiscard]] bool is_of_invitation() const {
    return kind == Kind::put_invitation || kind == Kind::delete_invitation;
  }

  friend bool operator==(const Record&, const Record&) = default;
};

// A row as a store holds it; `room` is the room's URI, sip:name@domain.
struct RoomRow {
  std::string name;
  std::string domain;
  std::uint32_t flags = 0;
};
struct MemberRow {
  std::string user;
  std::string domain;
  std::string room;
  std::uint32_t flags = 0;
};

// Where deliveries to a user go, where a member row's user@domain alone would not say it: a port,
// another scheme. `key` is Identity::key().
struct UserRow {
  std::string key;
  std::string uri;
};

// When who is invited to a room was. The member's row says whether; an older module that changes
// that one leaves this one behind.
struct InvitationRow {
  std::string user;
  std::string domain;
  std::string room;
  std::int64_t made_at = 0;
};

// delete_room deletes its members' and invitations' rows too; no records of these go with it.

}  // namespace imcd::records
