// What the tests of src/config share: loading from texts instead of from the machine.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace imcd::config {

using Variables = std::map<std::string, std::string>;

inline const Variables home = {{"HOME", "/home/op"}};

inline Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found != variables.end() ? found->second.c_str() : nullptr;
  };
}

// Loads with a file `imcd.conf` that holds `file`; any other file is missing.
inline Result<CommandLine> load(const std::vector<std::string_view>& arguments,
                                std::string_view file = {}, const Variables& variables = home) {
  const auto read = [&](const std::string& path) -> Result<std::string> {
    if (path == "imcd.conf") return std::string(file);
    return fail("cannot read " + path);
  };
  return load_config(arguments, "1.2.3", environment_of(variables), read);
}

inline Result<CommandLine> load_file(std::string_view file) {
  return load({"-c", "imcd.conf"}, file);
}

// The text of an error, or nothing where there is none.
inline std::string error_of(const Result<CommandLine>& loaded) {
  return loaded ? std::string() : loaded.error().text;
}

}  // namespace imcd::config
