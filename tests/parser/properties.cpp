#include "parser/properties.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <initializer_list>
#include <memory>
#include <span>

#include "base/address.h"
#include "base/byte_buffer.h"
#include "base/text.h"
#include "parser/cpim.h"
#include "parser/host.h"
#include "parser/line_scanner.h"
#include "parser/own_response.h"
#include "parser/rewriting.h"
#include "parser/utf8.h"
#include "parser/writer.h"

namespace imcd::parser {
namespace {

Broken say(std::string_view what, std::string_view where = {}) {
  return where.empty() ? std::string(what) : fmt::format("{}:\n{}", what, where);
}

bool lies_in(std::string_view inner, std::string_view outer) {
  if (inner.data() == nullptr) return inner.empty();
  return inner.data() >= outer.data() && inner.data() + inner.size() <= outer.data() + outer.size();
}

bool all_in(std::string_view outer, std::initializer_list<std::string_view> views) {
  return std::ranges::all_of(views,
                             [outer](std::string_view view) { return lies_in(view, outer); });
}

bool all_in(std::string_view outer, const Uri& uri) {
  return all_in(outer, {uri.text, uri.scheme_text, uri.user, uri.password, uri.host, uri.parameters,
                        uri.headers, uri.opaque});
}

bool all_in(std::string_view outer, const NameAddr& name_addr) {
  return all_in(outer, {name_addr.display, name_addr.tag}) && all_in(outer, name_addr.uri);
}

bool all_in(std::string_view outer, const Via& via) {
  return all_in(outer, {via.text, via.sent, via.parameters, via.transport, via.host, via.branch,
                        via.received, via.maddr});
}

bool all_in(std::string_view outer, const MessageView& view) {
  for (std::size_t i = 0; i < view.header_count; ++i) {
    if (!all_in(outer, {view.headers[i].name_text, view.headers[i].value})) return false;
  }
  return all_in(outer, {view.method_text, view.request_uri, view.reason, view.body});
}

bool all_in(std::string_view outer, const RequestFields& fields) {
  return all_in(outer, fields.top_via) && all_in(outer, fields.from) && all_in(outer, fields.to) &&
         all_in(outer, fields.request_uri) && all_in(outer, {fields.call_id, fields.cseq.method});
}

// CR and LF together only, no other control character but HTAB.
bool is_clean(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (text.substr(i).starts_with("\r\n")) {
      ++i;
    } else if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
      return false;
    }
  }
  return true;
}

// --- A message written again ---------------------------------------------------------------------

// Accepted as it is, so accepted again, and the same is seen in it.
Broken find_broken_in_rewriting(const MessageView& view, const Parsed<void>& checked,
                                const RequestFields& fields) {
  const std::string text = rewrite(view);
  const auto again = std::make_unique<MessageView>();
  if (!parse_message(text, *again)) return say("a message is not accepted when rewritten", text);
  if (describe(view) != describe(*again)) return say("a message is another when rewritten", text);
  if (!view.is_request || !checked) return std::nullopt;
  RequestFields fields_again;
  if (!parse_request_fields(*again, fields_again)) {
    return say("a good request is refused when rewritten", text);
  }
  if (describe(fields) != describe(fields_again)) {
    return say("a rewritten request has other fields", text);
  }
  return std::nullopt;
}

// A response copies the fields it must, with a little more in the top Via, however long they were.
bool parses_as_sent(std::string_view bytes, MessageView& view) {
  const Parsed<void> parsed = parse_message(bytes, view);
  return parsed || (!view.is_request && parsed.error().fault == Fault::header_too_long);
}

// --- An answer -----------------------------------------------------------------------------------

std::size_t count_fields(const MessageView& view, HeaderName name) {
  const auto end = view.headers.begin() + static_cast<std::ptrdiff_t>(view.header_count);
  return static_cast<std::size_t>(
      std::ranges::count(view.headers.begin(), end, name, &HeaderField::name));
}

