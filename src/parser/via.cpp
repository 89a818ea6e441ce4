#include "parser/via.h"

#include "base/text.h"
#include "parser/host.h"
#include "parser/parameter.h"

namespace imcd::parser {
namespace {

constexpr std::string_view branch_cookie = "z9hG4bK";

// sent-protocol = protocol-name SLASH protocol-version SLASH transport. The version is not judged:
// a request of another SIP version is answered too.
bool take_name_and_version(Cursor& cursor) {
  // What nearly all write, in one comparison.
  constexpr std::string_view usual = "SIP/2.0/";
  if (cursor.rest().starts_with(usual)) {
    cursor.advance(usual.size());
    cursor.take_white_space();
    return true;
  }
  if (cursor.take_run(CharSet::token).empty() || !cursor.take_separator('/')) return false;
  return !cursor.take_run(CharSet::token).empty() && cursor.take_separator('/');
}

bool take_sent_protocol(Cursor& cursor, Via& via) {
  if (!take_name_and_version(cursor)) return false;
  via.transport = cursor.take_run(CharSet::token);
  return !via.transport.empty();
}

// sent-protocol LWS sent-by
bool take_sent(Cursor& cursor, Via& via) {
  cursor.take_white_space();
  const std::size_t begin = cursor.offset();
  if (!take_sent_protocol(cursor, via) || !cursor.take_white_space()) return false;
  if (!take_host(cursor, via.host)) return false;
  via.sent = cursor.since(begin);
  if (cursor.take_separator(':')) {
    if (!take_port(cursor, via.port)) return false;
    via.sent = cursor.since(begin);
  }
  via.text = via.sent;
  return true;
}

bool set_branch(Via& via, const Parameter& parameter) {
  if (!via.branch.empty() || !parameter.is_token) return false;
  via.branch = parameter.value;
  via.has_branch_cookie = via.branch.size() > branch_cookie.size() &&
                          starts_with_ignoring_case(via.branch, branch_cookie);
  return true;
}

// Whoever receives the request sets this one, and we do too, so its value is not judged.
bool set_received(Via& via, const Parameter& parameter) {
  if (!via.received.empty() || !parameter.has_value || parameter.is_quoted) return false;
  via.received = parameter.value;
  return true;
}

bool set_rport(Via& via, const Parameter& parameter) {
  const bool is_good =
      !parameter.has_value || (!parameter.is_quoted && parse_number(parameter.value, 65535));
  if (via.has_rport || !is_good) return false;
  via.has_rport = true;
  return true;
}

bool set_maddr(Via& via, const Parameter& parameter) {
  if (!via.maddr.empty() || parameter.is_quoted || !is_host(parameter.value)) return false;
  via.maddr = parameter.value;
  return true;
}

bool is_ttl(const Parameter& parameter) {
  return !parameter.is_quoted && parameter.value.size() <= 3 && parse_number(parameter.value, 255);
}

// Sets nothing when the parameter is malformed or there a second time.
bool set_parameter(Via& via, const Parameter& parameter) {
  const auto is = [&parameter](std::string_view name) {
    return equal_ignoring_case(parameter.name, name);
  };
  if (is("branch")) return set_branch(via, parameter);
  if (is("received")) return set_received(via, parameter);
  if (is("rport")) return set_rport(via, parameter);
  if (is("maddr")) return set_maddr(via, parameter);
  if (is("ttl")) return is_ttl(parameter);
  return true;
}

// *( SEMI via-params ). On false, `via` holds those before the fault.
bool take_parameters(Cursor& cursor, Via& via) {
  while (cursor.take_separator(';')) {
    Parameter parameter;
    if (!take_parameter(cursor, parameter) || !set_parameter(via, parameter)) return false;
    const char* const end = parameter.text.data() + parameter.text.size();
    via.text = {via.sent.data(), static_cast<std::size_t>(end - via.sent.data())};
    via.parameters = via.text.substr(via.sent.size());
  }
  return true;
}

// The end of the value, or a comma with another value behind it.
bool take_end(Cursor& cursor, Via& via) {
  const bool has_next = cursor.take_separator(',');
  via.next = cursor.offset();
  return has_next ? !cursor.at_end() && !cursor.next_is(',') : cursor.at_end();
}

}  // namespace

Parsed<Via> parse_via(std::string_view value) {
  Cursor cursor(value);
  Via via;
  if (take_sent(cursor, via) && take_parameters(cursor, via) && take_end(cursor, via)) return via;
  return std::unexpected(ParseError{Fault::bad_via, static_cast<std::uint32_t>(cursor.offset())});
}

std::optional<Via> usable_via(std::string_view value) {
  Cursor cursor(value);
  Via via;
  if (!take_sent(cursor, via)) return std::nullopt;
  if (!take_parameters(cursor, via) || !take_end(cursor, via)) via.next = value.size();
  return via;
}

}  // namespace imcd::parser
