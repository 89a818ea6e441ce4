// One parameter of a header field's value (RFC 3261 25.1, generic-param), as in Via, From, To and
// Content-Type.
#pragma once

#include <string_view>

#include "parser/cursor.h"

namespace imcd::parser {

struct Parameter {
  std::string_view text;   // Name, equal sign and value, with the quotes.
  std::string_view name;   // In the peer's case.
  std::string_view value;  // Without the quotes, escapes as written.
  bool has_value = false;
  bool is_quoted = false;
  bool is_token = false;  // The value is a token: there, not quoted, no colon or bracket in it.
};

// Takes one parameter, the semicolon before it being taken already, and the white space around it.
// False when there is none or it is malformed. A value without quotes may also hold colons and
// brackets anywhere: RFC 5118 4.5 asks for that in `received`, and host:port values are seen in
// extensions.
bool take_parameter(Cursor& cursor, Parameter& parameter);

}  // namespace imcd::parser
