// One Via value (RFC 3261 20.42, RFC 3581). A Via field may hold several, joined by commas.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "parser/fault.h"

namespace imcd::parser {

struct Via {
  std::string_view text;        // This value alone, without the comma that follows.
  std::string_view sent;        // Its part before the parameters: sent-protocol and sent-by.
  std::string_view transport;   // "UDP", any case.
  std::string_view host;        // sent-by host, IPv6 with brackets (or without: RFC 5118 4.5 asks
                                // to be liberal only in `received`).
  std::uint16_t port = 0;       // 0: none given.
  std::string_view branch;      // Empty: none.
  std::string_view parameters;  // The rest of it, from before the first semicolon on.
  std::string_view received;    // As given by the peer; ours replaces it.
  std::string_view maddr;
  bool has_rport = false;  // Asked for (RFC 3581), with or without a value.
  // Branch is z9hG4bK, in any case, and something more (RFC 3261 8.1.1.7). The cookie alone tells
  // no transaction from another, so such a request is matched the way of RFC 2543 (RFC 4475 3.2.1).
  bool has_branch_cookie = false;
  // Where in the field's value this Via ends: what follows the comma, or the end.
  std::size_t next = 0;
};

// Parses the first value of a Via field; `next` tells where a second one begins. Parameters that
// imcd acts on (branch, received, rport, maddr) may be there once (RFC 3261 7.3.1).
Parsed<Via> parse_via(std::string_view value);
// The same in place; on error `via` holds what could be read.
Parsed<void> parse_via(std::string_view value, Via& via);

// What a response needs of the first value, also of a malformed one: sent-protocol and sent-by must
// be whole; of the parameters those before the fault are taken, and `text` ends there.
std::optional<Via> usable_via(std::string_view value);

}  // namespace imcd::parser
