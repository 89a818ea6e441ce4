#include "parser/rewriting.h"

#include <fmt/format.h>

#include "base/byte_buffer.h"
#include "base/text.h"
#include "parser/writer.h"

namespace imcd::parser {

std::string one_line(std::string_view text) {
  ByteBuffer out;
  write_line_text(out, text);
  return std::string(trim(out.view()));
}

std::string rewrite(const MessageView& view) {
  std::string out = view.is_request
                        ? fmt::format("{} {} SIP/2.0\r\n", view.method_text, view.request_uri)
                        : fmt::format("SIP/2.0 {} {}\r\n", view.status, one_line(view.reason));
  for (std::size_t i = 0; i < view.header_count; ++i) {
    // No blank behind the colon, as a field must not get longer than a field may be.
    out += fmt::format("{}:{}\r\n", view.headers[i].name_text, one_line(view.headers[i].value));
  }
  return out + "\r\n" + std::string(view.body);
}

std::string describe(const MessageView& view) {
  std::string out = rewrite(view);
  for (std::size_t i = 0; i < view.header_count; ++i) {
    out += fmt::format("{} ", static_cast<int>(view.headers[i].name));
  }
  return out + fmt::format("{} {}", static_cast<int>(view.method), view.header_count);
}

std::string describe(const Uri& uri) {
  return fmt::format("{} {}|{}|{}|{}|{}|{}|{}|{}\n", uri.text, static_cast<int>(uri.scheme),
                     uri.user, uri.password, uri.host, uri.port, uri.parameters, uri.headers,
                     uri.opaque);
}

std::string describe(const NameAddr& name_addr) {
  return fmt::format("{}|{}|{}", one_line(name_addr.display), name_addr.tag,
                     describe(name_addr.uri));
}

std::string describe(const Via& via) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}\n", one_line(via.text), via.transport, via.host,
                     via.port, via.branch, via.has_branch_cookie, via.received, via.maddr,
                     via.has_rport);
}

std::string describe(const RequestFields& fields) {
  return describe(fields.request_uri) + describe(fields.top_via) + describe(fields.from) +
         describe(fields.to) +
         fmt::format("{}|{} {}|{}|{}|{}", fields.call_id, fields.cseq.number, fields.cseq.method,
                     fields.max_forwards.value_or(256), fields.expires_s.value_or(0),
                     fields.via_count);
}

}  // namespace imcd::parser
