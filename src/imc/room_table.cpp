#include "imc/room_table.h"

#include "base/check.h"

namespace imcd::imc {

RoomTable::~RoomTable() {
  // Rooms that still wait for their epoch let go of identities, which live no longer than this.
  epochs_.free_all();
  for (Room* const room : list_) delete room;
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
  if (free_slots_.empty()) {
    room->slot = static_cast<std::uint32_t>(list_.size());
    list_.push_back(room);
  } else {
    room->slot = free_slots_.back();
    free_slots_.pop_back();
    list_[room->slot] = room;
  }
  table_.insert(room);
  return *room;
}

Room& RoomTable::writable(const Room& room) {
  Room* const same = list_[room.slot];
  CHECK(same == &room);
  return *same;
}

void RoomTable::destroy(const Room& room) {
  Room* const gone = &writable(room);
  list_[gone->slot] = nullptr;
  free_slots_.push_back(gone->slot);
  table_.erase(gone);
  epochs_.retire(gone);
}

const Room* RoomTable::next(std::size_t& cursor) const {
  while (cursor < list_.size()) {
    if (const Room* const room = list_[cursor++]) return room;
  }
  return nullptr;
}

}  // namespace imcd::imc
