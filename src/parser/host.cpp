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

// A name in its usual form: up to 48 plain characters, with dots and hyphens only between others,
// and no digit at the end, so that the last label is not a number. Nothing is taken when it is not
// so.
bool take_usual_name(Cursor& cursor, std::string_view& host) {
  const std::string_view text = cursor.rest();
  std::uint64_t plain = 0;
  std::uint64_t marks = 0;
  for (unsigned at = 0; at < 48 && at < text.size(); at += ByteChunk::bytes_max) {
    const ByteChunk chunk(text.data() + at, text.size() - at);
    plain |= std::uint64_t{chunk.plain()} << at;
    marks |= std::uint64_t{chunk.marks()} << at;
    if (chunk.plain() != 0xffff) break;
  }
  const auto length = static_cast<unsigned>(std::countr_one(plain));
  if (length == 0 || length == 48 || !is_in(CharSet::letter, text[length - 1])) return false;
  marks &= (std::uint64_t{1} << length) - 1;
  if ((marks & (marks << 1 | 1)) != 0) return false;
  host = text.substr(0, length);
  cursor.advance(length);
  return true;
}

// Reads one octet and goes behind it; there is no digit at `at` or too large a number: false.
bool take_octet(const char*& at) {
  const auto digit = [&at] { return static_cast<unsigned>(static_cast<unsigned char>(*at)) - '0'; };
  if (digit() > 9) return false;
  unsigned octet = digit();
  ++at;
  for (int more = 0; more < 2 && digit() <= 9; ++more, ++at) octet = octet * 10 + digit();
  return octet <= 255;
}

// An IPv4 address with no more behind it that could be of a host; else nothing is taken.
bool take_usual_ipv4(Cursor& cursor, std::string_view& host) {
  const std::string_view text = cursor.rest();
  // The longest address has 15 bytes, so there is always one behind it, of the text or a NUL.
  const auto bytes = ByteChunk(text.data(), text.size()).bytes();
  const char* at = bytes.data();
  for (int octets = 1; octets <= 4; ++octets) {
    if (!take_octet(at)) return false;
    if (octets < 4 && *at++ != '.') return false;
  }
  if (is_plain(*at)) return false;
  const auto length = static_cast<std::size_t>(at - bytes.data());
  host = text.substr(0, length);
  cursor.advance(length);
  return true;
}

}  // namespace

bool take_host(Cursor& cursor, std::string_view& host) {
  if (cursor.next_is('[')) return take_reference(cursor, host);
  const bool is_numeric = !cursor.at_end() && is_digit(cursor.front());
  if (is_numeric ? take_usual_ipv4(cursor, host) : take_usual_name(cursor, host)) return true;
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
  std::uint32_t number = 0;
  for (; !cursor.at_end() && is_digit(cursor.front()); cursor.advance(1)) {
    number = number * 10 + static_cast<std::uint32_t>(cursor.front() - '0');
    if (number > 65535) return false;
  }
  port = static_cast<std::uint16_t>(number);
  return number != 0;
}

std::optional<Address> parse_host_address(std::string_view host) {
  if (const auto address = parse_ip(host)) return address;
  return parse_three_colons(host);
}

}  // namespace imcd::parser
