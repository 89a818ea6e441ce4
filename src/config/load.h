// Loading: from the option table's defaults, the file named by `-c` and the command line to
// Settings. The later one wins; a repeatable option given in one place replaces what came before
// it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/settings.h"
#include "config/environment.h"
#include "config/read_file.h"

namespace imcd::config {

enum class Action : std::uint8_t {
  serve,
  check,     // --check: the configuration is good; say so and exit with 0.
  db_check,  // --db_check: read the database and say what is wrong in it.
  print,     // --help, --version, --sample_config: write `page` to standard output, exit with 0.
};

struct CommandLine {
  Action action{};
  Settings settings;  // serve and check.
  std::string page;   // print.
};

// `arguments` are argv without the program's name. The error has one line for each thing that is
// wrong, with file, line, key, value and what was expected, and never shows a password.
Result<CommandLine> load_config(std::span<const std::string_view> arguments,
                                std::string_view version, const Environment& environment,
                                const FileReader& read = read_file);

// What the table's defaults say where no directory is known: for tests and benchmarks.
Settings default_settings();

}  // namespace imcd::config
