// FileReader: how the file of options and that of the password are read.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace imcd::config {

// The bytes of a file, or why there are none: read_file in imcd.
using FileReader = std::function<Result<std::string>(const std::string& path)>;
Result<std::string> read_file(const std::string& path);

}  // namespace imcd::config
