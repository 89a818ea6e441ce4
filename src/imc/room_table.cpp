#include "imc/room_table.h"

#include "base/text.h"

namespace imcd::imc {

RoomTable::~RoomTable() {
  // Rooms that still wait for their epoch let go of identities, which live no longer than this.
  epochs_.free_all();
  for (Room* const room : list_) delete room;
}

parser::Uri RoomTable::canonical(const parser::Uri& uri) const {
  parser::Uri home = uri;
  for (const std::string& domain : domains_) {
    if (equal_ignoring_case(domain, uri.host)) home.host = domains_.front();
  }
  return home;
}

void RoomTable::write_key(RoomKey& key, const parser::Uri& uri) const {
  key.text.clear();
  CHECK(parser::write_address_of_record_key(key.text, canonical(uri)));
  key.hash = siphash(hash_key_, key.text);
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

void RoomTable::destroy(Room& room) {
  list_[room.slot] = nullptr;
  free_slots_.push_back(room.slot);
  table_.erase(&room);
  epochs_.retire(&room);
}

Room* RoomTable::next(std::size_t& cursor) const {
  while (cursor < list_.size()) {
    if (Room* const room = list_[cursor++]) return room;
  }
  return nullptr;
}

}  // namespace imcd::imc
