// The words of commands, as the simulator's model knows them: a table of its own, so that a word
// that the server takes for another is found.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "sim/rulebook.h"

namespace imcd::sim {

struct CommandName {
  std::string_view name;
  RequestKind kind;
};
inline constexpr std::array command_names = {
    CommandName{"create", RequestKind::create},   CommandName{"join", RequestKind::join},
    CommandName{"invite", RequestKind::invite},   CommandName{"accept", RequestKind::accept},
    CommandName{"deny", RequestKind::deny},       CommandName{"reject", RequestKind::deny},
    CommandName{"add", RequestKind::add},         CommandName{"remove", RequestKind::remove},
    CommandName{"kick", RequestKind::remove},     CommandName{"modify", RequestKind::modify},
    CommandName{"exit", RequestKind::exit},       CommandName{"leave", RequestKind::exit},
    CommandName{"destroy", RequestKind::destroy}, CommandName{"list", RequestKind::list},
    CommandName{"members", RequestKind::list},    CommandName{"rooms", RequestKind::rooms},
    CommandName{"help", RequestKind::help},
};

inline RequestKind find_command(std::string_view name) {
  for (const CommandName& row : command_names) {
    if (equal_ignoring_case(row.name, name)) return row.kind;
  }
  return RequestKind::bad_command;
}

inline bool is_role(std::string_view word) {
  return equal_ignoring_case(word, "admin") || equal_ignoring_case(word, "member") ||
         equal_ignoring_case(word, "owner");
}

inline std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trim(line)).empty()) {
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

}  // namespace imcd::sim
