#include "parser/message.h"

#include <algorithm>

#include "base/text.h"
#include "parser/characters.h"
#include "parser/line_scanner.h"
#include "parser/start_line.h"

namespace imcd::parser {
namespace {

// How many bytes of CRLF pairs the text begins with (RFC 3261 7.5).
std::size_t count_empty_lines(std::string_view bytes) {
  std::size_t length = 0;
  while (bytes.substr(length).starts_with("\r\n")) length += 2;
  return length;
}

// RFC 5389 6: two zero bits first, and the magic cookie behind type and length.
bool is_stun(std::string_view bytes) {
  constexpr std::string_view cookie = "\x21\x12\xa4\x42";
  return bytes.size() >= 20 && static_cast<unsigned char>(bytes.front()) < 0x40 &&
         bytes.substr(4, cookie.size()) == cookie;
}

// NULs and line ends, which some clients send so that their NAT does not forget them.
bool is_keepalive(std::string_view bytes) {
  return bytes.find_first_not_of(std::string_view("\0\r\n \t", 5)) == std::string_view::npos;
}

void reset(MessageView& view) {
  view.is_request = false;
  view.method = Method::other;
  view.method_text = {};
  view.request_uri = {};
  view.status = 0;
  view.reason = {};
  view.body = {};
  view.header_count = 0;
  view.ignored_fields = 0;
  view.first.fill(MessageView::absent);
  view.repeated = 0;
}

// Blanks and folds at both ends; a CR or LF that is no part of a fold makes the field unclean.
std::string_view trim_value(const char* begin, const char* end) {
  const auto may_be_space = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  const auto is_space = [](char c) { return is_blank(c) || c == '\r' || c == '\n'; };
  // The usual case, where all that is to be done is to skip one blank.
  if (begin != end && *begin == ' ') ++begin;
  if (begin != end && !may_be_space(*begin) && !may_be_space(end[-1])) return {begin, end};
  while (begin != end && is_space(*begin)) ++begin;
  while (begin != end && is_space(end[-1])) --end;
  return {begin, end};
}

// Whether there is a NUL, bare CR or bare LF other than a NUL behind a backslash in a quoted
// string, which the grammar allows (RFC 3261 25.1, quoted-pair). Called only where the scanner
// found one.
bool has_forbidden_control(std::string_view value) {
  bool is_quoted = false;
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    if (c == '"') is_quoted = !is_quoted;
    if (is_quoted && c == '\\' && at + 1 < value.size() && value[at + 1] != '\r' &&
        value[at + 1] != '\n') {
      ++at;
    } else if (value.substr(at).starts_with("\r\n")) {
      ++at;
    } else if (c == '\0' || c == '\r' || c == '\n') {
      return true;
    }
  }
  return false;
}

// Counts the field behind the last one, once it is filled.
void append_field(MessageView& view, HeaderName name) {
  std::uint8_t& first = view.first[static_cast<std::size_t>(name)];
  if (first == MessageView::absent) {
    first = static_cast<std::uint8_t>(view.header_count);
  } else {
    view.repeated |= 1U << static_cast<unsigned>(name);
  }
  ++view.header_count;
}

// Fields that can be done without: RFC 3261 8.2.2 has them ignored when they are malformed. Those
// that are not here name the sender or the transaction, give a length, or change what is done.
bool is_needless(HeaderName name) {
  switch (name) {
    case HeaderName::content_disposition:
    case HeaderName::content_language:
    case HeaderName::contact:
    case HeaderName::expires:
    case HeaderName::date:
    case HeaderName::in_reply_to:
    case HeaderName::retry_after:
    case HeaderName::accept:
    case HeaderName::other:
      return true;
    default:
      return false;
  }
}

// What a peer in front of us puts in or takes out. It may take a bare LF for no line end, and so
// have let pass what stands behind one.
bool is_guarded(HeaderName name) {
  return name == HeaderName::via || name == HeaderName::route ||
         name == HeaderName::p_asserted_identity || name == HeaderName::privacy ||
         name == HeaderName::x_imc_loop;
}

// The field that a malformed line was meant to be: what its first token names.
HeaderName intended_name(std::string_view line) {
  return find_header_name(line.substr(0, span_in(CharSet::token, line)));
}

// A line without a colon, or whose name is no token. One that begins with a blank continues
// nothing, as it stands behind the start line.
void take_malformed_line(std::string_view text, std::size_t offset, MessageView& view,
                         FirstFault& fault) {
  const bool may_be_ignored = is_needless(intended_name(text)) && !is_blank(text.front());
  if (!may_be_ignored) return fault.note(Fault::bad_header_line, offset);
  ++view.ignored_fields;
}

// message-header = field-name HCOLON field-value: blanks but no line end before the colon.
void take_header_line(std::string_view bytes, const HeadLine& line, MessageView& view,
                      FirstFault& fault) {
  HeaderField& field = view.headers[view.header_count];
  const char* const begin = bytes.data() + line.begin;
  const char* const colon = bytes.data() + line.colon;
  const char* const end = bytes.data() + line.end;
  const char* name_end = colon;
  while (name_end != begin && is_blank(name_end[-1])) --name_end;
  const std::string_view name(begin, name_end);
  field.name = find_header_name(name);
  // The names that are known are tokens.
  const bool is_name = field.name != HeaderName::other || is_all_in(CharSet::token, name);
  if (colon == end || !is_name) {
    if (line.has_control) return fault.note(Fault::control_character, line.begin);
    return take_malformed_line({begin, end}, line.begin, view, fault);
  }
  field.name_text = name;
  field.value = trim_value(colon + 1, end);
  field.folded = line.is_folded && field.value.contains('\n');
  field.unclean = false;
  if (line.has_control && has_forbidden_control({colon + 1, end})) {
    field.unclean = true;
    fault.note(Fault::control_character, line.begin);
  }
  if (line.end - line.begin > limits::header_field_bytes_max) {
    field.unclean = true;
    fault.note(Fault::header_too_long, line.begin);
  }
  append_field(view, field.name);
}

// Where the next LF without a CR before it is; npos: there is none.
std::size_t find_bare_lf(std::string_view text) {
  std::size_t lf = text.find('\n');
  while (lf != std::string_view::npos && lf != 0 && text[lf - 1] == '\r') {
    lf = text.find('\n', lf + 1);
  }
  return lf;
}

bool has_bare_control(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\0' || (text[at] == '\r' && !text.substr(at).starts_with("\r\n"))) return true;
  }
  return false;
}

