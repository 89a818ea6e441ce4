// The character sets of RFC 3261 25.1, as bits of one table: a lookup tells whether a byte may
// stand in a token, a user part, a quoted string and so on. Bytes above 127 are in the sets where
// clients send UTF-8 unescaped; NUL, CR and LF are in none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace imcd::parser {

enum class CharSet : std::uint16_t {
  token = 1U << 0,          // token
  word = 1U << 1,           // word, of Call-ID
  quoted = 1U << 2,         // qdtext and blanks: what needs no escape between double quotes
  display = 1U << 3,        // token, and bytes above 127: display names without quotes
  generic_value = 1U << 4,  // gen-value without quotes: token, or host with its colons and brackets
  scheme = 1U << 5,         // scheme, after its first letter
  user = 1U << 6,           // user, but for escapes
  password = 1U << 7,       // password, but for escapes
  parameter = 1U << 8,      // paramchar, but for escapes
  header = 1U << 9,         // hname and hvalue, but for escapes
  uric = 1U << 10,          // uric with the brackets of RFC 2732, but for escapes
  unreserved = 1U << 11,    // unreserved
  label = 1U << 12,         // letters, digits, hyphen and underscore: a part of a host name
  letter = 1U << 13,
  digit = 1U << 14,
  hex = 1U << 15,
};

namespace detail {

consteval std::array<std::uint16_t, 256> build_char_sets() {
  std::array<std::uint16_t, 256> table{};
  const auto add = [&table](std::string_view characters, auto... sets) {
    for (const char c : characters) {
      table[static_cast<unsigned char>(c)] |=
          static_cast<std::uint16_t>((0U | ... | unsigned(sets)));
    }
  };
  const auto add_range = [&table](unsigned first, unsigned last, auto... sets) {
    for (unsigned c = first; c <= last; ++c) {
      table[c] |= static_cast<std::uint16_t>((0U | ... | unsigned(sets)));
    }
  };
  using enum CharSet;
  add_range('0', '9', digit, hex);
  add("abcdefABCDEF", hex);
  add_range('a', 'z', letter);
  add_range('A', 'Z', letter);
  for (std::uint16_t& sets : table) {
    if ((sets & (unsigned(letter) | unsigned(digit))) == 0) continue;
    sets |= static_cast<std::uint16_t>(unsigned(token) | unsigned(word) | unsigned(display) |
                                       unsigned(generic_value) | unsigned(scheme) | unsigned(user) |
                                       unsigned(password) | unsigned(parameter) | unsigned(header) |
                                       unsigned(uric) | unsigned(unreserved) | unsigned(label));
  }
  add("-.!%*_+`'~", token, word, display, generic_value);
  add(":[]", generic_value);
  // `=` is no word character, but Call-IDs that end in base64 padding are common and harmless.
  add("()<>:\\\"/[]?{}=", word);
  add_range(0x20, 0x7e, quoted);
  add("\t", quoted);
  table['"'] &= static_cast<std::uint16_t>(~unsigned(quoted));
  table['\\'] &= static_cast<std::uint16_t>(~unsigned(quoted));
  add_range(0x80, 0xff, quoted, display, user);
  add("+-.", scheme);
  add("-_.!~*'()", unreserved, user, password, parameter, header, uric);
  add("&=+$,;?/", user);
  add("&=+$,", password);
  add("[]/:&+$", parameter);
  add("[]/?:+$", header);
  add(";/?:@&=+$,[]", uric);
  // RFC 3261 has no underscore in a host name, but names of containers and test hosts do.
  add("-_", label);
  return table;
}

inline constexpr std::array<std::uint16_t, 256> char_sets = build_char_sets();

}  // namespace detail

constexpr bool is_in(CharSet set, char c) {
  return (detail::char_sets[static_cast<unsigned char>(c)] & static_cast<unsigned>(set)) != 0;
}

// How many bytes at the front of `text` are in the set.
constexpr std::size_t span_in(CharSet set, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end && is_in(set, *at)) ++at;
  return static_cast<std::size_t>(at - text.data());
}

// Not empty, and every byte in the set.
constexpr bool is_all_in(CharSet set, std::string_view text) {
  return !text.empty() && span_in(set, text) == text.size();
}

}  // namespace imcd::parser
