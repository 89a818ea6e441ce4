// Addresses of record in rows, commands and requests: what makes a URI, or a pair of columns, the
// name of a room or a user. One place, so that the loading, the check of a database and the rooms
// judge alike.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "parser/uri.h"

namespace imcd::parser {

// Of a scheme that is understood: SIP's two, and im, which names the same users (RFC 3861 3).
bool is_sip_address(const Uri& uri);

// Whether the URI has both parts of an address of record.
inline bool names_somebody(const Uri& uri) { return !uri.user.empty() && !uri.host.empty(); }

// Whether the two parts are no longer than the tables' columns.
inline bool names_fit(const Uri& uri) {
  return uri.user.size() <= limits::user_bytes_max && uri.host.size() <= limits::domain_bytes_max;
}

// The address whose parts two columns hold; nothing where they make no SIP URI with these parts.
// `text` becomes what the result points into.
std::optional<Uri> parse_address(std::string_view user, std::string_view host, std::string& text);

// The same of a whole SIP URI, as rows have it; nothing where it names nobody.
std::optional<Uri> parse_address(std::string_view text);

// Why a text is no address.
enum class AddressFault : std::uint8_t {
  other_scheme,  // Whatever is before a colon is a scheme, and this one is not understood.
  no_name,
};

// What people write who mean an address: NAME, NAME@HOST or a URI of a scheme that is understood,
// in angle brackets or not. A colon behind the `@` is the host's: NAME@HOST:5060, NAME@[::1].
// `default_host`: of a bare NAME; empty: it needs a host. `storage` becomes what the result points
// into.
std::expected<Uri, AddressFault> read_address(std::string_view text, std::string_view default_host,
                                              std::string& storage);

// The same user in one spelling, that of the key, as a SIP URI without a port: what can be said of
// somebody whose own word nobody has. `text` becomes what the result points into, beside `uri`.
Uri plain_address(const Uri& uri, std::string& text);

// `text` as the URI to which deliveries to the user of this key go; nothing where it is no SIP or
// SIPS URI, or another user's.
std::optional<Uri> parse_delivery_uri(std::string_view text, std::string_view key);

}  // namespace imcd::parser
