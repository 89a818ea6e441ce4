// Addresses of record in rows, commands and requests: what makes a URI, or a pair of columns, the
// name of a room or a user. One place, so that the loading, the check of a database and the rooms
// judge alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "parser/uri.h"

namespace imcd::parser {

// Whether the URI has both parts of an address of record.
inline bool names_somebody(const Uri& uri) { return !uri.user.empty() && !uri.host.empty(); }

// Whether the two parts are no longer than the tables' columns.
inline bool names_fit(const Uri& uri) {
  return uri.user.size() <= limits::user_bytes_max && uri.host.size() <= limits::domain_bytes_max;
}

// The address whose parts two columns hold; nothing where they make no SIP URI with these parts.
// `text` becomes what the result points into.
std::optional<Uri> parse_address(std::string_view user, std::string_view host, std::string& text);

// The same of a whole URI; nothing where it names nobody.
std::optional<Uri> parse_address(std::string_view text);

// `text` as the URI to which deliveries to the user of this key go; nothing where it is no SIP or
// SIPS URI, or another user's.
std::optional<Uri> parse_delivery_uri(std::string_view text, std::string_view key);

}  // namespace imcd::parser