// The response has the request's Via fields in number, the other fields at most once, nothing else,
// and can be read again: nothing in the request began a line of its own.
Broken find_broken_in_response(const MessageView& request, const Address& source,
                               std::string_view to_tag) {
  ByteBuffer out;
  write_response_head(out, request, source, {400, "Bad Request"}, to_tag);
  write_field(out, "Retry-After", 5);
  end_without_body(out);
  const std::string_view text = out.view();
  if (auto broken = find_broken_in_sent(text)) return broken;
  const auto response = std::make_unique<MessageView>();
  if (!parses_as_sent(text, *response)) return say("a response can't be parsed", text);
  std::size_t fields = count_fields(*response, HeaderName::via);
  if (fields != count_fields(request, HeaderName::via)) return say("other Via fields", text);
  for (const HeaderName name :
       {HeaderName::from, HeaderName::to, HeaderName::call_id, HeaderName::cseq}) {
    const std::size_t count = count_fields(*response, name);
    if (count != (request.find(name) ? 1U : 0U)) return say("a field not copied once", text);
    fields += count;
  }
  // Retry-After and Content-Length.
  if (fields + 2 != response->header_count) return say("a field of the request's making", text);

  const auto asked = usable_via(*request.find(HeaderName::via));
  const auto answered = usable_via(*response->find(HeaderName::via));
  if (!asked || !answered) return say("a top Via that is not usable", text);
  if (answered->branch != asked->branch || answered->port != asked->port) {
    return say("another branch or port in the top Via", text);
  }
  const auto sent_by = parse_host_address(asked->host);
  const bool needs_received = asked->has_rport || !sent_by || !sent_by->same_host(source);
  const auto received = parse_host_address(answered->received);
  if (needs_received != (received && received->same_host(source))) {
    return say("a wrong received in the top Via", text);
  }
  const Address target = response_target(*asked, source);
  if (target.port == 0) return say("no port for the answer", text);
  if (asked->maddr.empty() && !target.same_host(source)) return say("an answer gone astray", text);
  return std::nullopt;
}

// --- Scanners ------------------------------------------------------------------------------------

bool is_same(const HeadLine& a, const HeadLine& b) {
  return a.begin == b.begin && a.colon == b.colon && a.end == b.end && a.is_folded == b.is_folded &&
         a.has_control == b.has_control;
}

Broken find_broken_in_scanners(std::string_view bytes) {
  const auto expected = std::make_unique<Head>();
  const auto head = std::make_unique<Head>();
  scan_head(Scanner::scalar, bytes, *expected);
  for (const Scanner scanner : {Scanner::sse2, Scanner::avx2}) {
    if (!has_scanner(scanner)) continue;
    scan_head(scanner, bytes, *head);
    const std::span a(expected->lines.data(), expected->line_count);
    const std::span b(head->lines.data(), head->line_count);
    if (!std::ranges::equal(a, b, is_same) || head->end != expected->end ||
        head->has_too_many != expected->has_too_many || head->is_ended != expected->is_ended) {
      return say(fmt::format("scanner {} sees another head", static_cast<int>(scanner)), bytes);
    }
  }
  return std::nullopt;
}

// --- The short way -------------------------------------------------------------------------------

// Where both take a message, both tell the same.
Broken find_broken_in_short_way(std::string_view bytes, const MessageView& view, bool is_parsed) {
  const auto own = find_own_response(bytes);
  if (!own) return std::nullopt;
  if (!lies_in(own->branch, bytes)) return say("the short way leads beyond the bytes", bytes);
  if (own->status < 200 || own->status > 299) return say("the short way takes what is no 2xx");
  if (!is_parsed) return std::nullopt;
  const auto via = parse_via(view.find(HeaderName::via).value_or(""));
  const auto cseq = parse_cseq(view.find(HeaderName::cseq).value_or(""));
  if (view.is_request) return say("the short way takes a request", bytes);
  if (!via || !cseq) return std::nullopt;
  if (view.status != own->status || via->branch != own->branch ||
      cseq->method != (own->is_to_options ? "OPTIONS" : "MESSAGE")) {
    return say("the short way sees another answer", bytes);
  }
  return std::nullopt;
}

// --- Cuts ----------------------------------------------------------------------------------------

