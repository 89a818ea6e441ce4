#include "mi/commands.h"

#include <string>
#include <vector>

#include "mi/command_table.h"

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

// As the client lists them; what it asks for twice it gets twice.
Statistics choose(const Statistics& all, std::span<const std::string_view> wanted) {
  Statistics chosen;
  for (std::string_view one : wanted) {
    for (const Control::Statistic& statistic : all) {
      if (is_asked_for(statistic.name, one)) chosen.push_back(statistic);
    }
  }
  return chosen;
}

}  // namespace

Answer list_rooms(const Call&) {
  return {{}, [cursor = std::size_t{0}](Control& control, const TakeFact& take) mutable {
            return control.walk_rooms(cursor, [&take](const Control::Room& room) {
              return take(RoomFact{room.uri, room.members, room.owner});
            });
          }};
}

Answer list_members(const Call& call) {
  const std::optional<Control::Room> found = call.control.find_room(call.values[0]);
  if (!found) return {{404, "no such room"}, nullptr};
  return {
      {},
      [uri = std::string(found->uri), serial = found->serial, count = found->members,
       headed = false, cursor = std::size_t{0}](Control& control, const TakeFact& take) mutable {
        if (!headed) {
          headed = true;
          if (!take(MembersFact{uri, count})) return false;
        }
        return control.walk_members(uri, serial, cursor, [&take](const Control::Member& member) {
          return take(MemberFact{member.uri, member.invited_at});
        });
      }};
}

Answer create_room(const Call& call) {
  const std::string_view visibility = call.values[2];
  if (visibility != "public" && visibility != "private") {
    return {{400, "expected public or private"}, nullptr};
  }
  return {call.control.create_room(call.values[0], call.values[1], visibility == "private"),
          nullptr};
}

Answer get_statistics(const Call& call) {
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

Answer uptime(const Call& call) {
  const Instant started = call.control.started();
  const TimesFact times{call.now.wall, started.wall, call.now.mono - started.mono};
  return {{}, [times](Control&, const TakeFact& take) {
            take(times);
            return true;
          }};
}

Answer version(const Call&) {
  return {{}, [](Control& control, const TakeFact& take) {
            take(VersionFact{control.version()});
            return true;
          }};
}

// The table is short, so it is given in one piece.
Answer which(const Call&) {
  return {{}, [](Control&, const TakeFact& take) {
            for (const Command& command : command_table()) take(CommandFact{command.name});
            return true;
          }};
}

}  // namespace imcd::mi
