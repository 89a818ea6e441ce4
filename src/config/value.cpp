#include "config/value.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <span>

#include "base/limits.h"
#include "base/text.h"

namespace imcd::config {
namespace {

template <class Enum>
struct Word {
  std::string_view text;
  Enum value;
};

template <class Enum>
Result<Enum> choose(std::string_view value, std::span<const Word<Enum>> words) {
  std::string expected;
  for (const Word<Enum>& word : words) {
    if (word.text == value) return word.value;
    if (!expected.empty()) expected += &word == &words.back() ? " or " : ", ";
    expected += word.text;
  }
  return fail("expected " + expected);
}

Result<std::uint64_t> parse_bounded(std::string_view value, Bounds bounds) {
  const auto number = parse_number(value, bounds.highest);
  if (number && *number >= bounds.lowest) return *number;
  return fail(fmt::format("expected a whole number from {} to {}", bounds.lowest, bounds.highest));
}

// Whether this could be a host name: then the operator should hear that names are the trouble.
bool looks_like_name(std::string_view text) {
  const auto letter = [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; };
  return std::any_of(text.begin(), text.end(), letter) && !text.contains(":") &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
         });
}

// RFC 1035 2.3.4, with the underscores that service names have: labels of 1 to 63 characters, 253
// in all. A last label of digits makes it a mistyped address.
bool is_dns_name(std::string_view text) {
  if (text.size() > 253) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || label.size() > 63) return false;
    if (dot == std::string_view::npos) return !std::ranges::all_of(label, is_digit);
    text.remove_prefix(dot + 1);
  }
}

struct HostPort {
  std::optional<Address> address;
  bool is_name = false;
};

// An address with or without a port.
HostPort split_host_port(std::string_view text, std::uint16_t default_port) {
  if (auto address = parse_ip(text, default_port)) return {address};
  if (auto address = parse_address(text)) return {address->port != 0 ? address : std::nullopt};
  return {std::nullopt, looks_like_name(text.substr(0, text.rfind(':')))};
}

bool is_table_name_byte(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

// RFC 3261 25.1: token.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view("-.!%*_+`'~").contains(c);
  });
}

// What imcd writes into each of its requests, or what would change where they go or are answered.
constexpr auto own_headers = std::to_array<std::string_view>({"Via",
                                                              "v",
                                                              "From",
                                                              "f",
                                                              "To",
                                                              "t",
                                                              "Call-ID",
                                                              "i",
                                                              "CSeq",
                                                              "Max-Forwards",
                                                              "Contact",
                                                              "m",
                                                              "Content-Type",
                                                              "c",
                                                              "Content-Length",
                                                              "l",
                                                              "X-IMC-Loop",
                                                              "In-Reply-To",
                                                              "Require",
                                                              "Proxy-Require"});

Result<void> check_header_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(trim(line.substr(0, colon)))) {
    return fail("expected `Name: value`, several of them with \\r\\n between");
  }
  const std::string_view name = trim(line.substr(0, colon));
  for (std::string_view own : own_headers) {
    if (equal_ignoring_case(own, name)) {
      return fail(fmt::format("expected headers that imcd doesn't write itself, unlike {}", own));
    }
  }
  return {};
}

}  // namespace

Result<std::uint32_t> parse_count(std::string_view value, Bounds bounds) {
  const auto number = parse_bounded(value, bounds);
  if (!number) return std::unexpected(number.error());
  return static_cast<std::uint32_t>(*number);
}

Result<std::size_t> parse_bytes(std::string_view value, Bounds bounds) {
  const auto number = parse_bounded(value, bounds);
  if (!number) return std::unexpected(number.error());
  return static_cast<std::size_t>(*number);
}

Result<Duration> parse_milliseconds(std::string_view value, Bounds bounds) {
  const auto number = parse_bounded(value, bounds);
  if (!number) return std::unexpected(number.error());
  return std::chrono::milliseconds(*number);
}

Result<Duration> parse_seconds(std::string_view value, Bounds bounds) {
  const auto number = parse_bounded(value, bounds);
  if (!number) return std::unexpected(number.error());
  return std::chrono::seconds(*number);
}

Result<bool> parse_flag(std::string_view value, Bounds) {
  if (value == "0") return false;
  if (value == "1") return true;
  return fail("expected 0 or 1");
}

