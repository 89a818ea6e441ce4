#include "imc/list_commands.h"

#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/text.h"
#include "imc/command_run.h"

namespace imcd::imc {
namespace {

// A list in as many notices as it takes, at most limits::list_lines_max lines, and no more notices
// than may still wait for the sender. A notice holds so much text beside its headers and first
// line; more goes into another one.
class Lines {
 public:
  explicit Lines(CommandRun& run, std::string first_line)
      : run_(run), text_(std::move(first_line)) {}

  // Then there is place left for the last line only.
  [[nodiscard]] bool full() const {
    const bool is_last = notices_ + 1 >= run_.notice_places();
    return count_ >= limits::list_lines_max ||
           (is_last && text_.size() + line_bytes_max > text_bytes_max);
  }
  void add(std::string_view line) {
    if (text_.size() + line.size() + 2 > text_bytes_max) flush("(more)");
    text_ += "\r\n";
    text_ += line;
    ++count_;
  }
  void end(std::size_t hidden) {
    if (hidden > 0) add(fmt::format("and {} more", hidden));
    flush({});
  }

 private:
  static constexpr std::size_t text_bytes_max = limits::notice_body_bytes_max - 4;
  // Two of the longest, which have a name, a mark and a date; the last one says how many more.
  static constexpr std::size_t line_bytes_max =
      limits::user_bytes_max + limits::domain_bytes_max + 100;

  void flush(std::string_view next_first_line) {
    ++notices_;
    run_.tell_sender(std::exchange(text_, std::string(next_first_line)));
  }

  CommandRun& run_;
  std::string text_;
  std::size_t count_ = 0;
  std::uint32_t notices_ = 0;
};

std::string_view mark_of(const Member& member) {
  if (member.is(records::member_flag::owner)) return "*";
  return member.is(records::member_flag::admin) ? "~" : "";
}

}  // namespace

void list_members(CommandRun& run) {
  if (!run.require_member()) return;
  const Room& room = run.room();
  const bool sees_invited = run.self()->has_rank();
  Lines lines(run, fmt::format("Members of {}: {}", room.address(), room.members.members()));
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
  Lines lines(run, "Rooms:");
  std::size_t cursor = 0;
  for (std::size_t left = limits::list_lines_max - own.size(); left > 0; --left) {
    const Room* const room = house.rooms().next_public(cursor);
    if (room == nullptr) break;
    --hidden;
    lines.add(fmt::format("{} {}", room->address(), room->members.members()));
  }
  for (const Room* const room : own) {
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
  Lines lines(run, "Commands:");
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
