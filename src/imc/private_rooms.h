// PrivateRooms: who is a member of which private rooms, so that a list of one's own costs what it
// shows, however many others there are. A tree, as a hash table would stall when it grows: 64 bytes
// for each membership in a private room, none for public ones.
#pragma once

#include <cstdint>
#include <set>
#include <tuple>

#include "identity/identity.h"
#include "imc/room.h"

namespace imcd::imc {

class PrivateRooms {
 public:
  void add(const Identity& who, const Room& room) { entries_.insert({&who, room.serial, &room}); }
  void remove(const Identity& who, const Room& room) { entries_.erase({&who, room.serial, &room}); }

  // In the order in which the rooms were made.
  template <class Visit>
  void for_each_of(const Identity& who, Visit&& visit) const {
    for (auto at = entries_.lower_bound({&who, 0, nullptr});
         at != entries_.end() && at->who == &who; ++at) {
      visit(*at->room);
    }
  }

 private:
  struct Entry {
    const Identity* who = nullptr;
    std::uint64_t serial = 0;
    const Room* room = nullptr;
    friend bool operator<(const Entry& a, const Entry& b) {
      return std::tie(a.who, a.serial) < std::tie(b.who, b.serial);
    }
  };
  std::set<Entry> entries_;
};

}  // namespace imcd::imc
