// BlockRow: whom a user does not want to be added or invited by. No older module knows the table.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace imcd::records {

struct BlockRow {
  struct Key {
    std::string user;     // Identity::key() of who does not want it.
    std::string blocked;  // That of the other one, whose user part may be `*`: all of that host.
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  Key key;
  std::int64_t made_at = 0;  // Seconds since 1970, UTC.
  friend bool operator==(const BlockRow&, const BlockRow&) = default;
};

}  // namespace imcd::records
