// RoomTable: all rooms, found by their address. The loop is its only writer; a reader on another
// thread finds rooms and walks their members without locks or waiting (identity/key_table.h).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/siphash.h"
#include "identity/epoch.h"
#include "identity/identity.h"
#include "identity/key_table.h"
#include "imc/home_domains.h"
#include "imc/room.h"
#include "parser/uri.h"

namespace imcd::imc {

// The key under which a room of this address is found, and its hash.
struct RoomKey {
  std::string text;
  std::uint64_t hash = 0;
};

class RoomTable {
 public:
  // `domains`: the first is the home of rooms addressed at any of them (option domain).
  RoomTable(HashKey key, unsigned first_size_log2, IdentityTable& identities, Epochs& epochs,
            std::vector<std::string> domains = {})
      : hash_key_(key),
        identities_(identities),
        epochs_(epochs),
        domains_(std::move(domains)),
        table_(epochs, first_size_log2) {}
  ~RoomTable();

  // --- Any thread, inside an EpochGuard unless it is the writer ---------------------------------

  // The URI with its host replaced by the home domain where it is one of its aliases. The result
  // points into `uri`'s text and into this table.
  [[nodiscard]] parser::Uri canonical(const parser::Uri& uri) const {
    return domains_.canonical(uri);
  }
  // Whether the predicate holds for the canonical URI under one of its domain's names.
  template <class Is>
  [[nodiscard]] bool any_spelling(const parser::Uri& uri, Is&& is) const {
    return domains_.any_spelling(uri, is);
  }
  // The key of name and canonical host; the URI must have both.
  [[nodiscard]] RoomKey key(const parser::Uri& uri) const {
    RoomKey key;
    write_key(key, uri);
    return key;
  }
  // The same into a key that is used again.
  void write_key(RoomKey& key, const parser::Uri& uri) const;
  [[nodiscard]] const Room* find(const RoomKey& key) const {
    return table_.find(key.hash, key.text);
  }
  [[nodiscard]] const Room* find(std::string_view folded_key) const {
    return table_.find(siphash(hash_key_, folded_key), folded_key);
  }
  // One that must be there.
  [[nodiscard]] const Room& get(const RoomKey& key) const;
  // Only if it is that one, and not a later room of the same name.
  [[nodiscard]] const Room* find(std::string_view folded_key, std::uint64_t serial) const {
    const Room* const room = find(folded_key);
    return room != nullptr && room->serial == serial ? room : nullptr;
  }
  [[nodiscard]] std::size_t size() const { return table_.size(); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    table_.for_each([&visit](const Room& room) { visit(room); });
  }

  // --- Writer only ------------------------------------------------------------------------------

  // The room must not exist. Name and domain as they are to be stored. `serial`: of a room that is
  // made again as the same one; 0: a new one.
  Room& create(const RoomKey& key, std::string_view name, std::string_view domain, bool is_private,
               std::uint64_t serial = 0);
  // A room that was found, for its changes.
  [[nodiscard]] Room& writable(const Room& room);
  // Unlinks the room; its memory goes when no reader can see it.
  void destroy(const Room& room);

  // Between the public and the private rooms.
  void set_private(Room& room, bool is_private);

  // Walks rooms in pieces over several turns, the public ones first: the first room at or after
  // `cursor`, which moves past it; nothing at the end. Rooms made meanwhile may be missed, none is
  // seen twice.
  [[nodiscard]] const Room* next(std::size_t& cursor) const;
  // The same of the public ones alone.
  [[nodiscard]] const Room* next_public(std::size_t& cursor) const;

  void grow_slice() { table_.grow_slice(); }
  [[nodiscard]] bool growing() const { return table_.growing(); }

 private:
  HashKey hash_key_;
  IdentityTable& identities_;
  Epochs& epochs_;
  HomeDomains domains_;
  KeyTable<Room> table_;
  // Deques, as a vector that grows would copy millions of entries in one turn.
  struct List {
    std::deque<Room*> rooms;  // By Room::slot; holes are null.
    std::deque<std::uint32_t> free_slots;
  };
  [[nodiscard]] List& list_of(bool is_private) { return lists_[is_private ? 1 : 0]; }
  void enlist(Room& room);
  void delist(Room& room);
  static const Room* next_of(const List& list, std::size_t& cursor);

  // Two, so that private rooms cost nothing where public ones are listed.
  std::array<List, 2> lists_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace imcd::imc
