// From, To and P-Asserted-Identity values (RFC 3261 20.10, 25.1): a URI with an optional display
// name, and parameters of the header field after it.
#pragma once

#include <cstddef>
#include <string_view>

#include "parser/fault.h"
#include "parser/uri.h"

namespace imcd::parser {

struct NameAddr {
  std::string_view display;  // Without the quotes, escapes as written; trimmed when unquoted.
  Uri uri;
  std::string_view tag;  // Empty: none. With a place of its own: `tag=` stands before it.
  bool has_tag = false;
  std::size_t next = 0;  // After the comma of a list (P-Asserted-Identity), or the end.
};

// Parses the first value; whoever expects a single one checks that `next` is the end. `fault` names
// the header field. Without angle brackets, parameters belong to the header field, not the URI, and
// a question mark is an error (RFC 3261 20). A tag is a token and there at most once; that of To
// may be empty, which is as good as none, as some clients send it outside a dialog.
Parsed<NameAddr> parse_name_addr(std::string_view value, Fault fault);
// The same in place; on error `name_addr` holds what could be read.
Parsed<void> parse_name_addr(std::string_view value, Fault fault, NameAddr& name_addr);

}  // namespace imcd::parser