// A line with a NUL, a bare CR or a bare LF in it. Clients are known to end a field of their own
// with LF alone (RFC 3261 25.1 wants CRLF): a needless one is ignored, and what follows is the next
// line, as it is for most servers.
void take_unclean_line(std::string_view bytes, HeadLine line, MessageView& view,
                       FirstFault& fault) {
  std::string_view text(bytes.data() + line.begin, bytes.data() + line.end);
  bool is_behind_lf = false;
  for (std::size_t lf = find_bare_lf(text); lf != std::string_view::npos; lf = find_bare_lf(text)) {
    const std::string_view piece = text.substr(0, lf);
    const bool may_be_ignored =
        !piece.empty() && !is_blank(piece.front()) && is_needless(intended_name(piece));
    if (!may_be_ignored || has_bare_control(piece)) {
      return take_header_line(bytes, line, view, fault);
    }
    ++view.ignored_fields;
    is_behind_lf = true;
    text.remove_prefix(lf + 1);
    line.begin += static_cast<std::uint32_t>(lf + 1);
    line.colon = line.begin + static_cast<std::uint32_t>(std::min(text.find(':'), text.size()));
  }
  if (is_behind_lf) {
    // A blank continues the field that is ignored.
    if (!text.empty() && is_blank(text.front())) return;
    if (text.empty() || is_guarded(intended_name(text))) {
      return fault.note(Fault::control_character, line.begin);
    }
  }
  line.has_control = has_bare_control(text);
  take_header_line(bytes, line, view, fault);
}

