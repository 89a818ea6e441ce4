#include "imc/list_commands.h"

#include <fmt/format.h>
#include <vector>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/text.h"
#include "imc/command_run.h"
#include "imc/notice_lines.h"

namespace imcd::imc {
namespace {

std::string_view mark_of(const Member& member) {
  if (member.is(records::member_flag::owner)) return "*";
  return member.is(records::member_flag::admin) ? "~" : "";
}

}  // namespace

void list_members(CommandRun& run) {
  if (!run.require_member()) return;
  const Room& room = run.room();
  const bool sees_invited = run.self()->has_rank();
  NoticeLines lines(run, fmt::format("Members of {}: {}", room.address(), room.members.members()));
  std::size_t hidden = 0;
  room.members.for_each([&](const Member& member) {
    if (!member.is_member() && !sees_invited) return;
    if (lines.full()) {
      ++hidden;
      return;
    }
    std::string since;
    if (!member.is_member()) {
      const WallTime at = run.house().loader.invited_at(room, *member.who);
      since = fmt::format(" (invited {})", date_text(at));
    }
    lines.add(fmt::format("{}{}{}", mark_of(member), member.who->address(), since));
  });
  lines.end(hidden);
}

// Public rooms, and the sender's own private ones, for which half of the lines are kept where there
// are so many. Both have lists of their own, so that all other rooms cost nothing.
void list_rooms(CommandRun& run) {
  const House& house = run.house();
  std::size_t hidden = static_cast<std::size_t>(house.figures.rooms_public.value());
  std::vector<const Room*> own;
  house.changes.private_rooms().for_each_of(*run.sender(), [&](const Room& room) {
    if (own.size() < limits::list_lines_max / 2) {
      own.push_back(&room);
    } else {
      ++hidden;
    }
  });
  NoticeLines lines(run, "Rooms:");
  std::size_t cursor = 0;
  for (std::size_t left = limits::list_lines_max - own.size(); left > 0; --left) {
    const Room* const room = house.rooms().next_public(cursor);
    if (room == nullptr || lines.full()) break;
    --hidden;
    lines.add(fmt::format("{} {}", room->address(), room->members.members()));
  }
  for (const Room* const room : own) {
    if (lines.full()) {
      ++hidden;
      continue;
    }
    lines.add(fmt::format("{} {} (private)", room->address(), room->members.members()));
  }
  lines.end(hidden);
}

void show_help(CommandRun& run) {
  const char prefix = run.prefix();
  std::string_view topic = run.command().topic;
  if (topic.starts_with(prefix)) topic.remove_prefix(1);
  const ChatCommandRow* const wanted = topic.empty() ? nullptr : find_chat_command(topic);
  if (!topic.empty() && wanted == nullptr) {
    return run.refuse(reply::unknown_command,
                      fmt::format("There is no such command. Try {}help.", prefix));
  }
  NoticeLines lines(run, "Commands:");
  std::size_t hidden = 0;
  for (const ChatCommandRow& row : chat_command_rows()) {
    if (wanted != nullptr && wanted != &row) continue;
    if (lines.full()) {
      ++hidden;
      continue;
    }
    lines.add(fmt::format("{}{}{}{} - {}", prefix, row.name, row.usage.empty() ? "" : " ",
                          row.usage, row.help));
  }
  lines.end(hidden);
}

}  // namespace imcd::imc
