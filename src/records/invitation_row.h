// InvitationRow: when who is invited to a room was. The member's row says whether; an older module
// that changes that one leaves this one behind.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace imcd::records {

struct InvitationRow {
  struct Key {
    std::string room;  // Its URI.
    std::string user;
    std::string domain;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  Key key;
  std::int64_t made_at = 0;  // Seconds since 1970, UTC.
  friend bool operator==(const InvitationRow&, const InvitationRow&) = default;
};

}  // namespace imcd::records
