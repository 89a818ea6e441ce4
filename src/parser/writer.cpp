#include "parser/writer.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "parser/host.h"
#include "parser/name_addr.h"
#include "parser/parameter.h"
#include "parser/utf8.h"

namespace imcd::parser {
namespace {

constexpr std::string_view line_end = "\r\n";

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

bool is_line_break(char c) { return c == '\r' || c == '\n'; }

// Removes a run of control characters that stands for one blank: a line break with all white space
// behind it, or one other character.
void skip_break(std::string_view& text) {
  const bool is_fold = is_line_break(text.front());
  text.remove_prefix(1);
  while (is_fold && !text.empty() && (is_line_break(text.front()) || is_blank(text.front()))) {
    text.remove_prefix(1);
  }
}

// RFC 3261 25.1, via-received: an IPv6 address without the brackets that write_host gives it.
void write_received(ByteBuffer& out, const Address& source) {
  out.append(";received=");
  const std::size_t begin = out.size();
  write_host(out, source);
  if (!source.is_ipv6()) return;
  char* const host = out.data() + begin;
  const std::size_t inside = out.size() - begin - 2;
  std::memmove(host, host + 1, inside);
  out.truncate(begin + inside);
}

bool is_source(std::string_view host, const Address& source) {
  const auto address = parse_host_address(host);
  return address && address->same_host(source);
}

// All parameters but those that only we may set.
void write_via_parameters(ByteBuffer& out, const Via& via) {
  Cursor cursor(via.parameters);
  while (cursor.take_separator(';')) {
    Parameter parameter;
    if (!take_parameter(cursor, parameter)) return;
    if (equal_ignoring_case(parameter.name, "received")) continue;
    if (equal_ignoring_case(parameter.name, "rport")) continue;
    out.append(';');
    write_line_text(out, parameter.text);
  }
}

// RFC 3261 18.2.1 and RFC 3581 4.
void write_top_via(ByteBuffer& out, std::string_view value, const Address& source) {
  const auto via = usable_via(value);
  if (!via) {
    write_line_text(out, value);
    return;
  }
  write_line_text(out, via->sent);
  write_via_parameters(out, *via);
  if (!source.empty() && (via->has_rport || !is_source(via->host, source))) {
    write_received(out, source);
  }
  if (!source.empty() && via->has_rport) {
    out.append(";rport=");
    out.append_number(source.port);
  }
  if (via->next < value.size()) {
    out.append(", ");
    write_line_text(out, value.substr(via->next));
  }
}

void write_name(ByteBuffer& out, HeaderName name) {
  out.append(header_name_text(name));
  out.append(": ");
}

void write_vias(ByteBuffer& out, const MessageView& view, const Address& source) {
  bool is_top = true;
  for (std::size_t i = 0; i < view.header_count; ++i) {
    const HeaderField& field = view.headers[i];
    if (field.name != HeaderName::via) continue;
    write_name(out, HeaderName::via);
    if (is_top) {
      write_top_via(out, field.value, source);
    } else {
      write_line_text(out, field.value);
    }
    out.append(line_end);
    is_top = false;
  }
}

void write_copy(ByteBuffer& out, const MessageView& view, HeaderName name) {
  const auto value = view.find(name);
  if (!value) return;
  write_name(out, name);
  write_line_text(out, *value);
  out.append(line_end);
}

// Of a To that cannot be parsed it is only known whether something like a tag is in it.
bool seems_to_have_tag(std::string_view to) {
  for (std::size_t at = to.find(';'); at != std::string_view::npos; at = to.find(';', at + 1)) {
    Cursor cursor(to.substr(at + 1));
    cursor.take_white_space();
    if (equal_ignoring_case(cursor.take_run(CharSet::token), "tag")) return true;
  }
  return false;
}

// RFC 3261 8.2.6.2: the To of the request, with a tag of ours where it has none.
void write_to(ByteBuffer& out, const MessageView& view, std::string_view to_tag) {
  const auto to = view.find(HeaderName::to);
  if (!to) return;
  write_name(out, HeaderName::to);
  const auto parsed = parse_name_addr(*to, Fault::bad_to);
  if (parsed && !parsed->has_tag && parsed->tag.data() != nullptr) {
    const auto place = static_cast<std::size_t>(parsed->tag.data() - to->data());
    write_line_text(out, to->substr(0, place));
    out.append(to_tag);
    write_line_text(out, to->substr(place));
  } else {
    write_line_text(out, *to);
    const bool has_tag = parsed ? parsed->has_tag : seems_to_have_tag(*to);
    if (!to_tag.empty() && !has_tag) {
      out.append(";tag=");
      out.append(to_tag);
    }
  }
  out.append(line_end);
}

}  // namespace

void write_line_text(ByteBuffer& out, std::string_view text) {
  const std::size_t begin = out.size();
  for (;;) {
    std::size_t length = 0;
    while (length < text.size() && !is_control(text[length])) ++length;
    out.append(text.substr(0, length));
    text.remove_prefix(length);
    if (text.empty()) return;
    const bool is_fold = is_line_break(text.front());
    skip_break(text);
    // The blanks before a fold are part of the white space it stands for.
    const bool has_blank = out.size() > begin && is_blank(out.view().back());
    if (!is_fold || !has_blank) out.append(' ');
  }
}

void write_quoted_text(ByteBuffer& out, std::string_view text, std::size_t bytes_max) {
  std::size_t left = bytes_max;
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = code_point_bytes(text);
    const bool needs_escape = c == '"' || c == '\\';
    const std::size_t needed = needs_escape ? 2 : std::max<std::size_t>(length, 1);
    if (needed > left) return;
    left -= needed;
    if (needs_escape) out.append('\\');
    if (length == 0) {
      out.append('?');
      text.remove_prefix(1);
    } else if (is_control(c)) {
      out.append(' ');
      skip_break(text);
    } else {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
}

void write_status_line(ByteBuffer& out, Status status) {
  out.append("SIP/2.0 ");
  out.append_number(status.code);
  out.append(' ');
  out.append(status.reason);
  out.append(line_end);
}

void write_response_head(ByteBuffer& out, const MessageView& view, const Address& source,
                         Status status, std::string_view to_tag) {
  write_status_line(out, status);
  write_response_fields(out, view, source, to_tag);
}

void write_response_fields(ByteBuffer& out, const MessageView& view, const Address& source,
                           std::string_view to_tag) {
  write_vias(out, view, source);
  write_copy(out, view, HeaderName::from);
  write_to(out, view, to_tag);
  write_copy(out, view, HeaderName::call_id);
  write_copy(out, view, HeaderName::cseq);
}

void write_field(ByteBuffer& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  out.append(value);
  out.append(line_end);
}

void write_field(ByteBuffer& out, std::string_view name, std::uint64_t value) {
  out.append(name);
  out.append(": ");
  out.append_number(value);
  out.append(line_end);
}

void end_without_body(ByteBuffer& out) { out.append("Content-Length: 0\r\n\r\n"); }

Address response_target(const Via& top_via, const Address& source) {
  const std::uint16_t sent_by_port = top_via.port != 0 ? top_via.port : default_sip_port;
  if (const auto maddr = parse_host_address(top_via.maddr)) {
    Address target = *maddr;
    target.port = sent_by_port;
    return target;
  }
  Address target = source;
  if (!top_via.has_rport) target.port = sent_by_port;
  return target;
}

}  // namespace imcd::parser
