// Assignment: one `key = value` as it was given, and where. The file and the command line both come
// down to lists of assignments; what a key means is not known here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace imcd::config {

struct Assignment {
  std::string place;  // `imcd.conf:12`, or `command line`.
  std::string key;
  std::string value;
};

// What a source gave, and a line for each thing in it that could not be read.
struct Assignments {
  std::vector<Assignment> list;
  std::vector<std::string> complaints;
};

// Lines of `key = value`. A line that is empty or starts with # is skipped; blanks around key and
// value do not count. A # elsewhere belongs to the value (`imc_cmd_start_char = #`), but after a
// blank it looks like a comment that went astray, and is refused rather than taken as a part.
Assignments parse_file(std::string_view text, std::string_view path);

struct Arguments {
  Assignments assignments;
  std::optional<std::string> file;  // -c
  bool help = false;
  bool version = false;
  bool check = false;
  bool db_check = false;
  bool sample_config = false;
};

// `-c FILE`, `--key value`, `--key=value` and the actions of Arguments, without the program's name.
Arguments parse_arguments(std::span<const std::string_view> arguments);

}  // namespace imcd::config
