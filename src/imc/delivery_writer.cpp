#include "imc/delivery_writer.h"

#include <array>

#include "base/limits.h"
#include "parser/writer.h"

namespace imcd::imc {

using parser::HeaderName;

namespace {

// What the member's URI takes, twice, is made a multiple of this; longer ones are left as they are,
// so that no delivery grows beyond limits::delivery_head_bytes.
constexpr std::size_t even_step = 64;
constexpr std::size_t even_bytes_max = 2 * even_step;

std::size_t padding_bytes(std::size_t uri_bytes) {
  const std::size_t both = 2 * uri_bytes;
  return both > even_bytes_max ? 0 : (even_step - both % even_step) % even_step;
}

}  // namespace

void write_delivery_head(ByteBuffer& out, std::string_view member_uri, std::string_view via_sent_by,
                         const tm::BranchCodec& codec, tm::ClientTransactionId transaction,
                         bool even) {
  const tm::BranchCodec::Token token = codec.token(transaction);
  out.append("MESSAGE ");
  out.append(member_uri);
  out.append(" SIP/2.0\r\nVia: SIP/2.0/UDP ");
  out.append(via_sent_by);
  // RFC 3581 3: the answer comes to the port we sent from, through any NAT.
  out.append(";rport;branch=");
  out.append(tm::BranchCodec::cookie);
  out.append({token.data(), token.size()});
  if (even) {
    out.append(tm::BranchCodec::padding.substr(0, padding_bytes(member_uri.size())));
  }
  out.append("\r\nTo: <");
  out.append(member_uri);
  // The transaction's token serves once more: unique, of fixed length, and different for each
  // delivery (a shared Call-ID draws 482 where one device has two addresses).
  out.append(">\r\nCall-ID: ");
  out.append({token.data(), token.size()});
  out.append("\r\nCSeq: 1 MESSAGE\r\n");
}

void write_common_fields(ByteBuffer& out, const CommonPart& part) {
  out.append("From: ");
  if (!part.display.empty()) {
    out.append('"');
    parser::write_quoted_text(out, part.display, limits::display_name_bytes_max);
    out.append("\" ");
  }
  out.append('<');
  out.append(part.from_uri);
  out.append(">;tag=");
  out.append_hex(part.from_tag, 16);
  out.append("\r\nMax-Forwards: ");
  out.append_number(part.max_forwards);
  out.append("\r\nX-IMC-Loop: ");
  out.append(part.instance);
  out.append(';');
  out.append(part.from_uri);
  out.append("\r\n");
  if (!part.in_reply_to.empty()) {
    out.append("In-Reply-To: ");
    parser::write_line_text(out, part.in_reply_to);
    out.append("\r\n");
  }
  out.append(part.extra_headers);
}

void write_content_fields(ByteBuffer& out, const parser::MessageView& original) {
  constexpr std::array relayed = {HeaderName::content_type,
                                  HeaderName::content_encoding,
                                  HeaderName::content_disposition,
                                  HeaderName::content_language,
                                  HeaderName::date,
                                  HeaderName::expires};
  for (const HeaderName name : relayed) {
    const auto value = original.find(name);
    if (!value) continue;
    out.append(parser::header_name_text(name));
    out.append(": ");
    parser::write_line_text(out, *value);
    out.append("\r\n");
  }
}

void write_body(ByteBuffer& out, std::string_view first, std::string_view second) {
  out.append("Content-Length: ");
  out.append_number(first.size() + second.size());
  out.append("\r\n\r\n");
  out.append(first);
  out.append(second);
}

}  // namespace imcd::imc
