// Directories: where imcd keeps what must last (the database) and what need not (the FIFO) when the
// operator names no place. systemd's variables come first, then those of the XDG Base Directory
// Specification, then what a plain login has.
#pragma once

#include <optional>
#include <string>

#include "config/environment.h"

namespace imcd::config {

// $STATE_DIRECTORY, else $XDG_STATE_HOME/imcd, else $HOME/.local/state/imcd; nothing without all.
std::optional<std::string> state_directory(const Environment& environment);

// $RUNTIME_DIRECTORY, else $XDG_RUNTIME_DIR, else /tmp.
std::string runtime_directory(const Environment& environment);

}  // namespace imcd::config
