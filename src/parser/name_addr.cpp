#include "parser/name_addr.h"

#include <algorithm>

#include "base/text.h"
#include "parser/parameter.h"

namespace imcd::parser {
namespace {

// display-name without quotes: tokens with white space between. Where no `<` follows, what was
// taken is the beginning of an addr-spec.
std::string_view take_display_tokens(Cursor& cursor) {
  const std::size_t begin = cursor.offset();
  std::string_view display;
  do {
    if (cursor.take_run(CharSet::display).empty()) break;
    display = cursor.since(begin);
  } while (cursor.take_white_space());
  return display;
}

bool take_bracketed_uri(Cursor& cursor, NameAddr& name_addr) {
  if (!cursor.take('<')) return false;
  const std::size_t length = cursor.rest().find('>');
  if (length == std::string_view::npos) return false;
  if (!parse_uri(cursor.rest().substr(0, length), name_addr.uri)) return false;
  cursor.advance(length + 1);
  return true;
}

// RFC 3261 20.10: a URI with a comma, question mark or semicolon must be in brackets, so it ends at
// the first of them here, and parse_uri never sees a `?` it would take for headers.
bool take_bare_uri(Cursor& cursor, NameAddr& name_addr) {
  const std::size_t length =
      std::min(cursor.rest().find_first_of(";,? \t\r"), cursor.rest().size());
  if (!parse_uri(cursor.rest().substr(0, length), name_addr.uri)) return false;
  cursor.advance(length);
  return !cursor.next_is('?');
}

bool take_address(Cursor& cursor, NameAddr& name_addr) {
  cursor.take_white_space();
  if (cursor.next_is('<')) return take_bracketed_uri(cursor, name_addr);
  if (cursor.next_is('"')) {
    if (!cursor.take_quoted_string(name_addr.display)) return false;
    cursor.take_white_space();
    return take_bracketed_uri(cursor, name_addr);
  }
  Cursor behind_display = cursor;
  const std::string_view display = take_display_tokens(behind_display);
  if (!behind_display.next_is('<')) return take_bare_uri(cursor, name_addr);
  name_addr.display = display;
  cursor = behind_display;
  return take_bracketed_uri(cursor, name_addr);
}

// `tag=` with nothing behind it: the place where a tag would stand.
bool take_empty_tag(Cursor& cursor, NameAddr& name_addr) {
  Cursor behind = cursor;
  if (!equal_ignoring_case(behind.take_run(CharSet::token), "tag")) return false;
  if (!behind.take_separator('=') || !(behind.at_end() || behind.next_is(';'))) return false;
  if (name_addr.has_tag || name_addr.tag.data() != nullptr) return false;
  name_addr.tag = behind.rest().substr(0, 0);
  cursor = behind;
  return true;
}

bool take_parameters(Cursor& cursor, bool may_lack_tag, NameAddr& name_addr) {
  while (cursor.take_separator(';')) {
    if (may_lack_tag && take_empty_tag(cursor, name_addr)) continue;
    Parameter parameter;
    if (!take_parameter(cursor, parameter)) return false;
    if (!equal_ignoring_case(parameter.name, "tag")) continue;
    if (name_addr.tag.data() != nullptr || !parameter.is_token) return false;
    name_addr.tag = parameter.value;
    name_addr.has_tag = true;
  }
  return true;
}

// The end of the value, or a comma with another value behind it.
bool take_end(Cursor& cursor, NameAddr& name_addr) {
  const bool has_next = cursor.take_separator(',');
  name_addr.next = cursor.offset();
  return has_next ? !cursor.at_end() : cursor.at_end();
}

}  // namespace

Parsed<void> parse_name_addr(std::string_view value, Fault fault, NameAddr& name_addr) {
  Cursor cursor(value);
  name_addr = {};
  if (take_address(cursor, name_addr) &&
      take_parameters(cursor, fault == Fault::bad_to, name_addr) && take_end(cursor, name_addr)) {
    return {};
  }
  return std::unexpected(ParseError{fault, static_cast<std::uint32_t>(cursor.offset())});
}

Parsed<NameAddr> parse_name_addr(std::string_view value, Fault fault) {
  NameAddr name_addr;
  const auto parsed = parse_name_addr(value, fault, name_addr);
  if (!parsed) return std::unexpected(parsed.error());
  return name_addr;
}

}  // namespace imcd::parser
