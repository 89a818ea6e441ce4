#include "parser/stream_framer.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "parser/characters.h"

namespace imcd::parser {
namespace {

// Where the value of Content-Length begins in this line, in either form and any case; 0: it is
// another field.
std::size_t length_value(std::string_view line) {
  for (const std::string_view name : {"content-length", "l"}) {
    if (!starts_with_ignoring_case(line, name)) continue;
    std::size_t at = name.size();
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at < line.size() && line[at] == ':') return at + 1;
  }
  return 0;
}

bool is_stray(char c) { return c == '\0' || c == '\n'; }

// RFC 3261 7.3.1: a line that begins with a blank continues the one before.
std::string_view folded_value(std::string_view text) {
  std::size_t end = text.find("\r\n");
  while (end + 2 < text.size() && is_blank(text[end + 2])) end = text.find("\r\n", end + 2);
  text = text.substr(0, end);
  const auto is_space = [](char c) { return is_blank(c) || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

StreamFramer::Piece StreamFramer::next(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (searched_ == 0 && !is_in(CharSet::token, bytes.front())) return between(bytes);
  if (head_size_ == 0) {
    const std::string_view head = bytes.substr(0, limits::stream_head_bytes_max);
    if (!find_head_end(head)) {
      if (head.size() < limits::stream_head_bytes_max) return {};
      return fault(Fault::head_too_long, head.size());
    }
    const auto length = content_length(bytes.substr(0, head_size_));
    if (!length) return fault(length.error().fault, head_size_);
    body_size_ = static_cast<std::uint32_t>(*length);
  }
  const std::size_t size = std::size_t{head_size_} + body_size_;
  if (bytes.size() < size) return {};
  *this = {};
  return {Kind::message, size};
}

// RFC 5626 3.5.1: two empty lines ask whether we are there.
StreamFramer::Piece StreamFramer::between(std::string_view bytes) {
  if (is_stray(bytes.front())) return take_stray();
  if (bytes.front() != '\r') return fault(Fault::not_sip, 0);
  if (bytes.size() == 1) return {};
  if (bytes[1] != '\n') return fault(Fault::not_sip, 0);
  after_empty_line_ = !after_empty_line_;
  return {after_empty_line_ ? Kind::empty_line : Kind::ping, 2};
}

// One at a time, so that how the stream is cut makes no difference.
StreamFramer::Piece StreamFramer::take_stray() {
  if (++strays_ > limits::stream_strays_max) return fault(Fault::not_sip, 0);
  after_empty_line_ = false;
  return {Kind::stray, 1};
}

// A head ends at CRLF CRLF only (RFC 3261 25.1). An LF by itself ends a line for parse_message,
// too.
bool StreamFramer::find_head_end(std::string_view bytes) {
  for (;;) {
    const std::size_t end = bytes.find('\n', searched_);
    if (end == std::string_view::npos) {
      searched_ = static_cast<std::uint32_t>(bytes.size());
      return false;
    }
    searched_ = static_cast<std::uint32_t>(end + 1);
    const bool is_crlf = end != 0 && bytes[end - 1] == '\r';
    const bool is_behind_crlf = line_begin_ > 1 && bytes[line_begin_ - 2] == '\r';
    if (is_crlf && end - 1 == line_begin_ && is_behind_crlf) {
      head_size_ = searched_;
      return true;
    }
    note_line(bytes, is_crlf ? end - 1 : end);
    line_begin_ = searched_;
  }
}

void StreamFramer::note_line(std::string_view bytes, std::size_t end) {
  const char first = lower(bytes[line_begin_]);
  if (line_begin_ == 0 || line_begin_ == end || (first != 'c' && first != 'l')) return;
  const std::size_t value = length_value(bytes.substr(line_begin_, end - line_begin_));
  if (value == 0) return;
  if (length_value_ != 0) repeats_length_ = true;
  length_value_ = static_cast<std::uint32_t>(line_begin_ + value);
}

// RFC 3261 18.3 and 20.14: a stream needs the field. Two of them could be read in two ways, which
// is how a message is smuggled past a proxy.
Parsed<std::size_t> StreamFramer::content_length(std::string_view head) const {
  const auto refuse = [&](Fault fault) {
    return std::unexpected(ParseError{fault, length_value_});
  };
  if (length_value_ == 0) return refuse(Fault::missing_content_length);
  if (repeats_length_) return refuse(Fault::repeated_content_length);
  const std::string_view value = folded_value(head.substr(length_value_));
  if (!is_all_in(CharSet::digit, value)) return refuse(Fault::bad_content_length);
  const auto length = parse_number(value, limits::stream_body_bytes_max);
  if (!length) return refuse(Fault::body_too_long);
  return *length;
}

}  // namespace imcd::parser
