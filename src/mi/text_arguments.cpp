#include "mi/text_arguments.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace imcd::mi {
namespace {

bool is_name_character(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '-' || c == ' ' ||
         c == '\t';
}

// A line feed ends a line, so it never comes here.
bool is_control(char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }

}  // namespace

bool TextArguments::add_line(std::string_view line) {
  if (std::ranges::any_of(line, is_control)) return false;
  if (in_quotes_) {
    arguments_.back().value += '\n';
    return go_on_quoted(line);
  }
  line = trim(line);
  if (line.empty()) return true;
  arguments_.emplace_back();
  const std::size_t separator = line.find("::");
  if (separator == std::string_view::npos) return add_value(line);
  const std::string_view name = line.substr(0, separator);
  if (!std::ranges::all_of(name, is_name_character)) return add_value(line);
  arguments_.back().name = trim(name);
  return add_value(trim(line.substr(separator + 2)));
}

bool TextArguments::add_value(std::string_view value) {
  if (value.starts_with('"')) return go_on_quoted(value.substr(1));
  arguments_.back().value = value;
  return !value.contains('"');
}

// To the closing quote, after which there may be only blanks, or to the end of the line.
bool TextArguments::go_on_quoted(std::string_view text) {
  std::string& value = arguments_.back().value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      in_quotes_ = false;
      return trim(text.substr(i + 1)).empty();
    }
    const bool escapes =
        text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\');
    if (escapes) ++i;
    value += text[i];
  }
  in_quotes_ = true;
  return true;
}

std::vector<Argument> TextArguments::take() {
  in_quotes_ = false;
  return std::exchange(arguments_, {});
}

}  // namespace imcd::mi
