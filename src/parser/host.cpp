#include "parser/host.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace imcd::parser {
namespace {

// The longest IPv6 reference: eight groups or six and an IPv4 address, brackets, one colon too
// many.
constexpr std::size_t reference_bytes_max = 48;

std::optional<Address> parse_three_colons(std::string_view text) {
  const std::size_t colons = text.find(":::");
  if (colons == std::string_view::npos || !text.contains('.')) return std::nullopt;
  if (text.size() > reference_bytes_max) return std::nullopt;
  std::array<char, reference_bytes_max> mended;
  const auto rest = text.substr(colons + 1);
  auto* end = std::copy_n(text.begin(), colons, mended.data());
  end = std::copy(rest.begin(), rest.end(), end);
  return parse_ip({mended.data(), static_cast<std::size_t>(end - mended.data())});
}

bool take_reference(Cursor& cursor, std::string_view& host) {
  const std::size_t length = cursor.rest().find(']');
  if (length == std::string_view::npos) return false;
  host = cursor.rest().substr(0, length + 1);
  const auto address = parse_host_address(host);
  if (!address || !address->is_ipv6()) return false;
  cursor.advance(host.size());
  return true;
}

bool is_ipv4(std::string_view text) {
  for (int octets = 1;; ++octets) {
    const std::size_t digits = span_in(CharSet::digit, text);
    if (digits == 0 || digits > 3 || !parse_number(text.substr(0, digits), 255)) return false;
    text.remove_prefix(digits);
    if (text.empty()) return octets == 4;
    if (text.front() != '.') return false;
    text.remove_prefix(1);
  }
}

// Hosts in their usual form: plain characters, dots and hyphens only between others, and no digit
// at the end, so that the last label is not a number. Nothing is taken when it is not so.
bool take_usual_name(Cursor& cursor, std::string_view& host) {
  const std::string_view text = cursor.rest().substr(0, plain_run(cursor.rest()));
  if (text.empty() || !is_in(CharSet::letter, text.back())) return false;
  bool was_mark = true;
  for (const char c : text) {
    const bool is_mark = c == '.' || c == '-';
    if (is_mark && was_mark) return false;
    was_mark = is_mark;
  }
  host = text;
  cursor.advance(text.size());
  return true;
}

// An IPv4 address with no more behind it that could be of a host; else nothing is taken.
bool take_usual_ipv4(Cursor& cursor, std::string_view& host) {
  const std::string_view text = cursor.rest();
  std::size_t at = 0;
  for (int octets = 1;; ++octets) {
    unsigned octet = 0;
    const std::size_t begin = at;
    for (; at < text.size() && is_digit(text[at]) && at - begin < 3; ++at) {
      octet = octet * 10 + static_cast<unsigned>(text[at] - '0');
    }
    if (at == begin || octet > 255) return false;
    if (octets == 4) break;
    if (at == text.size() || text[at] != '.') return false;
    ++at;
  }
  if (at < text.size() && is_plain(text[at])) return false;
  host = text.substr(0, at);
  cursor.advance(at);
  return true;
}

}  // namespace

bool take_host(Cursor& cursor, std::string_view& host) {
  if (cursor.next_is('[')) return take_reference(cursor, host);
  if (take_usual_ipv4(cursor, host) || take_usual_name(cursor, host)) return true;
  const std::size_t begin = cursor.offset();
  bool numeric = false;
  do {
    const std::string_view label = cursor.take_run(CharSet::label);
    if (label.empty()) {
      // hostname = *( domainlabel "." ) toplabel [ "." ]: an empty label may only end a name.
      if (cursor.offset() == begin || numeric || cursor.next_is('.')) return false;
      break;
    }
    if (label.front() == '-' || label.back() == '-') return false;
    numeric = is_all_in(CharSet::digit, label);
  } while (cursor.take('.'));
  host = cursor.since(begin);
  return !numeric || is_ipv4(host);
}

bool is_host(std::string_view text) {
  Cursor cursor(text);
  std::string_view host;
  return take_host(cursor, host) && cursor.at_end();
}

bool take_port(Cursor& cursor, std::uint16_t& port) {
  const auto number = parse_number(cursor.take_run(CharSet::digit), 65535);
  if (!number || *number == 0) return false;
  port = static_cast<std::uint16_t>(*number);
  return true;
}

std::optional<Address> parse_host_address(std::string_view host) {
  if (const auto address = parse_ip(host)) return address;
  return parse_three_colons(host);
}

}  // namespace imcd::parser
