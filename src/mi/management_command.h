// ManagementCommand: a command of the management interface as one row, for all codecs: name,
// arguments, handler and a line of help. The handler checks what only it knows about its arguments
// and says how its facts are to be had.
#pragma once

#include <span>
#include <string_view>

#include "base/time.h"
#include "mi/findings.h"

namespace imcd::mi {

// The values stand in the order in which the row names the arguments, and none is missing.
struct Call {
  Control& control;
  std::span<const std::string_view> values;
  Instant now;
};

struct ManagementCommand {
  std::string_view name;
  // The names of its arguments, with blanks between them; all must be given. Three dots after the
  // last one: it may be given again.
  std::string_view arguments;
  Findings (*handler)(const Call&);
  std::string_view help;
};

}  // namespace imcd::mi
