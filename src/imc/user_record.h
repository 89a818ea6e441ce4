// User records: where a user's own URI (Identity::has_own_uri) is stored and forgotten. They go
// into the command that changes the user's rooms, behind the member's record, so that both are
// stored or neither is.
#pragma once

#include <string>
#include <vector>

#include "identity/identity.h"
#include "records/record.h"

namespace imcd::imc {

inline records::Record delete_user_record(const Identity& who) {
  return {.kind = records::Record::Kind::delete_user, .user = std::string(who.key())};
}

inline records::Record put_user_record(const Identity& who) {
  return {.kind = records::Record::Kind::put_user,
          .user = std::string(who.key()),
          .uri = std::string(who.uri())};
}

// Goes with each member row that is put. Putting what is there already is harmless, and cheaper
// than to know what is there.
inline void keep_uri(std::vector<records::Record>& records, const Identity& who) {
  if (who.has_own_uri()) records.push_back(put_user_record(who));
}

// `rooms`: how many the user is still in. Who is in none needs no row.
inline void drop_uri(std::vector<records::Record>& records, const Identity& who,
                     std::uint32_t rooms) {
  if (rooms == 0 && who.has_own_uri()) records.push_back(delete_user_record(who));
}

}  // namespace imcd::imc
