#include "imc/command.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

#include "base/text.h"
#include "parser/utf8.h"

namespace imcd::imc {
namespace {

// A peer's word in a notice is cut after so many bytes.
constexpr std::size_t quoted_word_bytes_max = 40;
// The command's name and its arguments; one more word is an error already.
constexpr std::size_t words_max = 5;

constexpr Arguments nothing{};
constexpr Arguments room{.room = true};
constexpr Arguments user_room{.user = true, .room = true};

constexpr std::array rows = {
    CommandRow{CommandKind::create,
               "create",
               "",
               {.room = true, .is_private = true},
               "[ROOM] [private]",
               "makes a room that you own, or joins a public one"},
    CommandRow{CommandKind::join, "join", "", room, "[ROOM]",
               "enters a room; a private one needs an invitation"},
    CommandRow{CommandKind::invite, "invite", "", user_room, "USER [ROOM]",
               "invites somebody (owner, admins)"},
    CommandRow{CommandKind::accept, "accept", "", room, "[ROOM]", "accepts an invitation"},
    CommandRow{CommandKind::deny, "deny", "reject", room, "[ROOM]", "declines an invitation"},
    CommandRow{CommandKind::add, "add", "", user_room, "USER [ROOM]",
               "makes somebody a member (owner, admins)"},
    CommandRow{CommandKind::remove, "remove", "kick", user_room, "USER [ROOM]",
               "puts somebody out (owner, admins)"},
    CommandRow{CommandKind::modify,
               "modify",
               "",
               {.user = true, .role = true, .room = true},
               "USER admin|member|owner [ROOM]",
               "changes a role (owner)"},
    CommandRow{CommandKind::exit, "exit", "leave", room, "[ROOM]", "leaves the room"},
    CommandRow{CommandKind::destroy, "destroy", "", room, "[ROOM]",
               "ends the room for everybody (owner)"},
    CommandRow{CommandKind::list, "list", "members", room, "[ROOM]",
               "shows the members; * is the owner, ~ an admin"},
    CommandRow{CommandKind::rooms, "rooms", "", nothing, "", "shows the rooms that you may see"},
    CommandRow{CommandKind::help, "help", "", {.command = true}, "[COMMAND]", "shows the commands"},
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
    if (equal_ignoring_case(row.name, name) || equal_ignoring_case(row.alias, name)) return &row;
  }
  return nullptr;
}

std::optional<Role> find_role(std::string_view name) {
  if (equal_ignoring_case(name, "member")) return Role::member;
  if (equal_ignoring_case(name, "admin")) return Role::admin;
  if (equal_ignoring_case(name, "owner")) return Role::owner;
  return std::nullopt;
}

// A peer's word as a notice may show it: cut between code points, with a question mark for each
// control character and each byte that is no UTF-8.
std::string shown(std::string_view word) {
  std::string out;
  while (!word.empty()) {
    const std::size_t length = parser::code_point_bytes(word);
    if (out.size() + std::max<std::size_t>(length, 1) > quoted_word_bytes_max) break;
    const auto byte = static_cast<unsigned char>(word.front());
    if (length == 0 || byte < 0x20 || byte == 0x7f) {
      out += '?';
    } else {
      out += word.substr(0, length);
    }
    word.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::unexpected<CommandError> usage_error(const CommandRow& row, char prefix,
                                          std::string_view what) {
  return std::unexpected(
      CommandError{reply::bad_command, fmt::format("{} Usage: {}{}{}{}", what, prefix, row.name,
                                                   row.usage.empty() ? "" : " ", row.usage)});
}

}  // namespace

std::span<const CommandRow> command_rows() { return rows; }

std::expected<Command, CommandError> parse_command(std::string_view line, char prefix) {
  const Words words = split(line);
  if (words.count == 0) {
    return std::unexpected(CommandError{reply::unknown_command,
                                        fmt::format("A command is missing. Try {}help.", prefix)});
  }
  const CommandRow* const row = find_row(words.words[0]);
  if (row == nullptr) {
    return std::unexpected(
        CommandError{reply::unknown_command, fmt::format("Unknown command \"{}{}\". Try {}help.",
                                                         prefix, shown(words.words[0]), prefix)});
  }
  Command command;
  command.kind = row->kind;
  std::size_t next = 1;
  const auto take = [&]() -> std::optional<std::string_view> {
    if (next >= words.count || next >= words_max) return std::nullopt;
    return words.words[next++];
  };
  if (row->arguments.user) {
    const auto user = take();
    if (!user) return usage_error(*row, prefix, "The user is missing.");
    command.user = *user;
  }
  if (row->arguments.role) {
    const auto word = take();
    const auto role = word ? find_role(*word) : std::nullopt;
    if (!role) return usage_error(*row, prefix, "The role is missing or unknown.");
    command.role = *role;
  }
  if (row->arguments.command) command.topic = take().value_or(std::string_view{});
  if (row->arguments.room) command.room = take().value_or(std::string_view{});
  if (row->arguments.is_private) {
    // `#create private` makes the addressed room a private one, not a room of that name.
    const bool only_private = next == words.count && equal_ignoring_case(command.room, "private");
    if (only_private) {
      command.room = {};
      command.is_private = true;
    } else if (const auto word = take()) {
      if (!equal_ignoring_case(*word, "private")) {
        return usage_error(*row, prefix, fmt::format("\"{}\" is not known here.", shown(*word)));
      }
      command.is_private = true;
    }
  }
  if (next < words.count) return usage_error(*row, prefix, "There are too many words.");
  return command;
}

}  // namespace imcd::imc
