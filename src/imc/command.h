// Chat commands: the table of names and arguments, and the parser of one command line. What a
// command does stands in imc/room_commands.cpp.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "imc/replies.h"

namespace imcd::imc {

enum class CommandKind : std::uint8_t {
  create,
  join,
  invite,
  accept,
  deny,
  add,
  remove,
  modify,
  exit,
  destroy,
  list,
  rooms,
  help,
};

enum class Role : std::uint8_t { member, admin, owner };

// What may follow a command's name, in this order.
struct Arguments {
  bool user = false;        // A USER, required.
  bool role = false;        // A ROLE, required.
  bool room = false;        // A ROOM; default: the addressed room.
  bool is_private = false;  // The word `private`.
  bool command = false;     // A command's name (help).
};

struct CommandRow {
  CommandKind kind;
  std::string_view name;
  std::string_view alias;  // Another name; empty: none.
  Arguments arguments;
  std::string_view usage;  // Arguments as #help shows them.
  std::string_view help;
};
std::span<const CommandRow> command_rows();

// Views into the command line.
struct Command {
  CommandKind kind = CommandKind::help;
  std::string_view user;
  Role role = Role::member;
  std::string_view room;
  std::string_view topic;  // help COMMAND
  bool is_private = false;
};

struct CommandError {
  Reply reply = reply::bad_command;
  std::string notice;  // A sentence for the user, without the leading `*** `.
};

// `line` is what follows the command's first character, up to CR or LF. Names in any case.
// `prefix` is that character, for the notices.
std::expected<Command, CommandError> parse_command(std::string_view line, char prefix);

}  // namespace imcd::imc
