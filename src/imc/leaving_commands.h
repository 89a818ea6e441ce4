// Chat commands by which a user leaves a room, or ends it for everybody.
#pragma once

namespace imcd::imc {

class CommandRun;

void exit_room(CommandRun& run);
void destroy_room(CommandRun& run);

}  // namespace imcd::imc
