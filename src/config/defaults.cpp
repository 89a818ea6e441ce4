#include "config/defaults.h"

#include <optional>

#include "config/directories.h"

namespace imcd::config {
namespace {

constexpr std::string_view state_mark = "{state}";
constexpr std::string_view runtime_mark = "{runtime}";

void replace(std::string& text, std::string_view mark, const std::string& by) {
  const std::size_t at = text.find(mark);
  if (at != std::string::npos) text.replace(at, mark.size(), by);
}

}  // namespace

Result<std::vector<std::string>> default_values(const Option& option,
                                                const Environment& environment) {
  std::string text(option.fallback);
  if (text.contains(state_mark)) {
    const std::optional<std::string> state = state_directory(environment);
    if (!state) {
      return fail("expected a value, as none of STATE_DIRECTORY, XDG_STATE_HOME and HOME is set");
    }
    replace(text, state_mark, *state);
  }
  replace(text, runtime_mark, runtime_directory(environment));
  if (!option.field.repeatable()) return std::vector{std::move(text)};

  std::vector<std::string> values;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    values.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return values;
}

}  // namespace imcd::config
