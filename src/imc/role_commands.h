// Chat commands about who is what in a room.
#pragma once

namespace imcd::imc {

class CommandRun;

void modify_role(CommandRun& run);

}  // namespace imcd::imc