// A few lengths near both ends and some between, so that a fuzzer is not slowed down by all of
// them.
Broken find_broken_in_cuts(std::string_view bytes, const MessageView& whole) {
  if (!whole.find(HeaderName::content_length)) return std::nullopt;
  const auto end = static_cast<std::size_t>(whole.body.data() + whole.body.size() - bytes.data());
  const auto view = std::make_unique<MessageView>();
  for (const std::size_t length :
       {std::size_t{0}, end / 4, end / 2, end - end / 4, end - whole.body.size(), end - 1}) {
    if (length >= end) continue;
    if (parse_message(bytes.substr(0, length), *view)) {
      return say(fmt::format("accepted although cut at {}", length), bytes);
    }
    if (!all_in(bytes.substr(0, length), *view)) return say("a view beyond the cut", bytes);
  }
  if (!parse_message(bytes.substr(0, end), *view)) return say("bytes behind the body count", bytes);
  return std::nullopt;
}

template <class T>
Broken find_broken_in_value(std::string_view value, const Parsed<T>& parsed,
                            Parsed<T> (*parse_again)(std::string_view)) {
  if (!parsed) {
    if (parsed.error().offset > value.size()) return say("an offset beyond the value", value);
    return std::nullopt;
  }
  if (!all_in(value, *parsed)) return say("a view beyond the value", value);
  if (parsed->next > value.size() || parsed->next == 0) return say("no step forward", value);
  const std::string line = one_line(value.substr(0, parsed->next));
  const std::string alone = line.ends_with(',') ? line.substr(0, line.size() - 1) : line;
  const Parsed<T> again = parse_again(alone);
  if (!again) return say("a value is not accepted when rewritten", alone);
  if (describe(*parsed) != describe(*again)) return say("a value is another when rewritten", alone);
  return std::nullopt;
}

std::string in_upper_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

}  // namespace

Broken find_broken_in_sent(std::string_view bytes) {
  const auto view = std::make_unique<MessageView>();
  const std::size_t head = std::min(bytes.find("\r\n\r\n"), bytes.size());
  if (!is_clean(bytes.substr(0, head))) return say("a control character in what is sent", bytes);
  if (!parses_as_sent(bytes, *view)) return say("what is sent can't be parsed", bytes);
  const auto length = view->find(HeaderName::content_length);
  if (!length || parse_number(*length, bytes.size()) != bytes.size() - head - 4) {
    return say("Content-Length is not the length of what is sent", bytes);
  }
  RequestFields fields;
  if (view->is_request && !parse_request_fields(*view, fields)) {
    return say("a request is sent that we would refuse", bytes);
  }
  return std::nullopt;
}

Broken find_broken_in_own_text(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = code_point_bytes(rest);
    const auto byte = static_cast<unsigned char>(rest.front());
    const bool is_control =
        (byte < 0x20 && !rest.starts_with('\n') && !rest.starts_with("\r\n") && byte != '\t') ||
        byte == 0x7f;
    if (length == 0 || is_control) return say("a text of ours with a byte of somebody's", text);
    rest.remove_prefix(length);
  }
  return std::nullopt;
}

Broken find_broken_in_message(std::string_view bytes) {
  if (auto broken = find_broken_in_scanners(bytes)) return broken;
  const auto view = std::make_unique<MessageView>();
  RequestFields fields;
  const Parsed<void> parsed = parse_message(bytes, *view);
  Parsed<void> checked = parsed;
  if (view->is_request) checked = parse_request_fields(*view, fields);
  if (auto broken = find_broken_in_short_way(bytes, *view, parsed.has_value())) return broken;
  if (!all_in(bytes, *view) || !all_in(bytes, fields)) return say("a view beyond the bytes");
  if (!parsed && parsed.error().offset > bytes.size()) return say("an offset beyond the bytes");
  if (is_answerable(*view)) {
    static const Address ipv4 = *parse_address("127.0.0.1:5099");
    static const Address ipv6 = *parse_address("[2001:db8::1]:5099");
    if (auto broken = find_broken_in_response(*view, ipv4, "tag-of-ours")) return broken;
    if (auto broken = find_broken_in_response(*view, ipv6, {})) return broken;
  }
  if (!parsed) return std::nullopt;
  const auto length = view->find(HeaderName::content_length);
  if (length && parse_number(*length, bytes.size()) != view->body.size()) {
    return say("a body of another length than Content-Length");
  }
  if (auto broken = find_broken_in_rewriting(*view, checked, fields)) return broken;
  return find_broken_in_cuts(bytes, *view);
}

