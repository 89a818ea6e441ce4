#include "config/shown_setting.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "base/text.h"

namespace imcd::config {
namespace {

constexpr std::size_t nowhere = std::string_view::npos;

struct Piece {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// What is before the value: the option's name where it is one.
std::string key_of(std::string_view setting) {
  std::string key(setting.substr(0, setting.find_first_of(" \t=:")));
  std::ranges::transform(key, key.begin(), lower);
  return key;
}

bool has_any(std::string_view key, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return key.contains(word); });
}

// `db_uri`, `database`, `mysql` of a URL that stands alone.
bool names_database(std::string_view key) {
  static constexpr auto words =
      std::to_array<std::string_view>({"db", "url", "uri", "sql", "base"});
  return has_any(key, words);
}

bool names_password(std::string_view key) {
  static constexpr auto words = std::to_array<std::string_view>({"pass", "pw", "secret"});
  return has_any(key, words);
}

std::optional<Piece> find_given_password(std::string_view setting, std::string_view key) {
  const std::size_t begin = setting.find_first_not_of(" \t=:", key.size());
  if (begin == nowhere) return std::nullopt;
  if (key.ends_with("file") && setting[begin] == '/') return std::nullopt;
  return Piece{begin, setting.size()};
}

bool is_port_at_end(std::string_view text) {
  return std::ranges::all_of(text.substr(0, text.find_first_of("/?")), is_digit);
}

// A host may have been forgotten, and the @ with it. A path and an IPv6 address have no password.
std::optional<Piece> find_without_host(std::string_view text, std::size_t begin,
                                       bool is_of_database) {
  const std::size_t mark = text.find_first_of(":%", begin);
  if (mark == nowhere || text[begin] == '[') return std::nullopt;
  if (is_of_database && text.substr(0, mark).ends_with("sqlite")) return std::nullopt;
  if (!is_of_database && (begin == 0 || is_port_at_end(text.substr(mark + 1)))) return std::nullopt;
  return Piece{mark + 1, text.size()};
}

std::optional<Piece> find_password(std::string_view text, bool is_of_database) {
  // A URL only where its colon is the first one: a password may have a `://` in it.
  const std::size_t colon = text.find(':');
  const bool is_url = colon != nowhere && text.substr(colon).starts_with("://");
  const std::size_t begin = is_url ? text.find_first_not_of('/', colon + 1) : 0;
  if (begin == nowhere) return std::nullopt;
  const std::size_t at = text.rfind('@');
  if (at == nowhere || at < begin) return find_without_host(text, begin, is_of_database);
  const std::size_t mark = text.find_first_of(is_url ? ":/%" : ":%", begin);
  return mark < at ? std::optional(Piece{mark + 1, at}) : std::nullopt;
}

}  // namespace

std::string shown_setting(std::string_view setting) {
  const std::string key = key_of(setting);
  const auto hidden = names_password(key) ? find_given_password(setting, key)
                                          : find_password(setting, names_database(key));
  std::string shown(setting);
  if (hidden) shown.replace(hidden->begin, hidden->end - hidden->begin, "***");
  std::ranges::replace_if(shown, [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  return shown;
}

}  // namespace imcd::config
