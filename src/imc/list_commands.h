// Chat commands that show something and change nothing. What is longer than a notice comes in
// several.
#pragma once

namespace imcd::imc {

class CommandRun;

void list_members(CommandRun& run);
void list_rooms(CommandRun& run);
void show_help(CommandRun& run);

}  // namespace imcd::imc
