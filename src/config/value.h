// Values: text as an operator writes it, turned into what Settings hold. Each function answers
// with the value or with a sentence that completes "listen = xyz: ..." and says what was expected.
// Pure functions; none resolves a name or looks at a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/log.h"
#include "base/names.h"
#include "base/result.h"
#include "base/settings.h"
#include "base/time.h"
#include "config/option.h"

namespace imcd::config {

Result<std::uint32_t> parse_count(std::string_view value, Bounds bounds);
Result<std::size_t> parse_bytes(std::string_view value, Bounds bounds);
Result<Duration> parse_milliseconds(std::string_view value, Bounds bounds);
Result<Duration> parse_seconds(std::string_view value, Bounds bounds);
Result<bool> parse_flag(std::string_view value, Bounds bounds);
Result<std::uint32_t> parse_file_mode(std::string_view value, Bounds bounds);

// `udp:IP:PORT` or `tcp:IP:PORT`, IPv6 in brackets.
Result<Endpoint> parse_listen(std::string_view value, Bounds bounds);
// `IP` or `IP:PORT`; without a port it is 0.
Result<Address> parse_advertise(std::string_view value, Bounds bounds);
// `HOST`, `HOST:PORT`, `sip:HOST` or `sip:HOST:PORT`, and perhaps `;transport=tcp`; the port of an
// address is 5060 where none is given.
Result<NextHop> parse_proxy(std::string_view value, Bounds bounds);
// `IP` or `IP:PORT`; the port is 53 where none is given.
Result<Address> parse_dns_server(std::string_view value, Bounds bounds);
Result<Network> parse_trusted(std::string_view value, Bounds bounds);

Result<std::string> parse_table_name(std::string_view value, Bounds bounds);
// An absolute path; parse_optional_path takes an empty value too.
Result<std::string> parse_path(std::string_view value, Bounds bounds);
Result<std::string> parse_optional_path(std::string_view value, Bounds bounds);

Result<char> parse_command_char(std::string_view value, Bounds bounds);
// `Name: value`, or several of them with `\r\n` between, as the module takes them; the answer has
// each line ended by CRLF.
Result<std::string> parse_extra_headers(std::string_view value, Bounds bounds);

// A host name or address as it stands in a SIP URI, without a port.
Result<std::string> parse_domain(std::string_view value, Bounds bounds);
// True for `anyone`, false for `mi`.
// RFC 3261 25.1: media-range, in lower case, without parameters.
Result<std::string> parse_content_types(std::string_view value, Bounds bounds);
// A pattern of names, or the word `auto`.
Result<std::string> parse_room_names(std::string_view value, Bounds bounds);
Result<bool> parse_room_create(std::string_view value, Bounds bounds);
// True for `destroy`, false for `refuse`.
Result<bool> parse_owner_exit(std::string_view value, Bounds bounds);
// True for `request_uri`, false for `to`.
Result<bool> parse_room_address(std::string_view value, Bounds bounds);
Result<ReplyToSource> parse_reply_to_source(std::string_view value, Bounds bounds);
// True for `relaxed`, false for `group`.
Result<bool> parse_db_durability(std::string_view value, Bounds bounds);
Result<LogLevel> parse_log_level(std::string_view value, Bounds bounds);
Result<LogFormat> parse_log_format(std::string_view value, Bounds bounds);

}  // namespace imcd::config
