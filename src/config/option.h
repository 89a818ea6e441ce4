// Option: one row of the option table, which is the only place where an option is declared. The
// file, the command line, --help, the sample file and docs/OPTIONS.md are all made from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/settings.h"

namespace imcd::config {

// Lowest and highest value of an option that is a number; both are allowed.
struct Bounds {
  std::uint64_t lowest = 0;
  std::uint64_t highest = 0;
};

// How a value gets into its field. `put` takes one value, or answers with a sentence that says what
// was expected. `clear` empties the field of a repeatable option; others have none.
struct Field {
  Result<void> (*put)(Settings& settings, std::string_view value, Bounds bounds) = nullptr;
  void (*clear)(Settings& settings) = nullptr;

  [[nodiscard]] bool repeatable() const { return clear != nullptr; }
};

enum class Group : std::uint8_t { network, rooms, database, management, process };
std::string_view group_title(Group group);

// Whether a changed value can be taken while imcd runs, by its owner's apply().
enum class Change : std::uint8_t { reloadable, restart };

struct Option {
  std::string_view name;
  Group group{};
  Change change{};
  Field field;
  std::string_view form;  // What stands for the value in help: `MS`, `0|1`.
  // The default as a file would give it; a repeatable option's values are separated by one blank.
  // `{state}` and `{runtime}` stand for the directories of directories.h.
  std::string_view fallback;
  Bounds bounds;
  std::string_view help;  // One line, no capital, no stop.
};

std::span<const Option> option_table();

// Nothing where no option has this name.
const Option* find_option(std::string_view name);

// The option whose name is closest to a mistyped one; nothing where none is close.
const Option* find_similar_option(std::string_view name);

}  // namespace imcd::config
