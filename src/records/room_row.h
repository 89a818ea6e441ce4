// RoomRow: a room's own row, in the table `imc_rooms` of the older modules.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/sip_uri.h"

namespace imcd::records {

// Bits of imc_rooms.flag, as the older modules write them.
namespace room_flag {
constexpr std::uint32_t is_private = 1;
constexpr std::uint32_t deleted = 2;
}  // namespace room_flag

struct RoomRow {
  struct Key {
    std::string name;
    std::string domain;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  Key key;
  std::uint32_t flags = 0;  // room_flag.
  friend bool operator==(const RoomRow&, const RoomRow&) = default;
};

// `sip:name@domain`: what the column `room` of other tables' rows says.
inline std::string uri_of(const RoomRow::Key& room) { return sip_uri(room.name, room.domain); }
// The other way: of a URI in that form.
inline RoomRow::Key room_key(std::string_view uri) {
  uri.remove_prefix(std::string_view("sip:").size());
  const std::size_t at = uri.find('@');
  return {std::string(uri.substr(0, at)), std::string(uri.substr(at + 1))};
}

}  // namespace imcd::records
