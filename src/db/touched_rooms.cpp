#include "db/touched_rooms.h"

#include <algorithm>
#include <string>
#include <utility>

namespace imcd::db {

std::vector<records::RoomRow::Key> touched_rooms(const Bundle& bundle) {
  std::vector<records::RoomRow::Key> rooms;
  for (const records::Record& record : bundle.records) {
    const std::string uri = records::room_of(record);
    if (uri.empty()) continue;
    records::RoomRow::Key room = records::room_key(uri);
    if (std::ranges::find(rooms, room) == rooms.end()) rooms.push_back(std::move(room));
  }
  return rooms;
}

}  // namespace imcd::db
