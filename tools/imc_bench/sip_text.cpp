#include "sip_text.h"

#include "base/text.h"

namespace imcd::bench {

namespace {

constexpr std::string_view version = "SIP/2.0";

// Without the line end, which may lack the CR.
std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// From the start of `line` to the end of the line that was read last, fold and line end included.
std::string_view whole(std::string_view line, std::string_view rest) {
  return {line.data(), static_cast<std::size_t>(rest.data() - line.data())};
}

std::string_view parameter(std::string_view value, std::string_view name) {
  const auto at = value.find(name);
  if (at == std::string_view::npos) return {};
  value.remove_prefix(at + name.size());
  return value.substr(0, value.find_first_of(";, \t\r\n"));
}

bool scan_start_line(std::string_view line, SipText& out) {
  if (line.starts_with(version)) {
    if (line.size() < version.size() + 4) return false;
    out.status =
        static_cast<int>(parse_number(line.substr(version.size() + 1, 3), 699).value_or(0));
    return out.status >= 100;
  }
  if (!line.ends_with(version)) return false;
  out.method = line.substr(0, line.find(' '));
  const auto user = line.find("sip:");
  if (user == std::string_view::npos) return true;
  out.user = line.substr(user + 4);
  out.user = out.user.substr(0, out.user.find_first_of("@; >"));
  return true;
}

void note(std::string_view& field, std::string_view text) {
  if (field.empty()) field = text;
}

void scan_header(std::string_view name, std::string_view text, SipText& out) {
  const auto is = [name](std::string_view full, std::string_view compact) {
    return equal_ignoring_case(name, full) || equal_ignoring_case(name, compact);
  };
  switch (lower(name.empty() ? ' ' : name.front())) {
    case 'v':
      if (!is("via", "v")) return;
      if (out.vias.empty()) {
        out.branch = parameter(text, "branch=");
        out.vias = text;
      } else if (out.vias.data() + out.vias.size() == text.data()) {
        out.vias = {out.vias.data(), out.vias.size() + text.size()};
      }
      return;
    case 'f':
      if (is("from", "f")) note(out.from, text);
      return;
    case 't':
      if (is("to", "t")) note(out.to, text);
      return;
    case 'i':
      if (is("i", "i")) note(out.call_id, text);
      return;
    case 'c':
      if (is("call-id", "call-id")) note(out.call_id, text);
      if (is("cseq", "cseq")) note(out.cseq, text);
      return;
    default:
      return;
  }
}

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool scan(std::string_view datagram, SipText& out) {
  out = {};
  std::string_view rest = datagram;
  if (!scan_start_line(take_line(rest), out)) return false;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (line.empty()) {
      out.body = rest;
      return true;
    }
    while (!rest.empty() && is_blank(rest.front())) take_line(rest);  // RFC 3261 7.3.1
    scan_header(trim(line.substr(0, line.find(':'))), whole(line, rest), out);
  }
  return false;
}

void write_response(ByteBuffer& out, const SipText& request, int status) {
  out.append(version);
  out.append(' ');
  out.append_number(static_cast<std::uint64_t>(status));
  out.append(status == 200 ? " OK\r\n" : " Refused\r\n");
  out.append(request.vias);
  out.append(request.from);
  out.append(without_line_end(request.to));
  if (!request.to.contains(";tag=")) out.append(";tag=bench");
  out.append("\r\n");
  out.append(request.call_id);
  out.append(request.cseq);
  out.append("Content-Length: 0\r\n\r\n");
}

}  // namespace imcd::bench