// RFC 3261 18.3, message-oriented transports: without Content-Length the body is all that follows,
// and what is beyond it is dropped.
void take_body(std::string_view rest, std::size_t offset, MessageView& view, FirstFault& fault) {
  const auto value = view.find(HeaderName::content_length);
  if (!value) {
    view.body = rest;
    return;
  }
  if (view.is_repeated(HeaderName::content_length)) {
    fault.note(Fault::repeated_content_length, offset);
  } else if (!is_all_in(CharSet::digit, *value)) {
    fault.note(Fault::bad_content_length, offset);
  } else if (const auto length = parse_number(*value, rest.size())) {
    view.body = rest.substr(0, *length);
  } else {
    // Numbers of any size end here, those beyond 64 bits too.
    fault.note(Fault::content_length_beyond, offset);
  }
}

// From the start line on. Offsets of faults are into `bytes`.
Parsed<void> cut(std::string_view bytes, MessageView& view) {
  if (!is_in(CharSet::token, bytes.front())) {
    if (is_keepalive(bytes)) return std::unexpected(ParseError{Fault::empty, 0});
    return std::unexpected(ParseError{is_stun(bytes) ? Fault::stun : Fault::not_sip, 0});
  }
  Head head;
  scan_head(bytes, head);
  // A datagram without any line end may still show what it was meant to be.
  const bool has_start = head.line_count != 0;
  const std::string_view start = bytes.substr(0, has_start ? head.lines[0].end : bytes.size());
  const bool has_control =
      has_start ? head.lines[0].has_control : start.contains('\0') || start.contains('\n');
  FirstFault fault;
  if (const auto parsed = parse_start_line(start, has_control, view); !parsed) {
    fault.note(parsed.error());
    const Fault what = parsed.error().fault;
    if (what == Fault::not_sip || what == Fault::bad_status_line) return fault.result();
  }
  for (std::size_t i = 1; i < head.line_count; ++i) {
    if (head.lines[i].has_control) {
      take_unclean_line(bytes, head.lines[i], view, fault);
    } else {
      take_header_line(bytes, head.lines[i], view, fault);
    }
  }
  if (head.has_too_many) fault.note(Fault::too_many_headers, head.lines[Head::lines_max - 1].end);
  if (head.is_ended) {
    take_body(bytes.substr(head.end), head.end, view, fault);
  } else {
    fault.note(Fault::header_not_ended, bytes.size());
  }
  return fault.result();
}

}  // namespace

std::optional<std::string_view> MessageView::find_other(std::string_view name) const {
  for (std::size_t i = 0; i < header_count; ++i) {
    const HeaderField& field = headers[i];
    if (field.name == HeaderName::other && equal_ignoring_case(field.name_text, name)) {
      return field.value;
    }
  }
  return std::nullopt;
}

Method find_method(std::string_view text) {
  if (text == "MESSAGE") return Method::message;
  if (text == "OPTIONS") return Method::options;
  if (text == "CANCEL") return Method::cancel;
  if (text == "ACK") return Method::ack;
  return Method::other;
}

Parsed<void> parse_message(std::string_view bytes, MessageView& view) {
  reset(view);
  const std::size_t begin = count_empty_lines(bytes);
  if (begin == bytes.size()) return std::unexpected(ParseError{Fault::empty, 0});
  // Offsets are kept in 32 bits; no datagram and no stream buffer comes near that.
  if (bytes.size() > UINT32_MAX) return std::unexpected(ParseError{Fault::not_sip, 0});
  Parsed<void> parsed = cut(bytes.substr(begin), view);
  if (!parsed) parsed.error().offset += static_cast<std::uint32_t>(begin);
  return parsed;
}

}  // namespace imcd::parser