Result<std::uint32_t> parse_file_mode(std::string_view value, Bounds) {
  const bool octal =
      value.size() >= 3 && value.size() <= 4 &&
      std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '7'; });
  if (!octal || (value.size() == 4 && value.front() != '0')) {
    return fail("expected an octal file mode from 000 to 0777, such as 0660");
  }
  std::uint32_t mode = 0;
  for (char c : value) mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  return mode;
}

Result<Endpoint> parse_listen(std::string_view value, Bounds) {
  const bool is_tcp = value.starts_with("tcp:");
  const auto address = is_tcp || value.starts_with("udp:") ? parse_address(value.substr(4))
                                                           : std::optional<Address>{};
  if (address) return Endpoint{is_tcp ? Transport::tcp : Transport::udp, *address};
  return fail("expected udp:IP:PORT or tcp:IP:PORT, such as udp:127.0.0.1:5070 or tcp:[::1]:5070");
}

Result<Address> parse_advertise(std::string_view value, Bounds) {
  const HostPort split = split_host_port(value, 0);
  if (split.is_name) return fail("names are not looked up in this version; expected IP or IP:PORT");
  if (!split.address || split.address->is_wildcard()) {
    return fail("expected IP or IP:PORT that peers can reach, such as 192.0.2.1 or [2001:db8::1]");
  }
  return *split.address;
}

Result<NextHop> parse_proxy(std::string_view value, Bounds) {
  constexpr std::string_view expected =
      "expected HOST, HOST:PORT or sip:HOST:PORT, such as 192.0.2.1:5060 or proxy.example.org";
  if (value.starts_with("sips:")) {
    return fail("TLS is not available in this version; " + std::string(expected));
  }
  if (starts_with_ignoring_case(value, "sip:")) value.remove_prefix(4);
  Transport transport = Transport::udp;
  if (const std::size_t at = value.find(';'); at != std::string_view::npos) {
    const std::string_view parameter = value.substr(at);
    if (equal_ignoring_case(parameter, ";transport=tcp")) {
      transport = Transport::tcp;
    } else if (!equal_ignoring_case(parameter, ";transport=udp")) {
      return fail("expected no parameter but ;transport=tcp or ;transport=udp");
    }
    value = value.substr(0, at);
  }
  const HostPort split = split_host_port(value, default_sip_port);
  if (split.address && !split.address->is_wildcard()) {
    return NextHop(*split.address, transport);
  }
  const std::size_t colon = value.rfind(':');
  std::uint64_t port = 0;
  if (colon != std::string_view::npos) {
    port = parse_number(value.substr(colon + 1), 65535).value_or(0);
    if (port == 0) return fail(std::string(expected));
  }
  std::string_view name = value.substr(0, colon);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (!split.is_name || !is_dns_name(name)) return fail(std::string(expected));
  return NextHop(to_lower(name), static_cast<std::uint16_t>(port), transport);
}

Result<Address> parse_dns_server(std::string_view value, Bounds) {
  const HostPort split = split_host_port(value, 53);
  if (split.address && !split.address->is_wildcard()) return *split.address;
  return fail("expected IP or IP:PORT, such as 192.0.2.53 or [2001:db8::53]:53");
}

Result<Network> parse_trusted(std::string_view value, Bounds) {
  if (const auto network = parse_network(value)) return *network;
  return fail("expected IP or IP/BITS, such as 192.0.2.1 or 10.0.0.0/8 or 2001:db8::/32");
}

Result<std::string> parse_table_name(std::string_view value, Bounds) {
  const bool plain = !value.empty() && value.size() <= 64 && !is_digit(value.front()) &&
                     std::all_of(value.begin(), value.end(), is_table_name_byte);
  // SQLite keeps names of this form for itself; the others are tables of the schema.
  const bool taken = starts_with_ignoring_case(value, "sqlite_") ||
                     starts_with_ignoring_case(value, "imcd_") ||
                     equal_ignoring_case(value, "version");
  if (plain && !taken) return std::string(value);
  return fail(
      "expected at most 64 letters, digits and underscores, no digit first, "
      "and not version, imcd_... or sqlite_...");
}

Result<std::string> parse_path(std::string_view value, Bounds) {
  if (value.starts_with('/')) return std::string(value);
  return fail("expected an absolute path");
}

Result<std::string> parse_optional_path(std::string_view value, Bounds bounds) {
  if (value.empty()) return std::string();
  const auto path = parse_path(value, bounds);
  if (!path) return fail("expected an absolute path, or nothing");
  return path;
}

