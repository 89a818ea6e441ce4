#include "config/directories.h"

#include <string_view>

namespace imcd::config {
namespace {

// An absolute path out of a variable. systemd lists several directories with colons between; the
// first is ours. A relative path is no place at all, as the XDG specification says.
std::optional<std::string> path_of(const Environment& environment, const char* name) {
  const char* value = environment(name);
  if (value == nullptr || *value != '/') return std::nullopt;
  const std::string_view path = value;
  return std::string(path.substr(0, path.find(':')));
}

}  // namespace

std::optional<std::string> state_directory(const Environment& environment) {
  if (auto state = path_of(environment, "STATE_DIRECTORY")) return state;
  if (const auto state = path_of(environment, "XDG_STATE_HOME")) return *state + "/imcd";
  if (const auto home = path_of(environment, "HOME")) return *home + "/.local/state/imcd";
  return std::nullopt;
}

std::string runtime_directory(const Environment& environment) {
  if (auto runtime = path_of(environment, "RUNTIME_DIRECTORY")) return *runtime;
  return path_of(environment, "XDG_RUNTIME_DIR").value_or("/tmp");
}

}  // namespace imcd::config
