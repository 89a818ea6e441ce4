#include "imc/room_table.h"

#include "base/check.h"

namespace imcd::imc {

RoomTable::~RoomTable() {
  // Rooms that still wait for their epoch let go of identities, which live no longer than this.
  epochs_.free_all();
  for (const List& list : lists_) {
    for (Room* const room : list.rooms) delete room;
  }
}

void RoomTable::write_key(RoomKey& key, const parser::Uri& uri) const {
  key.text.clear();
  CHECK(parser::write_address_of_record_key(key.text, canonical(uri)));
  key.hash = siphash(hash_key_, key.text);
}

const Room& RoomTable::get(const RoomKey& key) const {
  const Room* const room = find(key);
  CHECK(room != nullptr);
  return *room;
}

Room& RoomTable::create(const RoomKey& key, std::string_view name, std::string_view domain,
                        bool is_private, std::uint64_t serial) {
  CHECK(find(key) == nullptr);
  Room* const room = new Room(key.hash, key.text, name, domain, is_private,
                              serial != 0 ? serial : ++last_serial_, identities_, epochs_);
  enlist(*room);
  table_.insert(room);
  return *room;
}

Room& RoomTable::writable(const Room& room) {
  Room* const same = list_of(room.is_private()).rooms[room.slot];
  CHECK(same == &room);
  return *same;
}

void RoomTable::destroy(const Room& room) {
  Room* const gone = &writable(room);
  delist(*gone);
  table_.erase(gone);
  epochs_.retire(gone);
}

void RoomTable::set_private(Room& room, bool is_private) {
  delist(room);
  room.set_private(is_private);
  enlist(room);
}

// --- The lists -----------------------------------------------------------------------------------

void RoomTable::enlist(Room& room) {
  List& list = list_of(room.is_private());
  if (list.free_slots.empty()) {
    room.slot = static_cast<std::uint32_t>(list.rooms.size());
    list.rooms.push_back(&room);
  } else {
    room.slot = list.free_slots.back();
    list.free_slots.pop_back();
    list.rooms[room.slot] = &room;
  }
}

void RoomTable::delist(Room& room) {
  List& list = list_of(room.is_private());
  list.rooms[room.slot] = nullptr;
  list.free_slots.push_back(room.slot);
}

const Room* RoomTable::next_of(const List& list, std::size_t& cursor) {
  while (cursor < list.rooms.size()) {
    if (const Room* const room = list.rooms[cursor++]) return room;
  }
  return nullptr;
}

const Room* RoomTable::next_public(std::size_t& cursor) const {
  return next_of(lists_.front(), cursor);
}

const Room* RoomTable::next(std::size_t& cursor) const {
  constexpr std::size_t private_from = std::size_t{1} << 32;  // Above all slots.
  if (cursor < private_from) {
    if (const Room* const room = next_public(cursor)) return room;
    cursor = private_from;
  }
  std::size_t slot = cursor - private_from;
  const Room* const room = next_of(lists_.back(), slot);
  cursor = private_from + slot;
  return room;
}

}  // namespace imcd::imc