Result<char> parse_command_char(std::string_view value, Bounds) {
  if (value.size() == 1 && value.front() > ' ' && value.front() < 0x7f) return value.front();
  return fail("expected one printable ASCII character that is no blank");
}

Result<std::string> parse_extra_headers(std::string_view value, Bounds) {
  constexpr std::string_view separator = "\\r\\n";
  std::string lines;
  while (!value.empty()) {
    const std::string_view line = trim(value.substr(0, value.find(separator)));
    value.remove_prefix(std::min(value.size(), value.find(separator)));
    value.remove_prefix(std::min(value.size(), separator.size()));
    if (const auto checked = check_header_line(line); !checked) {
      return std::unexpected(checked.error());
    }
    lines.append(line).append("\r\n");
  }
  return lines;
}

Result<std::string> parse_domain(std::string_view value, Bounds) {
  const bool name = !value.empty() && value.size() <= limits::domain_bytes_max &&
                    std::all_of(value.begin(), value.end(), [](char c) {
                      return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' ||
                             c == '.' || c == '_';
                    });
  if (name || (value.starts_with('[') && parse_ip(value))) return std::string(value);
  return fail("expected a host name or address without a port, an IPv6 address in brackets");
}

Result<std::string> parse_content_types(std::string_view value, Bounds) {
  const std::size_t slash = value.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view type = value.substr(0, slash);
    const std::string_view subtype = value.substr(slash + 1);
    const bool is_range = subtype == "*";
    const bool has_star = type.contains('*') || (!is_range && subtype.contains('*'));
    const bool is_good = is_token(type) && is_token(subtype) && !has_star;
    if (is_good || value == "*/*") return to_lower(value);
  }
  return fail("expected a content type without parameters, such as image/png, image/* or */*");
}

Result<std::string> parse_room_names(std::string_view value, Bounds) {
  const bool is_printable =
      std::ranges::all_of(value, [](unsigned char c) { return c > ' ' && c != 0x7f; });
  const std::size_t at = value.find('@');
  const bool is_whole =
      at == std::string_view::npos || (at > 0 && at + 1 < value.size() && value.rfind('@') == at);
  if (!value.empty() && value.size() <= limits::user_key_bytes_max && is_printable && is_whole) {
    return std::string(value);
  }
  return fail("expected auto or a pattern of names such as chat-* or *@rooms.example.org");
}

Result<bool> parse_room_create(std::string_view value, Bounds) {
  static constexpr std::array words = {Word<bool>{"anyone", true}, Word<bool>{"mi", false}};
  return choose<bool>(value, words);
}

Result<bool> parse_owner_exit(std::string_view value, Bounds) {
  static constexpr std::array words = {Word<bool>{"destroy", true}, Word<bool>{"refuse", false}};
  return choose<bool>(value, words);
}

Result<bool> parse_room_address(std::string_view value, Bounds) {
  static constexpr std::array words = {Word<bool>{"to", false}, Word<bool>{"request_uri", true}};
  return choose<bool>(value, words);
}

Result<ReplyToSource> parse_reply_to_source(std::string_view value, Bounds) {
  static constexpr std::array words = {Word<ReplyToSource>{"auto", ReplyToSource::automatic},
                                       Word<ReplyToSource>{"0", ReplyToSource::off},
                                       Word<ReplyToSource>{"1", ReplyToSource::on}};
  return choose<ReplyToSource>(value, words);
}

Result<bool> parse_db_durability(std::string_view value, Bounds) {
  static constexpr std::array words = {Word<bool>{"group", false}, Word<bool>{"relaxed", true}};
  return choose<bool>(value, words);
}

Result<LogLevel> parse_log_level(std::string_view value, Bounds) {
  static constexpr std::array words = {
      Word<LogLevel>{"debug", LogLevel::debug}, Word<LogLevel>{"info", LogLevel::info},
      Word<LogLevel>{"warning", LogLevel::warning}, Word<LogLevel>{"error", LogLevel::error}};
  return choose<LogLevel>(value, words);
}

Result<LogFormat> parse_log_format(std::string_view value, Bounds) {
  static constexpr std::array words = {Word<LogFormat>{"text", LogFormat::text},
                                       Word<LogFormat>{"json", LogFormat::json}};
  return choose<LogFormat>(value, words);
}

}  // namespace imcd::config
