// Chat commands: one line of a message, understood. The table of their names stands in
// imc/chat_command_table.h.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "imc/chat_command_table.h"
#include "imc/replies.h"

namespace imcd::imc {

enum class Role : std::uint8_t { member, admin, owner };

// Views into the command line.
struct ChatCommand {
  const ChatCommandRow* row = nullptr;  // Never null.
  std::string_view user;
  Role role = Role::member;
  std::string_view room;
  std::string_view topic;  // help COMMAND
  bool is_private = false;
};

struct ChatCommandError {
  Reply reply = reply::bad_command;
  std::string notice;  // A sentence for the user, without the leading `*** `.
};

// `line` is what follows the command's first character, up to CR or LF. Names in any case.
// `prefix` is that character, for the notices.
std::expected<ChatCommand, ChatCommandError> parse_chat_command(std::string_view line, char prefix);

}  // namespace imcd::imc
