#include "parser/media_type.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "parser/cursor.h"

namespace imcd::parser {
namespace {

// token or quoted-string, or what stands there up to the next semicolon or blank: `boundary=a=b/c`.
bool take_value(Cursor& cursor, std::string_view& value) {
  if (cursor.next_is('"')) return cursor.take_quoted_string(value);
  const std::string_view rest = cursor.rest();
  value = rest.substr(0, std::min(rest.find_first_of("; \t\r,\""), rest.size()));
  cursor.advance(value.size());
  return !value.empty();
}

bool take_parameters(Cursor& cursor, MediaType& media) {
  while (cursor.take_separator(';')) {
    const std::string_view name = cursor.take_run(CharSet::token);
    if (name.empty() && (cursor.at_end() || cursor.next_is(';'))) continue;
    std::string_view value;
    if (name.empty() || !cursor.take_separator('=') || !take_value(cursor, value)) return false;
    if (equal_ignoring_case(name, "charset")) media.charset = value;
    if (equal_ignoring_case(name, "boundary")) media.boundary = value;
  }
  return true;
}

}  // namespace

bool MediaType::is(std::string_view other_type, std::string_view other_subtype) const {
  return equal_ignoring_case(type, other_type) && equal_ignoring_case(subtype, other_subtype);
}

bool is_no_coding(std::string_view content_encoding) {
  const std::string_view name = trim(content_encoding);
  constexpr std::array charsets = {"utf-",     "utf8",   "us-ascii",  "ascii",
                                   "iso-8859", "latin1", "windows-12"};
  constexpr std::array others = {"", "identity", "7bit", "8bit", "binary", "none"};
  return std::ranges::any_of(others,
                             [name](const char* one) { return equal_ignoring_case(name, one); }) ||
         std::ranges::any_of(
             charsets, [name](const char* one) { return starts_with_ignoring_case(name, one); });
}

Parsed<MediaType> parse_media_type(std::string_view value) {
  Cursor cursor(value);
  MediaType media;
  media.type = cursor.take_run(CharSet::token);
  const bool has_slash = !media.type.empty() && cursor.take_separator('/');
  if (has_slash) media.subtype = cursor.take_run(CharSet::token);
  if (!media.subtype.empty() && take_parameters(cursor, media)) {
    cursor.take_white_space();
    if (cursor.at_end()) return media;
  }
  return std::unexpected(
      ParseError{Fault::bad_content_type, static_cast<std::uint32_t>(cursor.offset())});
}

}  // namespace imcd::parser
