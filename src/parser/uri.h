// SIP and related URIs (RFC 3261 19.1, RFC 3966 for tel, RFC 3860 for im). Views into the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "parser/fault.h"

namespace imcd::parser {

enum class Scheme : std::uint8_t { sip, sips, im, pres, tel, other };

struct Uri {
  Scheme scheme = Scheme::other;
  std::string_view text;  // All of it.
  std::string_view scheme_text;
  std::string_view user;        // Escapes as written; empty when there is none.
  std::string_view password;    // Without the colon. Never relayed.
  std::string_view host;        // IPv6 with its brackets. Empty for tel and unknown schemes.
  std::uint16_t port = 0;       // 0: none given.
  bool has_user = false;        // An `@` was there (an empty user is an error).
  std::string_view parameters;  // After the first `;`, without it.
  std::string_view headers;     // After `?`, without it.
  // For tel and unknown schemes, what follows the scheme's colon.
  std::string_view opaque;
};

// Accepts exactly one URI and nothing after it. Characters that RFC 3261 25.1 does not allow are
// an error, but for UTF-8 in the user part, which many clients send unescaped. im and
// pres URIs (RFC 3860, RFC 3859) are taken apart like sip ones.
Parsed<Uri> parse_uri(std::string_view text);
// The same in place; on error `uri` holds what could be read.
Parsed<void> parse_uri(std::string_view text, Uri& uri);

// The key under which rooms and users are found: `user@host`, both in lower case (RFC 3261 19.1.4
// tells users apart by case; nobody means to), escapes decoded where the character is unreserved
// (RFC 3261 25.1), any other escape as %HH in upper case, and so is a byte that should have been
// escaped; a trailing dot of the host is dropped, no port, no parameters. For equal keys the URIs
// are the same address of record. Nothing is appended and false returned when the URI has no user
// or no host.
bool write_address_of_record_key(std::string& out, const Uri& uri);
// The two halves by themselves, of any text. An IPv6 host is spelled the one way of RFC 5952.
void write_user_key(std::string& out, std::string_view user);
void write_host_key(std::string& out, std::string_view host);

}  // namespace imcd::parser
