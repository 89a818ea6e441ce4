// UserRow: where deliveries to a user go, where a member row's user@domain alone would not say it:
// a port, another scheme. No older module knows the table.
#pragma once

#include <compare>
#include <string>

namespace imcd::records {

struct UserRow {
  struct Key {
    std::string text;  // Identity::key(): user@host, folded.
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  Key key;
  std::string uri;
  friend bool operator==(const UserRow&, const UserRow&) = default;
};

}  // namespace imcd::records
