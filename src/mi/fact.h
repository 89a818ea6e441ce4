// Fact: one piece of what a command found, by its meaning. Commands give facts; a codec turns them
// into its own layout, so that a command is written once for all codecs. Text in a fact is only
// lent, for the call that hands it over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/time.h"

namespace imcd::mi {

struct RoomFact {
  std::string_view uri;
  std::size_t members = 0;
  std::string_view owner;  // Empty: none.
};

// Stands before the members of a room.
struct MembersFact {
  std::string_view room;
  std::size_t count = 0;
};

struct MemberFact {
  std::string_view uri;
  std::optional<WallTime> invited_at;  // Of who is invited, and no member yet.
};

struct StatisticFact {
  std::string_view name;  // With its group: "imc:active_rooms".
  std::uint64_t value = 0;
};

struct CommandFact {
  std::string_view name;
};

struct TimesFact {
  WallTime now{};
  WallTime since{};
  Duration up{};  // By the monotonic clock: `now - since` is wrong once the wall clock has jumped.
};

struct VersionFact {
  std::string_view text;
};

using Fact = std::variant<RoomFact, MembersFact, MemberFact, StatisticFact, CommandFact, TimesFact,
                          VersionFact>;

}  // namespace imcd::mi
