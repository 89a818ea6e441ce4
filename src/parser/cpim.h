// message/cpim (RFC 3862): a text wrapped with headers of its own. imcd looks inside to see a
// command, and what the content is.
//
//   From: <im:alice@example.org>      message headers (RFC 3862 2.1)
//                                     an empty line
//   Content-Type: text/plain          headers of the content (RFC 3862 2.2)
//                                     an empty line
//   #join                             the content
#pragma once

#include <optional>
#include <string_view>

namespace imcd::parser {

struct Cpim {
  std::string_view headers;       // Those of the message, with the empty line.
  std::string_view content_type;  // Empty: none given.
  std::string_view content;
};

// Nothing for a body whose two header blocks do not both end. Lines end in CRLF; a bare LF is taken
// too, as many clients send it.
std::optional<Cpim> parse_cpim(std::string_view body);

}  // namespace imcd::parser
