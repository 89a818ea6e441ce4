#include "parser/start_line.h"

#include <algorithm>

#include "base/text.h"
#include "parser/byte_chunk.h"
#include "parser/characters.h"

namespace imcd::parser {
namespace {

constexpr std::string_view version_prefix = "SIP/";
constexpr std::string_view our_version = "SIP/2.0";

std::unexpected<ParseError> fail_at(Fault fault, std::size_t offset) {
  return std::unexpected(ParseError{fault, static_cast<std::uint32_t>(offset)});
}

// SIP-Version = "SIP" "/" 1*DIGIT "." 1*DIGIT
bool is_version(std::string_view text) {
  if (!starts_with_ignoring_case(text, version_prefix)) return false;
  text.remove_prefix(version_prefix.size());
  const std::size_t major = span_in(CharSet::digit, text);
  if (major == 0 || major == text.size() || text[major] != '.') return false;
  return is_all_in(CharSet::digit, text.substr(major + 1));
}

// Status-Line = SIP-Version SP Status-Code SP Reason-Phrase. The space before an empty reason may
// be missing, as some senders trim it.
bool parse_status_line(std::string_view line, MessageView& view) {
  if (!starts_with_ignoring_case(line, our_version)) return false;
  line.remove_prefix(our_version.size());
  if (line.size() < 4 || line.front() != ' ') return false;
  const auto status = parse_number(line.substr(1, 3), 699);
  if (!status || *status < 100) return false;
  line.remove_prefix(4);
  if (!line.empty() && line.front() != ' ') return false;
  view.status = static_cast<std::uint16_t>(*status);
  view.reason = line.substr(std::min<std::size_t>(1, line.size()));
  return true;
}

// The request line as nearly all write it: whether it was that, and `view` is filled.
bool take_usual_request_line(std::string_view line, std::size_t method_end, MessageView& view) {
  constexpr std::string_view end = " SIP/2.0";
  static_assert(end.substr(1) == our_version);
  if (!line.ends_with(end) || line.size() < method_end + 2 + end.size()) return false;
  const std::string_view uri =
      line.substr(method_end + 1, line.size() - end.size() - method_end - 1);
  if (has_any<&ByteChunk::blanks>(uri)) return false;
  view.request_uri = uri;
  return true;
}

bool contains_version(std::string_view text) {
  for (std::size_t at = text.find(' '); at != std::string_view::npos; at = text.find(' ', at + 1)) {
    if (starts_with_ignoring_case(text.substr(at + 1), version_prefix)) return true;
  }
  return false;
}

// Request-Line = Method SP Request-URI SP SIP-Version, with exactly these two spaces and no other
// blank (RFC 3261 7.1).
Parsed<void> parse_request_line(std::string_view line, bool has_control, MessageView& view) {
  const std::size_t method_end = span_in(CharSet::token, line);
  const bool has_method = method_end != 0 && method_end < line.size() && line[method_end] == ' ';
  const bool is_usual =
      has_method && !has_control && take_usual_request_line(line, method_end, view);
  if (!is_usual && (!has_method || !contains_version(line.substr(method_end)))) {
    return fail_at(Fault::not_sip, 0);
  }
  view.is_request = true;
  view.method_text = line.substr(0, method_end);
  view.method = find_method(view.method_text);
  if (is_usual) return {};
  if (has_control) return fail_at(Fault::control_character, method_end);
  const std::size_t uri_end = line.rfind(' ');
  if (uri_end == method_end) return fail_at(Fault::bad_request_line, method_end);
  const std::string_view uri = line.substr(method_end + 1, uri_end - method_end - 1);
  const std::string_view version = line.substr(uri_end + 1);
  if (uri.empty() || uri.find_first_of(" \t") != std::string_view::npos || !is_version(version)) {
    return fail_at(Fault::bad_request_line, method_end + 1);
  }
  view.request_uri = uri;
  if (!equal_ignoring_case(version, our_version)) return fail_at(Fault::bad_version, uri_end + 1);
  return {};
}

}  // namespace

Parsed<void> parse_start_line(std::string_view line, bool has_control, MessageView& view) {
  // A slash ends a token, so no method begins like this.
  if (starts_with_ignoring_case(line, version_prefix)) {
    if (has_control || !parse_status_line(line, view)) return fail_at(Fault::bad_status_line, 0);
    return {};
  }
  return parse_request_line(line, has_control, view);
}

}  // namespace imcd::parser
