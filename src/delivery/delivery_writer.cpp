#include "delivery/delivery_writer.h"

#include <array>
#include <cstring>

#include "base/limits.h"
#include "parser/media_type.h"
#include "parser/writer.h"

namespace imcd::delivery {

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

// Appends pieces without asking for room each time. There is a head for each delivery, so it
// counts.
class Head {
 public:
  // `varying_bytes`: of what is not known here.
  Head(ByteBuffer& out, std::size_t varying_bytes)
      : out_(out), begin_(out.reserve(fixed_bytes_max + varying_bytes)), at_(begin_) {}
  ~Head() { out_.advance(static_cast<std::size_t>(at_ - begin_)); }
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  template <std::size_t size>
  void put(const char (&text)[size]) {
    std::memcpy(at_, text, size - 1);
    at_ += size - 1;
  }
  void put(const tm::BranchCodec::Token& token) {
    std::memcpy(at_, token.data(), token.size());
    at_ += token.size();
  }
  void put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

 private:
  static constexpr std::size_t fixed_bytes_max = 256;

  ByteBuffer& out_;
  char* begin_;
  char* at_;
};

void write_copy(ByteBuffer& out, std::string_view name, std::optional<std::string_view> value) {
  if (!value || value->empty()) return;
  out.append(name);
  out.append(": ");
  parser::write_line_text(out, *value);
  out.append("\r\n");
}

// How the body is to be read. Each look-up of a name that is not in the parser's table passes all
// fields; there is one for each message, not for each member.
void write_content_coding(ByteBuffer& out, const parser::MessageView& original) {
  write_copy(out, "Content-Type", original.find(HeaderName::content_type));
  const auto encoding = original.find(HeaderName::content_encoding);
  if (encoding && !parser::is_no_coding(*encoding)) write_copy(out, "Content-Encoding", encoding);
  write_copy(out, "Content-Disposition", original.find(HeaderName::content_disposition));
  for (const char* const name : {"Content-Transfer-Encoding", "MIME-Version", "Content-ID"}) {
    write_copy(out, name, original.find_other(name));
  }
}

}  // namespace

void write_delivery_head(ByteBuffer& out, std::string_view member_uri, const OwnVia& via,
                         const tm::BranchCodec::Token& token, bool even) {
  const std::size_t padding = even ? padding_bytes(member_uri.size()) : 0;
  Head head(out, 2 * member_uri.size() + via.sent_by.size() + padding);
  head.put("MESSAGE ");
  head.put(member_uri);
  head.put(" SIP/2.0\r\nVia: SIP/2.0/");
  head.put(via.transport == Transport::udp ? "UDP " : "TCP ");
  head.put(via.sent_by);
  // RFC 3581 3: the answer comes to the port we sent from, through any NAT.
  head.put(";rport;branch=z9hG4bK");
  head.put(token);
  head.put(tm::BranchCodec::padding.substr(0, padding));
  head.put("\r\nTo: <");
  head.put(member_uri);
  // The transaction's token serves once more: unique, of fixed length, and different for each
  // delivery (a shared Call-ID draws 482 where one device has two addresses).
  head.put(">\r\nCall-ID: ");
  head.put(token);
  head.put("\r\nCSeq: 1 MESSAGE\r\n");
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

void write_content_fields(ByteBuffer& out, const parser::MessageView& original,
                          std::string_view type, std::optional<std::uint32_t> expires_s) {
  if (!type.empty()) {
    parser::write_field(out, "Content-Type", type);
  } else {
    write_content_coding(out, original);
  }
  write_copy(out, "Content-Language", original.find(HeaderName::content_language));
  write_copy(out, "Date", original.find(HeaderName::date));
  write_copy(out, "Priority", original.find_other("Priority"));
  const auto subject = original.find_other("Subject");
  write_copy(out, "Subject", subject ? subject : original.find_other("s"));
  if (expires_s) parser::write_field(out, "Expires", *expires_s);
}

void write_body(ByteBuffer& out, std::string_view first, std::string_view second) {
  out.append("Content-Length: ");
  out.append_number(first.size() + second.size());
  out.append("\r\n\r\n");
  out.append(first);
  out.append(second);
}

}  // namespace imcd::delivery
