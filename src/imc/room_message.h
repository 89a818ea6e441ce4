// RoomMessage: one MESSAGE as the conference sees it; and its Reading: what it asks for, and of
// whom, found once and handed to whatever is done with it. Views are borrowed for the call.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "identity/identity.h"
#include "imc/chat_command.h"
#include "parser/message.h"
#include "parser/uri.h"

namespace imcd::imc {

struct RoomMessage {
  const parser::MessageView& view;
  const parser::Uri& room;    // The addressed URI, with a user part.
  const parser::Uri& sender;  // Of the sender's identity, with a user part.
  bool anonymous = false;     // RFC 3323: the sender asks not to be named.
  std::string_view call_id;
  std::uint32_t max_forwards = 0;          // As received, at most what we send.
  std::optional<std::uint32_t> expires_s;  // RFC 3428 5: after that it is not delivered.
};

struct Reading {
  IdentityRef sender;
  // Nothing: chat. An error: a command that nobody understands.
  std::optional<std::expected<ChatCommand, ChatCommandError>> command;
  bool is_loop = false;  // A room sent it.

  // Whether it may change rooms: the caller asks the journal first.
  [[nodiscard]] bool is_room_change() const {
    return command && *command && (*command)->row->changes_rooms;
  }
};

}  // namespace imcd::imc
