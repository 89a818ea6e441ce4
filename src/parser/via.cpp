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
  if (cursor.take(usual)) {
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

void take_branch(Via& via, std::string_view branch) {
  via.branch = branch;
  via.has_branch_cookie =
      branch.size() > branch_cookie.size() &&
      (branch.starts_with(branch_cookie) || starts_with_ignoring_case(branch, branch_cookie));
}

bool set_branch(Via& via, const Parameter& parameter) {
  if (!via.branch.empty() || !parameter.is_token) return false;
  take_branch(via, parameter.value);
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
    return parameter.name == name || equal_ignoring_case(parameter.name, name);
  };
  if (is("branch")) return set_branch(via, parameter);
  if (is("received")) return set_received(via, parameter);
  if (is("rport")) return set_rport(via, parameter);
  if (is("maddr")) return set_maddr(via, parameter);
  if (is("ttl")) return is_ttl(parameter);
  return true;
}

// One of the parameters that nearly all Via values have, spelled as nearly all do, with nothing but
// the next one or the end behind it. False where it stands otherwise: then it is for
// take_parameter, and nothing is taken.
bool take_usual_parameter(Cursor& cursor, Via& via) {
  Cursor next = cursor;
  std::string_view branch;
  std::string_view received;
  bool has_rport = false;
  if (next.take(";branch=")) {
    branch = next.take_long_run<CharSet::token>();
    if (branch.empty() || !via.branch.empty()) return false;
  } else if (next.take(";received=")) {
    received = next.take_long_run<CharSet::token>();
    if (received.empty() || !via.received.empty()) return false;
  } else if (next.take(";rport")) {
    std::uint16_t port = 0;
    if (next.take('=') && !take_port(next, port)) return false;
    if (via.has_rport) return false;
    has_rport = true;
  }
  if (next.offset() == cursor.offset() || !(next.at_end() || next.next_is(';'))) return false;
  if (!branch.empty()) take_branch(via, branch);
  if (!received.empty()) via.received = received;
  via.has_rport |= has_rport;
  cursor = next;
  return true;
}

bool take_any_parameter(Cursor& cursor, Via& via, std::size_t& end) {
  Parameter parameter;
  if (!take_parameter(cursor, parameter) || !set_parameter(via, parameter)) return false;
  end = cursor.offset_of(parameter.text) + parameter.text.size();
  return true;
}

// *( SEMI via-params ). On false, `via` holds those before the fault.
bool take_parameters(Cursor& cursor, Via& via) {
  const std::size_t begin = cursor.offset_of(via.sent);
  const std::size_t sent_end = begin + via.sent.size();
  std::size_t end = sent_end;
  bool is_good = true;
  while (is_good) {
    if (take_usual_parameter(cursor, via)) {
      end = cursor.offset();
    } else if (cursor.take_separator(';')) {
      is_good = take_any_parameter(cursor, via, end);
    } else {
      break;
    }
  }
  via.text = cursor.between(begin, end);
  via.parameters = cursor.between(sent_end, end);
  return is_good;
}

// The end of the value, or a comma with another value behind it.
bool take_end(Cursor& cursor, Via& via) {
  const bool has_next = cursor.take_separator(',');
  via.next = cursor.offset();
  return has_next ? !cursor.at_end() && !cursor.next_is(',') : cursor.at_end();
}

}  // namespace

Parsed<void> parse_via(std::string_view value, Via& via) {
  Cursor cursor(value);
  via = {};
  if (take_sent(cursor, via) && take_parameters(cursor, via) && take_end(cursor, via)) return {};
  return std::unexpected(ParseError{Fault::bad_via, static_cast<std::uint32_t>(cursor.offset())});
}

Parsed<Via> parse_via(std::string_view value) {
  Via via;
  if (const auto parsed = parse_via(value, via); !parsed) return std::unexpected(parsed.error());
  return via;
}

std::optional<Via> usable_via(std::string_view value) {
  Cursor cursor(value);
  Via via;
  if (!take_sent(cursor, via)) return std::nullopt;
  if (!take_parameters(cursor, via) || !take_end(cursor, via)) via.next = value.size();
  return via;
}

}  // namespace imcd::parser
