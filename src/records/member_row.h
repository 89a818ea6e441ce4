// MemberRow: who is in a room, or invited to it, in the table `imc_members` of the older modules.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace imcd::records {

// Bits of imc_members.flag, as the older modules write them.
namespace member_flag {
constexpr std::uint32_t owner = 1;
constexpr std::uint32_t admin = 2;
constexpr std::uint32_t invited = 4;
constexpr std::uint32_t deleted = 8;
constexpr std::uint32_t skip = 16;
}  // namespace member_flag

struct MemberRow {
  struct Key {
    std::string room;  // Its URI. First, so that the members of a room stand side by side.
    std::string user;
    std::string domain;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  Key key;
  std::uint32_t flags = 0;  // member_flag.
  friend bool operator==(const MemberRow&, const MemberRow&) = default;
};

}  // namespace imcd::records
