// ConferenceSettings: what the operator decided about rooms and who may send to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"

namespace imcd::imc {

struct ConferenceSettings {
  unsigned hash_size = 4;  // Log2 of the room table's first size.
  char command_prefix = '#';
  bool create_on_join = true;
  bool check_on_create = false;
  bool owner_exit_destroys = true;
  std::uint32_t max_members = 100000;
  std::uint32_t max_rooms_per_user = 1000;
  bool anyone_creates_rooms = true;
  std::size_t max_rooms = limits::rooms_max;  // Smaller in tests.
  std::vector<std::string> domains;           // Aliases of the first one.
  std::uint32_t user_rate = 0;   // Messages a second that one user may send; 0: any number.
  std::uint32_t user_burst = 0;  // How many at once; 0: as user_rate.
  std::uint32_t room_rate = 0;   // Chat messages a second to one room; 0: any number.
  std::string extra_headers;     // Whole lines, each with its line end.
};

}  // namespace imcd::imc
