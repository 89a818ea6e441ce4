// The command table: every management command is one row, beside its handler. A new command is a
// row and a handler, both in command_table.cpp.
//
// The commands of the imc module have three spellings, one for each generation of clients:
// imc_list_rooms, imc:list_rooms and imc.list_rooms are the same row.
#pragma once

#include <span>
#include <string_view>

#include "mi/management_command.h"

namespace imcd::mi {

[[nodiscard]] std::span<const ManagementCommand> command_table();

// Nothing when there is no such command.
[[nodiscard]] const ManagementCommand* find_command(std::string_view name);

// Whether the word is the first part of names like imc:list_rooms, so that a codec which separates
// by colons can tell.
[[nodiscard]] bool is_namespace(std::string_view word);

}  // namespace imcd::mi
