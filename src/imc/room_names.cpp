#include "imc/room_names.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"

namespace imcd::imc {
namespace {

// A notice has to hold the patterns beside its own words.
constexpr std::size_t words_bytes_max = 400;

// Goes back to the last `*` only, so that it takes at most the product of both lengths.
bool fits(std::string_view pattern, std::string_view text) {
  std::size_t in_pattern = 0;
  std::size_t in_text = 0;
  std::size_t star = std::string_view::npos;
  std::size_t behind_star = 0;
  while (in_text < text.size()) {
    const char wanted = in_pattern < pattern.size() ? pattern[in_pattern] : '\0';
    if (wanted == '*') {
      star = in_pattern++;
      behind_star = in_text;
    } else if (wanted == '?' || (wanted != '\0' && lower(wanted) == lower(text[in_text]))) {
      ++in_pattern;
      ++in_text;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      in_text = ++behind_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

}  // namespace

bool RoomNames::fit(std::string_view key) const {
  const std::string_view name = key.substr(0, key.rfind('@'));
  return std::ranges::any_of(patterns_, [&](const std::string& pattern) {
    return fits(pattern, pattern.contains('@') ? key : name);
  });
}

std::string RoomNames::in_words() const {
  if (patterns_.empty()) return "no further rooms are made here";
  std::string words = "rooms are called ";
  for (const std::string& pattern : patterns_) {
    if (&pattern != &patterns_.front()) words += " or ";
    if (words.size() + pattern.size() > words_bytes_max) return words + "otherwise";
    words += pattern;
  }
  return words;
}

}  // namespace imcd::imc