Broken find_broken_in_uri(std::string_view text) {
  const Parsed<Uri> uri = parse_uri(text);
  if (!uri) {
    if (uri.error().offset > text.size()) return say("an offset beyond the URI", text);
    return std::nullopt;
  }
  if (!all_in(text, *uri)) return say("a view beyond the URI", text);
  if (uri->text != text) return say("not all of the URI was read", text);
  if (!is_clean(text) || text.contains('\n')) return say("a control character in a URI", text);
  std::string key;
  if (!write_address_of_record_key(key, *uri)) {
    if (!key.empty()) return say("half a key", text);
    return std::nullopt;
  }
  const auto key_of = [](const std::string& spelling) {
    const Parsed<Uri> parsed = parse_uri(spelling);
    std::string out;
    if (parsed) write_address_of_record_key(out, *parsed);
    return out;
  };
  if (key_of("sip:" + key) != key) return say("folding a key changes it", key);
  if (key_of(in_upper_case(text)) != key) return say("the key depends on case", text);
  return std::nullopt;
}

Broken find_broken_in_name_addr(std::string_view value) {
  return find_broken_in_value<NameAddr>(
      value, parse_name_addr(value, Fault::bad_from),
      [](std::string_view text) { return parse_name_addr(text, Fault::bad_from); });
}

Broken find_broken_in_via(std::string_view value) {
  const Parsed<Via> via = parse_via(value);
  const auto usable = usable_via(value);
  if (usable && !all_in(value, *usable)) return say("a view beyond the value", value);
  if (via && (!usable || describe(*via) != describe(*usable) || via->next != usable->next)) {
    return say("a good Via that is not usable", value);
  }
  return find_broken_in_value<Via>(value, via, parse_via);
}

Broken find_broken_in_cseq(std::string_view value) {
  const Parsed<CSeq> cseq = parse_cseq(value);
  if (!cseq) return std::nullopt;
  if (!lies_in(cseq->method, value)) return say("a view beyond the value", value);
  const std::string text = fmt::format("{} {}", cseq->number, cseq->method);
  const Parsed<CSeq> again = parse_cseq(text);
  if (cseq->number >= 1U << 31U || !again || again->number != cseq->number) {
    return say("a CSeq is another when rewritten", value);
  }
  return std::nullopt;
}

Broken find_broken_in_host(std::string_view text) {
  if (!is_host(text)) return std::nullopt;
  const auto address = parse_host_address(text);
  std::string key;
  write_host_key(key, text);
  if (!is_host(key)) return say("a host's key is no host", key);
  std::string twice;
  write_host_key(twice, key);
  if (twice != key) return say("folding a host's key changes it", key);
  if (!address) return std::nullopt;
  const auto again = parse_host_address(host_text(*address));
  if (!again || !again->same_host(*address)) return say("an address is another when written", text);
  return std::nullopt;
}

Broken find_broken_in_cpim(std::string_view body) {
  const auto cpim = parse_cpim(body);
  if (!cpim) return std::nullopt;
  if (!all_in(body, {cpim->content_type, cpim->content})) return say("a view beyond the body");
  if (!body.ends_with(cpim->content)) return say("the content is not the end of the body");
  if (cpim->content_type.contains('\n')) return say("a Content-Type of several lines");
  const std::string text =
      fmt::format("\r\nContent-Type: {}\r\n\r\n{}", cpim->content_type, cpim->content);
  const auto again = parse_cpim(text);
  if (!again || again->content != cpim->content || again->content_type != cpim->content_type) {
    return say("CPIM is another when rewritten", body);
  }
  return std::nullopt;
}

Broken find_broken_in_writing(std::string_view text) {
  const std::string line = one_line(text);
  if (!is_clean(line) || line.contains('\n')) return say("a control character was written", text);
  if (one_line(line) != line) return say("a line is another when written again", text);
  constexpr std::size_t bytes_max = 40;
  ByteBuffer out;
  write_quoted_text(out, text, bytes_max);
  if (out.size() > bytes_max) return say("a quoted text beyond its bound", text);
  if (auto broken = find_broken_in_own_text(out.view())) return broken;
  const std::string value = fmt::format("\"{}\" <sip:a@b>", out.view());
  const auto parsed = parse_name_addr(value, Fault::bad_from);
  if (!is_clean(value) || !parsed || parsed->display != out.view()) {
    return say("a quoted text is no quoted string", value);
  }
  return std::nullopt;
}

}  // namespace imcd::parser
