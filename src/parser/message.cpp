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

void reset(MessageView& view) {
  view.is_request = false;
  view.method = Method::other;
  view.method_text = {};
  view.request_uri = {};
  view.status = 0;
  view.reason = {};
  view.body = {};
  view.header_count = 0;
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
    fault.note(line.has_control ? Fault::control_character : Fault::bad_header_line, line.begin);
    return;
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
    take_header_line(bytes, head.lines[i], view, fault);
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
