// What a user does not want from others.
#pragma once

namespace imcd::imc {

class CommandRun;

void block_user(CommandRun& run);  // Or shows whom the sender has blocked.
void unblock_user(CommandRun& run);

}  // namespace imcd::imc
