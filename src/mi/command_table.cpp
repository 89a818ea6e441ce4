#include "mi/command_table.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace imcd::mi {
namespace {

using Statistics = std::vector<Control::Statistic>;

// "imc:" asks for a group, "imc:active_rooms" or "active_rooms" for one.
bool is_asked_for(std::string_view name, std::string_view wanted) {
  if (wanted == "all" || name == wanted) return true;
  const std::size_t group_bytes = name.find(':') + 1;
  return wanted.ends_with(':') ? name.substr(0, group_bytes) == wanted
                               : name.substr(group_bytes) == wanted;
}

// As the client lists them; what it asks for twice it gets twice. A name without a group is the
// first one of that name.
Statistics choose(const Statistics& all, std::span<const std::string_view> wanted) {
  Statistics chosen;
  for (std::string_view one : wanted) {
    const bool is_bare = one != "all" && !one.contains(':');
    for (const Control::Statistic& statistic : all) {
      if (!is_asked_for(statistic.name, one)) continue;
      chosen.push_back(statistic);
      if (is_bare) break;
    }
  }
  return chosen;
}

Findings list_rooms(const Call&) {
  return {{}, [cursor = std::size_t{0}](Control& control, const TakeFact& take) mutable {
            return control.walk_rooms(cursor, [&take](const Control::RoomInfo& room) {
              return take(RoomFact{room.uri, room.members, room.owner});
            });
          }};
}

Findings list_members(const Call& call) {
  const auto found = call.control.find_room(call.values[0]);
  if (!found) return {found.error(), nullptr};
  return {
      {},
      [uri = std::string(found->uri), serial = found->serial, count = found->members,
       headed = false, cursor = std::size_t{0}](Control& control, const TakeFact& take) mutable {
        if (!headed) {
          headed = true;
          if (!take(MembersFact{uri, count})) return false;
        }
        return control.walk_members(uri, serial, cursor,
                                    [&take](const Control::MemberInfo& member) {
                                      return take(MemberFact{member.uri, member.invited_at});
                                    });
      }};
}

Findings create_room(const Call& call) {
  const std::string_view visibility = call.values[2];
  if (visibility != "public" && visibility != "private") {
    return {{400, "expected public or private"}, nullptr};
  }
  return {call.control.create_room(call.values[0], call.values[1], visibility == "private"),
          nullptr};
}

Findings get_statistics(const Call& call) {
  Statistics chosen = choose(call.control.statistics(), call.values);
  if (chosen.empty()) return {{404, "Statistics Not Found"}, nullptr};
  return {
      {},
      [chosen = std::move(chosen), at = std::size_t{0}](Control&, const TakeFact& take) mutable {
        while (at < chosen.size()) {
          const Control::Statistic& statistic = chosen[at++];
          if (!take(StatisticFact{statistic.name, statistic.value})) break;
        }
        return at == chosen.size();
      }};
}

Findings uptime(const Call& call) {
  const Instant started = call.control.started();
  const TimesFact times{call.now.wall, started.wall, call.now.mono - started.mono};
  return {{}, [times](Control&, const TakeFact& take) {
            take(times);
            return true;
          }};
}

Findings version(const Call&) {
  return {{}, [](Control& control, const TakeFact& take) {
            take(VersionFact{control.version()});
            return true;
          }};
}

// The table is short, so it is given in one piece.
Findings which(const Call&) {
  return {{}, [](Control&, const TakeFact& take) {
            for (const ManagementCommand& row : command_table()) take(CommandFact{row.name});
            return true;
          }};
}

constexpr ManagementCommand table[] = {
    {"imc_list_rooms", "", list_rooms, "all rooms with their member counts and owners"},
    {"imc_list_members", "room", list_members, "the members of one room"},
    {"imc_create_room", "room owner visibility", create_room,
     "makes a room, public or private, for its owner"},
    {"get_statistics", "name...", get_statistics,
     "statistics by name, by group (imc:) or all of them (all)"},
    {"uptime", "", uptime, "since when imcd runs, and for how long"},
    {"version", "", version, "the version of imcd"},
    {"which", "", which, "the names of all commands"},
};

constexpr std::string_view room_namespace = "imc";

// Whether `given` is `name` with a colon or a dot after the namespace.
bool is_other_spelling(std::string_view name, std::string_view given) {
  constexpr std::size_t at = room_namespace.size();
  return given.size() > at && (given[at] == ':' || given[at] == '.') && name.size() > at &&
         name[at] == '_' && name.starts_with(room_namespace) && given.starts_with(room_namespace) &&
         name.substr(at + 1) == given.substr(at + 1);
}

}  // namespace

std::span<const ManagementCommand> command_table() { return table; }

const ManagementCommand* find_command(std::string_view name) {
  const auto found = std::ranges::find_if(table, [name](const ManagementCommand& command) {
    return command.name == name || is_other_spelling(command.name, name);
  });
  return found == std::end(table) ? nullptr : &*found;
}

bool is_namespace(std::string_view word) { return word == room_namespace; }

}  // namespace imcd::mi
