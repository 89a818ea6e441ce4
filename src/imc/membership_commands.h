// Chat commands about who else is in a room or invited to it.
#pragma once

namespace imcd::imc {

class CommandRun;

void invite_user(CommandRun& run);
void deny_invitation(CommandRun& run);
void add_member(CommandRun& run);
void remove_member(CommandRun& run);

}  // namespace imcd::imc
