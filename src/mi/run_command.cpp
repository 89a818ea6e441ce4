#include "mi/run_command.h"

#include <algorithm>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "mi/command_table.h"

namespace imcd::mi {
namespace {

// What a row says about its arguments.
struct Declaration {
  std::vector<std::string_view> names;
  bool last_repeats = false;
};

Declaration declaration(std::string_view text) {
  Declaration declared;
  declared.last_repeats = text.ends_with("...");
  if (declared.last_repeats) text.remove_suffix(3);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    declared.names.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return declared;
}

// Where the argument goes: to the place of its name, else to the first that is free. Nothing when
// all are taken. A name that the command does not know says nothing, as in the older servers.
std::optional<std::size_t> place_of(const Argument& argument, const Declaration& declared,
                                    const std::vector<std::optional<std::string_view>>& places) {
  const std::size_t count = declared.names.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (!places[i] && equal_ignoring_case(argument.name, declared.names[i])) return i;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!places[i]) return i;
  }
  return std::nullopt;
}

std::expected<std::vector<std::string_view>, Status> values_of(const ManagementCommand& command,
                                                               const Request& request) {
  const Declaration declared = declaration(command.arguments);
  // What is given to a command that takes nothing is ignored, as the older servers do.
  if (declared.names.empty()) return {};
  std::vector<std::optional<std::string_view>> places(declared.names.size());
  std::vector<std::string_view> repeated;
  for (const Argument& argument : request.arguments) {
    if (const auto place = place_of(argument, declared, places)) {
      places[*place] = argument.value;
    } else if (declared.last_repeats) {
      repeated.push_back(argument.value);
    } else {
      return std::unexpected(Status{400, "too many arguments"});
    }
  }
  std::vector<std::string_view> values;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!places[i] || places[i]->empty()) {
      return std::unexpected(
          Status{400, "missing argument '" + std::string(declared.names[i]) + "'"});
    }
    values.push_back(*places[i]);
  }
  values.insert(values.end(), repeated.begin(), repeated.end());
  return values;
}

}  // namespace

Findings run_command(const Request& request, Control& control, Instant now) {
  const ManagementCommand* command = find_command(request.command);
  if (command == nullptr)
    return {{500, "command '" + request.command + "' not available"}, nullptr};
  if (request.malformed)
    return {{400, "parse error in command '" + request.command + "'"}, nullptr};
  const auto values = values_of(*command, request);
  if (!values) return {values.error(), nullptr};
  return command->handler({control, *values, now});
}

}  // namespace imcd::mi
