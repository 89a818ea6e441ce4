// The command table: every management command is one row, for all codecs. A new command is a row
// and a handler (mi/commands.h).
//
// The commands of the imc module have three spellings, one for each generation of clients:
// imc_list_rooms, imc:list_rooms and imc.list_rooms are the same row.
#pragma once

#include <span>
#include <string_view>

#include "mi/answer.h"
#include "mi/commands.h"
#include "mi/request.h"

namespace imcd::mi {

struct Command {
  std::string_view name;
  // The names of its arguments, with blanks between them; all must be given. Three dots after the
  // last one: it may be given again.
  std::string_view arguments;
  Answer (*handler)(const Call&);
  std::string_view help;
};

[[nodiscard]] std::span<const Command> command_table();

// Nothing when there is no such command.
[[nodiscard]] const Command* find_command(std::string_view name);

// Whether the word is the first part of names like imc:list_rooms, so that a codec which separates
// by colons can tell.
[[nodiscard]] bool is_namespace(std::string_view word);

// Runs the command that the request names. What is wrong with the request becomes the answer.
[[nodiscard]] Answer run_command(const Request& request, Control& control, Instant now);

}  // namespace imcd::mi
