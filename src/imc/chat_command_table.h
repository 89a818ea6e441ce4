// The table of chat commands: a row each, with what may follow the name and what carries it out.
#pragma once

#include <span>
#include <string_view>

namespace imcd::imc {

class CommandRun;

// What may follow a command's name, in this order.
struct ChatCommandArguments {
  bool user = false;  // A USER.
  bool may_lack_user = false;
  bool role = false;        // A ROLE, required.
  bool room = false;        // A ROOM; default: the addressed room. The command is about it.
  bool is_private = false;  // The word `private`.
  bool command = false;     // A command's name (help).
};

struct ChatCommandRow {
  std::string_view name;
  std::string_view alias;  // Another name; empty: none.
  ChatCommandArguments arguments;
  bool changes_rooms = true;
  bool enters = false;     // Not for anonymous users: a room shows who is in it.
  std::string_view usage;  // Arguments as #help shows them.
  std::string_view help;
  void (*carry_out)(CommandRun& run);
};

// In the order in which #help shows them.
std::span<const ChatCommandRow> chat_command_rows();

// By name or alias, in any case; null: there is none.
const ChatCommandRow* find_chat_command(std::string_view name);

}  // namespace imcd::imc
