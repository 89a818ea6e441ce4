// Chat commands by which a user enters a room, or makes the one that is named.
#pragma once

namespace imcd::imc {

class CommandRun;

void create_room(CommandRun& run);
void join_room(CommandRun& run);
void accept_invitation(CommandRun& run);

}  // namespace imcd::imc
