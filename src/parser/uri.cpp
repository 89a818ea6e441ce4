#include "parser/uri.h"

#include <algorithm>
#include <array>

#include "base/address.h"
#include "base/text.h"
#include "parser/host.h"
#include "parser/utf8.h"

namespace imcd::parser {
namespace {

struct SchemeRow {
  std::string_view text;
  Scheme scheme;
};
constexpr std::array schemes = {
    SchemeRow{"sip", Scheme::sip},   SchemeRow{"sips", Scheme::sips}, SchemeRow{"im", Scheme::im},
    SchemeRow{"pres", Scheme::pres}, SchemeRow{"tel", Scheme::tel},
};

Scheme find_scheme(std::string_view text) {
  for (const SchemeRow& row : schemes) {
    if (equal_ignoring_case(text, row.text)) return row.scheme;
  }
  return Scheme::other;
}

constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  return lower(c) - 'a' + 10;
}

// escaped = "%" HEXDIG HEXDIG
bool is_escape(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' && is_in(CharSet::hex, text[1]) &&
         is_in(CharSet::hex, text[2]);
}

char decode_escape(std::string_view text) {
  return static_cast<char>(hex_value(text[1]) * 16 + hex_value(text[2]));
}

// A run of the set and of escapes.
void take_escaped_run(Cursor& cursor, CharSet set) {
  for (;;) {
    cursor.take_run(set);
    if (!is_escape(cursor.rest())) return;
    cursor.advance(3);
  }
}

bool is_all_escaped(std::string_view text, CharSet set) {
  Cursor cursor(text);
  take_escaped_run(cursor, set);
  return cursor.at_end();
}

bool take_scheme(Cursor& cursor, Uri& uri) {
  if (cursor.rest().starts_with("sip:")) {
    uri.scheme_text = cursor.rest().substr(0, 3);
    uri.scheme = Scheme::sip;
    cursor.advance(4);
    return true;
  }
  uri.scheme_text = cursor.take_run(CharSet::scheme);
  if (uri.scheme_text.empty() || !is_in(CharSet::letter, uri.scheme_text.front())) return false;
  uri.scheme = find_scheme(uri.scheme_text);
  return cursor.take(':');
}

// [ userinfo ]. An `@` stands nowhere else in a URI, so the first one ends the user part, whatever
// semicolons and question marks come before it (RFC 3261 19.1.2). Bytes above 127, which should
// have been escaped, must at least be UTF-8: databases and the members' clients want that of a
// name.
bool take_userinfo(Cursor& cursor, Uri& uri) {
  Cursor plain = cursor;
  const std::string_view user = plain.take_long_run<CharSet::user>();
  if (!user.empty() && plain.take('@')) {
    uri.has_user = true;
    uri.user = user;
    cursor = plain;
    return is_utf8(user);
  }
  const std::size_t length = cursor.rest().find('@');
  if (length == std::string_view::npos) return true;
  const std::string_view userinfo = cursor.rest().substr(0, length);
  const std::size_t colon = userinfo.find(':');
  uri.has_user = true;
  uri.user = userinfo.substr(0, colon);
  if (uri.user.empty() || !is_all_escaped(uri.user, CharSet::user) || !is_utf8(uri.user))
    return false;
  if (colon != std::string_view::npos) {
    uri.password = userinfo.substr(colon + 1);
    if (!is_all_escaped(uri.password, CharSet::password)) return false;
  }
  cursor.advance(length + 1);
  return true;
}

bool take_hostport(Cursor& cursor, Uri& uri) {
  if (!take_host(cursor, uri.host)) return false;
  return !cursor.take(':') || take_port(cursor, uri.port);
}

bool take_escaped(Cursor& cursor, CharSet set) {
  const std::size_t begin = cursor.offset();
  take_escaped_run(cursor, set);
  return cursor.offset() != begin;
}

// *( ";" pname [ "=" pvalue ] )
bool take_parameters(Cursor& cursor, Uri& uri) {
  if (!cursor.next_is(';')) return true;
  const std::size_t begin = cursor.offset() + 1;
  while (cursor.take(';')) {
    if (!take_escaped(cursor, CharSet::parameter)) return false;
    if (cursor.take('=') && !take_escaped(cursor, CharSet::parameter)) return false;
  }
  uri.parameters = cursor.since(begin);
  return true;
}

// [ "?" header *( "&" header ) ]; a header's value may be empty.
bool take_headers(Cursor& cursor, Uri& uri) {
  if (!cursor.take('?')) return true;
  const std::size_t begin = cursor.offset();
  do {
    if (!take_escaped(cursor, CharSet::header) || !cursor.take('=')) return false;
    take_escaped_run(cursor, CharSet::header);
  } while (cursor.take('&'));
  uri.headers = cursor.since(begin);
  return true;
}

bool take_rest(Cursor& cursor, Uri& uri) {
  if (uri.scheme == Scheme::tel || uri.scheme == Scheme::other) {
    uri.opaque = cursor.rest();
    return take_escaped(cursor, CharSet::uric);
  }
  return take_userinfo(cursor, uri) && take_hostport(cursor, uri) && take_parameters(cursor, uri) &&
         take_headers(cursor, uri);
}

// Compares a name that may hold escapes with one of ours, without case.
void write_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += {'%', digits[byte >> 4], digits[byte & 15]};
}

}  // namespace

Parsed<void> parse_uri(std::string_view text, Uri& uri) {
  Cursor cursor(text);
  uri = {};
  uri.text = text;
  if (take_scheme(cursor, uri) && take_rest(cursor, uri) && cursor.at_end()) return {};
  return std::unexpected(ParseError{Fault::bad_uri, static_cast<std::uint32_t>(cursor.offset())});
}

Parsed<Uri> parse_uri(std::string_view text) {
  Uri uri;
  if (const auto parsed = parse_uri(text, uri); !parsed) return std::unexpected(parsed.error());
  return uri;
}

bool write_address_of_record_key(std::string& out, const Uri& uri) {
  if (uri.user.empty() || uri.host.empty()) return false;
  write_user_key(out, uri.user);
  out += '@';
  write_host_key(out, uri.host);
  return true;
}

void write_user_key(std::string& out, std::string_view user) {
  while (!user.empty()) {
    const bool is_escaped = is_escape(user);
    const char c = is_escaped ? decode_escape(user) : user.front();
    user.remove_prefix(is_escaped ? 3 : 1);
    // RFC 3261 19.1.4: an escaped reserved character is not the same as the bare one.
    const bool is_plain =
        is_in(CharSet::unreserved, c) ||
        (!is_escaped && is_in(CharSet::user, c) && static_cast<unsigned char>(c) < 0x80);
    if (is_plain) {
      out += lower(c);
    } else {
      write_escaped(out, c);
    }
  }
}

void write_host_key(std::string& out, std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto address = host.contains(':') ? parse_host_address(host) : std::nullopt;
  if (address) {
    out += host_text(*address);
    return;
  }
  for (const char c : host) out += lower(c);
}

}  // namespace imcd::parser
