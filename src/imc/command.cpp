#include "imc/command.h"

#include <array>
#include <fmt/format.h>
#include <optional>

#include "base/text.h"

namespace imcd::imc {
namespace {

// A peer's word in a notice is cut after so many bytes.
constexpr std::size_t quoted_word_bytes_max = 40;
// The command's name and its arguments; one more word is an error already.
constexpr std::size_t words_max = 4;

constexpr std::array rows = {
    CommandRow{CommandKind::create, "create", false, true, true, false, "[ROOM] [private]",
               "makes a room that you own, or joins a public one of that name"},
    CommandRow{CommandKind::join, "join", false, true, false, false, "[ROOM]",
               "enters a room; a private one needs an invitation"},
    CommandRow{CommandKind::invite, "invite", true, true, false, false, "USER [ROOM]",
               "invites somebody (owner and admins)"},
    CommandRow{CommandKind::accept, "accept", false, true, false, false, "[ROOM]",
               "accepts an invitation"},
    CommandRow{CommandKind::deny, "deny", false, true, false, false, "[ROOM]",
               "declines an invitation"},
    CommandRow{CommandKind::remove, "remove", true, true, false, false, "USER [ROOM]",
               "puts somebody out of the room (owner and admins)"},
    CommandRow{CommandKind::exit, "exit", false, true, false, false, "[ROOM]", "leaves the room"},
    CommandRow{CommandKind::destroy, "destroy", false, true, false, false, "[ROOM]",
               "ends the room for everybody (owner)"},
    CommandRow{CommandKind::list, "list", false, true, false, false, "[ROOM]",
               "shows the members; * is the owner, ~ an admin"},
    CommandRow{CommandKind::help, "help", false, false, false, true, "[COMMAND]",
               "shows the commands"},
};

struct Words {
  std::array<std::string_view, words_max> words;
  std::size_t count = 0;  // May be above words_max: the rest was not kept.
};

Words split(std::string_view line) {
  Words result;
  while (!(line = trim(line)).empty()) {
    std::size_t end = 0;
    while (end < line.size() && !is_blank(line[end])) ++end;
    if (result.count < words_max) result.words[result.count] = line.substr(0, end);
    ++result.count;
    line.remove_prefix(end);
  }
  return result;
}

const CommandRow* find_row(std::string_view name) {
  for (const CommandRow& row : rows) {
    if (equal_ignoring_case(row.name, name)) return &row;
  }
  return nullptr;
}

// Cut at a code point's border: UTF-8 continuation bytes are 10xxxxxx.
std::string_view shorten(std::string_view word) {
  if (word.size() <= quoted_word_bytes_max) return word;
  std::size_t end = quoted_word_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xc0U) == 0x80U) --end;
  return word.substr(0, end);
}

std::unexpected<CommandError> usage_error(const CommandRow& row, char prefix,
                                          std::string_view what) {
  return std::unexpected(
      CommandError{tm::Reason::bad_command,
                   fmt::format("{} Usage: {}{} {}", what, prefix, row.name, row.usage)});
}

}  // namespace

std::span<const CommandRow> command_rows() { return rows; }

std::expected<Command, CommandError> parse_command(std::string_view line, char prefix) {
  const Words words = split(line);
  if (words.count == 0) {
    return std::unexpected(CommandError{tm::Reason::unknown_command,
                                        fmt::format("A command is missing. Try {}help.", prefix)});
  }
  const CommandRow* const row = find_row(words.words[0]);
  if (row == nullptr) {
    return std::unexpected(CommandError{tm::Reason::unknown_command,
                                        fmt::format("Unknown command \"{}{}\". Try {}help.", prefix,
                                                    shorten(words.words[0]), prefix)});
  }
  Command command;
  command.kind = row->kind;
  std::size_t next = 1;
  const auto take = [&]() -> std::optional<std::string_view> {
    if (next >= words.count || next >= words_max) return std::nullopt;
    return words.words[next++];
  };
  if (row->needs_user) {
    const auto user = take();
    if (!user) return usage_error(*row, prefix, "The user is missing.");
    command.user = *user;
  }
  if (row->takes_command) {
    if (const auto topic = take()) command.topic = *topic;
  }
  if (row->takes_room) {
    if (const auto room = take()) command.room = *room;
  }
  if (row->takes_private) {
    // `#create private` makes the addressed room a private one, not a room of that name.
    const bool only_private = next == words.count && equal_ignoring_case(command.room, "private");
    if (only_private) {
      command.room = {};
      command.is_private = true;
    } else if (const auto word = take()) {
      if (!equal_ignoring_case(*word, "private")) {
        return usage_error(*row, prefix, fmt::format("\"{}\" is not known here.", shorten(*word)));
      }
      command.is_private = true;
    }
  }
  if (next < words.count) return usage_error(*row, prefix, "There are too many words.");
  return command;
}

}  // namespace imcd::imc
