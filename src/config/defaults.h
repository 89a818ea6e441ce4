// Defaults: the values of the option table's `fallback` column, with the directories filled in.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/environment.h"
#include "config/option.h"

namespace imcd::config {

// The values an option has when nobody gives it: one, or any number for a repeatable one. An error
// when a directory is asked for that the environment does not name.
Result<std::vector<std::string>> default_values(const Option& option,
                                                const Environment& environment);

}  // namespace imcd::config
