#include "server/responder.h"

#include <algorithm>
#include <string_view>

#include "imc/replies.h"

namespace imcd::server {
namespace {

constexpr std::string_view allowed_methods = "MESSAGE, OPTIONS, CANCEL, ACK";
constexpr parser::Status trying{100, "Trying"};

// RFC 3261 8.2.2.3: the options that the request asked for in vain.
void write_unsupported(ByteBuffer& out, const parser::MessageView& view) {
  for (std::size_t i = 0; i < view.header_count; ++i) {
    if (view.headers[i].name != parser::HeaderName::require) continue;
    out.append("Unsupported: ");
    parser::write_line_text(out, view.headers[i].value);
    out.append("\r\n");
  }
}

void write_retry_after(ByteBuffer& out, const Reply& reply) {
  if (reply.retry_after_s != 0) parser::write_field(out, "Retry-After", reply.retry_after_s);
}

// RFC 3261 18.2.2: on a stream the way the request came, and if that is gone by then, to nobody:
// the peer who left has given up the transaction with it (RFC 3261 17.1.4).
Flow way_back(const Request& request) {
  const Flow& from = request.from;
  if (from.transport == Transport::tcp) return from;
  return {parser::response_target(request.fields.top_via, from.peer), from.socket};
}

parser::Status status_of(const Reply& reply) { return {reply.code, reply.phrase}; }

}  // namespace

void Responder::apply(const ConferenceSettings& settings) {
  const auto& types = settings.content_types;
  const bool are_all = std::ranges::find(types, "*/*") != types.end();
  accepted_types_ = are_all ? "*/*" : "text/plain";
  for (const std::string& type : types) {
    if (type != "*/*") accepted_types_ += ", " + type;
  }
}

// Fields that belong to a final response by its code (RFC 3261 21.4), and those of a good answer
// to OPTIONS (RFC 3261 11.2).
void Responder::write_fields_of(ByteBuffer& out, const parser::MessageView& view,
                                const Reply& reply) const {
  switch (reply.code) {
    case 200:
      if (view.method != parser::Method::options) return;
      parser::write_field(out, "Allow", allowed_methods);
      parser::write_field(out, "Accept", accepted_types_);
      return parser::write_field(out, "Supported", "");
    case 405:
      return parser::write_field(out, "Allow", allowed_methods);
    case 415:
      if (reply == imc::reply::unsupported_media_type) {
        return parser::write_field(out, "Accept", accepted_types_);
      }
      return parser::write_field(out, "Accept-Encoding", "identity");
    case 420:
      return write_unsupported(out, view);
    default:
      return;
  }
}

std::string_view Responder::tag(const Request& request) {
  tag_.clear();
  transactions_.write_tag(tag_, request.key);
  return tag_.view();
}

void Responder::end(ByteBuffer& response, std::uint16_t code, const Flow& to, Outbox& out) {
  parser::end_without_body(response);
  out.end_datagram(to);
  at(figures_.responses_sent, status_class(code)).add();
}

void Responder::respond(const Request& request, const Reply& reply, Outbox& out) {
  ByteBuffer& response = out.begin_datagram();
  parser::write_response_head(response, request.view, request.from.peer, status_of(reply),
                              tag(request));
  write_fields_of(response, request.view, reply);
  write_retry_after(response, reply);
  end(response, reply.code, way_back(request), out);
}

void Responder::respond(const Request& request, const parser::FaultAnswer& answer, Outbox& out) {
  ByteBuffer& response = out.begin_datagram();
  parser::write_response_head(response, request.view, request.from.peer,
                              {answer.code, answer.reason}, tag(request));
  end(response, answer.code, way_back(request), out);
}

void Responder::respond_trying(const Request& request, Outbox& out) {
  ByteBuffer& response = out.begin_datagram();
  parser::write_response_head(response, request.view, request.from.peer, trying, {});
  end(response, trying.code, way_back(request), out);
}

HeldResponse Responder::hold(const Request& request, tm::ServerTransactionId transaction) {
  ByteBuffer head;
  parser::write_response_fields(head, request.view, request.from.peer, tag(request));
  return {transaction, way_back(request), std::string(head.view())};
}

void Responder::send(const HeldResponse& held, const Reply& reply, Outbox& out) {
  ByteBuffer& response = out.begin_datagram();
  parser::write_status_line(response, status_of(reply));
  response.append(held.head);
  write_retry_after(response, reply);
  end(response, reply.code, held.to, out);
}

void Responder::send_trying(const HeldResponse& held, Outbox& out) {
  ByteBuffer& response = out.begin_datagram();
  parser::write_status_line(response, trying);
  response.append(held.head);
  end(response, trying.code, held.to, out);
}

}  // namespace imcd::server
