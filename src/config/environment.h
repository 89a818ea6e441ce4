// Environment: the process's variables, as a function so that tests have their own.
#pragma once

#include <functional>

namespace imcd::config {

// The value of a variable, or nullptr: std::getenv in imcd.
using Environment = std::function<const char*(const char* name)>;

}  // namespace imcd::config
