// The host of a URI or a Via (RFC 3261 25.1): a name, an IPv4 address or an IPv6 reference in
// brackets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "parser/cursor.h"

namespace imcd::parser {

// Takes a host; false and no sure place when what stands there is none. A last label of digits
// alone makes it an IPv4 address, which must then be a whole one; a label that merely begins with a
// digit is a name (RFC 1123 2.1), though RFC 3261 wants a letter there.
bool take_host(Cursor& cursor, std::string_view& host);

// The whole text is a host.
bool is_host(std::string_view text);

// A port from 1 to 65535, the colon before it being taken already; leading zeros are allowed.
bool take_port(Cursor& cursor, std::uint16_t& port);

// The address a host spells, IPv6 with or without brackets; nothing for a name. A third colon
// before an embedded IPv4 address, which the grammar of RFC 3261 asks for by mistake, is overlooked
// (RFC 5118 4.10).
std::optional<Address> parse_host_address(std::string_view host);

}  // namespace imcd::parser
