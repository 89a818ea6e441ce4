// The rooms that a bundle's records are about, each once, in the order of their first mention.
// Records of users are about none.
#pragma once

#include <vector>

#include "db/store.h"
#include "records/record.h"

namespace imcd::db {

std::vector<records::RoomRow::Key> touched_rooms(const Bundle& bundle);

}  // namespace imcd::db
