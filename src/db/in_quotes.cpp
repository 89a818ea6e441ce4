#include "db/in_quotes.h"

#include <cstddef>
#include <fmt/format.h>

namespace imcd::db {
namespace {

constexpr std::size_t quoted_bytes_max = 80;

bool is_unprintable(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// At most `highest` bytes of the text, shortened so that no UTF-8 sequence is cut.
std::size_t whole_characters(std::string_view text, std::size_t highest) {
  if (text.size() <= highest) return text.size();
  std::size_t size = highest;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return size;
}

}  // namespace

std::string in_quotes(std::string_view bytes) {
  std::string out = "'";
  const std::size_t shown = whole_characters(bytes, quoted_bytes_max);
  for (char c : bytes.substr(0, shown)) {
    if (is_unprintable(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += bytes.size() > shown ? "...'" : "'";
  return out;
}

}  // namespace imcd::db
