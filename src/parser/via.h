// One Via value (RFC 3261 20.42, RFC 3581). A Via field may hold several, joined by commas.
#pragma once

#include <cstdint>
#include <string_view>

#include "parser/fault.h"

namespace imcd::parser {

struct Via {
  std::string_view text;       // This value alone, without the comma that follows.
  std::string_view transport;  // "UDP", any case.
  std::string_view host;       // sent-by host, IPv6 with brackets (or without: RFC 5118 4.5 asks
                               // to be liberal only in `received`).
  std::uint16_t port = 0;      // 0: none given.
  std::string_view branch;     // Empty: none.
  std::string_view received;   // As given by the peer; ours replaces it.
  std::string_view maddr;
  bool has_rport = false;          // Asked for (RFC 3581), with or without a value.
  bool has_branch_cookie = false;  // Branch starts with z9hG4bK in any case (RFC 3261 8.1.1.7).
  // Where in the field's value this Via ends: what follows the comma, or the end.
  std::size_t next = 0;
};

// Parses the first value of a Via field; `next` tells where a second one begins.
Parsed<Via> parse_via(std::string_view value);

}  // namespace imcd::parser
