// Server's UAS: from a request's bytes to an answer or a message for the conference, in the order
// of RFC 3261 8.2.

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "imc/replies.h"
#include "parser/address_of_record.h"
#include "parser/own_response.h"
#include "parser/uri.h"
#include "parser/writer.h"
#include "server/replies.h"
#include "server/server.h"

namespace imcd::server {

using parser::HeaderName;
using parser::Method;

namespace {

constexpr std::string_view allowed_methods = "MESSAGE, OPTIONS, CANCEL, ACK";

// Fields that belong to a final response by its code (RFC 3261 21.4). They come from the request
// and our own tables alone, so that a retransmission gets the same bytes.
void write_reply_fields(ByteBuffer& out, const parser::MessageView& view, Reply reply) {
  switch (reply.code) {
    case 405:
      parser::write_field(out, "Allow", allowed_methods);
      break;
    case 415:
      parser::write_field(out, "Accept-Encoding", "identity");
      break;
    case 420:
      for (std::size_t i = 0; i < view.header_count; ++i) {
        if (view.headers[i].name != HeaderName::require) continue;
        out.append("Unsupported: ");
        parser::write_line_text(out, view.headers[i].value);
        out.append("\r\n");
      }
      break;
    default:
      break;
  }
  if (reply.retry_after_s != 0) parser::write_field(out, "Retry-After", reply.retry_after_s);
}

bool is_sip_address(const parser::Uri& uri) {
  switch (uri.scheme) {
    case parser::Scheme::sip:
    case parser::Scheme::sips:
    case parser::Scheme::im:
      return true;
    case parser::Scheme::pres:
    case parser::Scheme::tel:
    case parser::Scheme::other:
      return false;
  }
  return false;
}

bool names_user(const parser::Uri& uri) {
  return is_sip_address(uri) && parser::names_somebody(uri) && parser::names_fit(uri);
}

// RFC 3261 20.33: seconds, then perhaps a comment or parameters.
std::optional<std::uint32_t> retry_after(const parser::MessageView& view) {
  const auto value = view.find(HeaderName::retry_after);
  if (!value) return std::nullopt;
  const auto seconds = parse_number(trim(value->substr(0, value->find_first_of("(; "))), 86400);
  if (!seconds) return std::nullopt;
  return static_cast<std::uint32_t>(*seconds);
}

// RFC 3325 9.1: a trusted peer's assertion counts before From. Several values: the first that
// names a SIP user. An assertion that can't be read is an error, never a reason to believe From.
parser::Parsed<std::optional<parser::Uri>> sender_identity(const parser::MessageView& view,
                                                           const parser::RequestFields& fields) {
  for (std::size_t i = 0; i < view.header_count; ++i) {
    if (view.headers[i].name != HeaderName::p_asserted_identity) continue;
    std::string_view rest = view.headers[i].value;
    while (!rest.empty()) {
      const auto value = parser::parse_name_addr(rest, parser::Fault::bad_p_asserted_identity);
      if (!value) return std::unexpected(value.error());
      if (names_user(value->uri)) return value->uri;
      rest.remove_prefix(value->next);
    }
  }
  if (names_user(fields.from.uri)) return fields.from.uri;
  return std::nullopt;
}

// RFC 3323 4.2 and RFC 3325 9.3: `Privacy: id` and the anonymous From.
bool asks_for_anonymity(const parser::MessageView& view, const parser::RequestFields& fields) {
  if (equal_ignoring_case(fields.from.uri.host, "anonymous.invalid")) return true;
  const auto privacy = view.find(HeaderName::privacy);
  if (!privacy) return false;
  std::string_view rest = *privacy;
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    if (equal_ignoring_case(trim(rest.substr(0, end)), "id")) return true;
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return false;
}

}  // namespace

void Server::on_datagram(std::string_view bytes, const Flow& from, Instant now, Outbox& out) {
  input(now, out, [&] { on_sip(bytes, from, now, out); });
}

// One message, or what a datagram holds instead.
void Server::on_sip(std::string_view bytes, const Flow& from, Instant now, Outbox& out) {
  if (const auto response = parser::find_own_response(bytes)) {
    figures_.responses_received.add();
    return deliveries_.on_response({.branch = response->branch,
                                    .is_to_options = response->is_to_options,
                                    .status = response->status,
                                    .retry_after_s = std::nullopt,
                                    .source = from.peer},
                                   now.mono);
  }
  const auto parsed = parser::parse_message(bytes, view_);
  if (!parsed) {
    on_malformed(parsed.error(), bytes, from, now, out);
  } else if (view_.is_request) {
    on_request(bytes, from, now, out);
  } else {
    on_response(from, now);
  }
}

// RFC 3261 18.2.2: on a stream the way the request came, and if that is gone by then, to nobody:
// the peer who left has given up the transaction with it (RFC 3261 17.1.4).
Flow Server::answer_flow(const parser::Via& via, const Flow& from) {
  if (from.transport == Transport::tcp) return from;
  return {parser::response_target(via, from.peer), from.socket};
}

// Answered when the request has what an answer is made of; responses never are.
void Server::on_malformed(const parser::ParseError& error, std::string_view bytes, const Flow& from,
                          Instant now, Outbox& out) {
  const parser::FaultAnswer answer = parser::fault_answer(error.fault);
  static_assert(static_cast<std::size_t>(parser::Fault::count) <= fault_kinds_max);
  figures_.faults[static_cast<std::size_t>(error.fault)].add();
  if (error.fault == parser::Fault::empty) {
    figures_.keepalives.add();
    return;
  }
  const bool answerable = answer.code != 0 && view_.is_request && parser::is_answerable(view_);
  const auto via = answerable ? parser::usable_via(*view_.find(HeaderName::via)) : std::nullopt;
  if (!via) {
    figures_.datagrams_dropped.add();
    return;
  }
  fields_ = {};
  fields_.top_via = *via;
  // The same bytes get the same tag, as a UAS without state must (RFC 3261 8.2.7).
  const Hash128 key{siphash(settings_.seed, bytes), 0};
  if (!admit_source({view_, fields_, from, key}, now, out)) return;
  figures_.requests_received.add();
  figures_.parse_errors_answered.add();
  figures_.responses_sent.add();
  ByteBuffer& response = out.begin_datagram();
  tag_.clear();
  transactions_.write_tag(tag_, key);
  parser::write_response_head(response, view_, from.peer, {answer.code, answer.reason},
                              tag_.view());
  parser::end_without_body(response);
  out.end_datagram(answer_flow(*via, from));
}

void Server::on_response(const Flow& from, Instant now) {
  figures_.responses_received.add();
  const auto field = view_.find(HeaderName::via);
  const auto via = field ? parser::parse_via(*field) : std::unexpected(parser::ParseError{});
  const auto cseq_field = view_.find(HeaderName::cseq);
  const auto cseq =
      cseq_field ? parser::parse_cseq(*cseq_field) : std::unexpected(parser::ParseError{});
  // RFC 3261 17.1.3: what we send are messages, and questions to proxies.
  if (!via || !cseq || (cseq->method != "MESSAGE" && cseq->method != "OPTIONS")) {
    figures_.responses_stray.add();
    return;
  }
  delivery::Deliveries::Response response{.branch = via->branch,
                                          .is_to_options = cseq->method == "OPTIONS",
                                          .status = view_.status,
                                          .retry_after_s = std::nullopt,
                                          .source = from.peer};
  if (view_.status >= 300) response.retry_after_s = retry_after(view_);
  deliveries_.on_response(response, now.mono);
}

void Server::on_request(std::string_view bytes, const Flow& from, Instant now, Outbox& out) {
  fields_ = {};
  if (const auto checked = parser::parse_request_fields(view_, fields_); !checked) {
    return on_malformed(checked.error(), bytes, from, now, out);
  }
  const Request request{view_, fields_, from, transactions_.key(view_, fields_, view_.method_text)};
  figures_.requests_received.add();
  if (view_.method == Method::ack) return;  // RFC 3261 17.1.1.3: never answered.
  if (!admit_source(request, now, out)) return;
  if (const auto id = transactions_.find(request.key)) {
    return on_retransmission(request, *id, out);
  }
  switch (view_.method) {
    case Method::message:
      return on_message(bytes, request, now, out);
    case Method::options:
      return on_options(request, out);
    case Method::cancel:
      return on_cancel(request, out);
    case Method::ack:
      return;
    case Method::other:
      return respond(request, reply::method_not_allowed, out);
  }
}

bool Server::is_trusted(const Address& peer) const {
  return std::ranges::any_of(settings_.trusted,
                             [&](const Network& network) { return network.contains(peer); });
}

// DESIGN 6: a source outside `trusted` gets 403 a few times a second, then silence.
bool Server::admit_source(const Request& request, Instant now, Outbox& out) {
  if (is_trusted(request.from.peer)) return true;
  at(figures_.refused, RefusalCause::untrusted).add();
  if (now.mono - untrusted_second_ >= std::chrono::seconds(1)) {
    untrusted_second_ = now.mono;
    untrusted_answers_ = 0;
  }
  if (untrusted_answers_ < limits::untrusted_answers_per_second) {
    ++untrusted_answers_;
    respond(request, reply::untrusted_source, out);
  }
  return false;
}

// RFC 3261 17.2.2: absorbed, or answered again with the same bytes; never executed again.
void Server::on_retransmission(const Request& request, tm::ServerTransactionId id, Outbox& out) {
  figures_.retransmissions_received.add();
  switch (transactions_.state(id)) {
    case tm::ServerState::trying:
      return;  // The answer waits for its commit.
    case tm::ServerState::proceeding:
      return respond_trying(request, out);
    case tm::ServerState::completed:
      return respond(request, transactions_.reply(id), out);
  }
}

// RFC 3261 11.2: the answer says what we take and whether we are in service, whatever the user
// part; dispatchers ping with it. RFC 3261 8.2.2 holds for it as for any request (RFC 4475 3.3.2
// and 3.3.5).
void Server::on_options(const Request& request, Outbox& out) {
  if (!is_sip_address(request.fields.request_uri)) {
    return respond(request, reply::unsupported_uri_scheme, out);
  }
  if (request.view.find(HeaderName::require)) return respond(request, reply::bad_extension, out);
  if (loading_) return refuse_by_load(request, RefusalCause::loading, reply::loading, out);
  if (is_draining()) return refuse_by_load(request, RefusalCause::draining, reply::draining, out);
  respond(request, reply::ok, out);
}

// RFC 3261 9.2: 200 when the request is known, to which it then does nothing, as it is no INVITE.
void Server::on_cancel(const Request& request, Outbox& out) {
  const bool known = transactions_.find(transactions_.key(view_, fields_, "MESSAGE")).has_value();
  respond(request, known ? reply::ok : reply::call_does_not_exist, out);
}

// What makes a MESSAGE unfit for any room. These answers need no memory: the same request is
// refused in the same way again.
std::optional<Reply> Server::check_message(const Request& request) const {
  // RFC 3261 8.2.2.1: of the Request-URI only. A To of another scheme names no room.
  if (!is_sip_address(request.fields.request_uri)) {
    return reply::unsupported_uri_scheme;
  }
  if (request.fields.to.has_tag) {
    return reply::call_does_not_exist;  // RFC 3261 12.2.2
  }
  if (request.view.find(HeaderName::require)) {
    return reply::bad_extension;  // RFC 3261 8.2.2.3
  }
  if (request.fields.max_forwards == 0U) {
    return reply::too_many_hops;  // RFC 3261 16.3
  }
  return std::nullopt;
}

void Server::on_message(std::string_view bytes, const Request& request, Instant now, Outbox& out) {
  if (const auto refusal = check_message(request)) return respond(request, *refusal, out);
  if (loading_) return refuse_by_load(request, RefusalCause::loading, reply::loading, out);
  if (is_draining()) return refuse_by_load(request, RefusalCause::draining, reply::draining, out);
  const parser::Uri& room =
      settings_.room_address_is_request_uri ? request.fields.request_uri : request.fields.to.uri;
  if (!names_user(room)) return respond(request, reply::no_such_room, out);
  const auto identity = sender_identity(request.view, request.fields);
  if (!identity) return on_malformed(identity.error(), bytes, request.from, now, out);
  const std::optional<parser::Uri>& sender = *identity;
  if (!sender) return respond(request, reply::no_identity, out);
  const imc::RoomMessage message{
      .view = request.view,
      .room = room,
      .sender = *sender,
      .anonymous = asks_for_anonymity(request.view, request.fields),
      .call_id = request.fields.call_id,
      .max_forwards = std::min(request.fields.max_forwards.value_or(limits::max_forwards_sent_max),
                               limits::max_forwards_sent_max),
      .expires_s = request.fields.expires_s};
  execute(request, message, now, out);
}

void Server::execute(const Request& request, const imc::RoomMessage& message, Instant now,
                     Outbox& out) {
  const std::uint64_t fork = transactions_.fork_hash(request.fields);
  if (transactions_.is_merged(fork)) return respond(request, reply::merged_request, out);
  const auto id = transactions_.start(request.key, fork, now.mono);
  if (!id) return refuse_by_load(request, RefusalCause::overload, reply::overloaded, out);
  const imc::Reading reading = conference_.read(message);
  deliveries_.on_present(*reading.sender, request.fields.via_count == 1 ? &request.from : nullptr,
                         now.mono);

  imc::Outcome outcome;
  if (!conference_.admit(reading, now.mono)) {
    outcome.reply = imc::reply::user_too_fast;
  } else if (reading.is_room_change() && !journal_.accepts(now.mono)) {
    at(figures_.refused, RefusalCause::database).add();
    outcome = conference_.refuse(message, reading, reply::database_unavailable,
                                 "The change could not be stored now. Please try again later.");
  } else {
    outcome = conference_.run(message, reading, now);
  }
  if (!outcome.records.empty() && !settings_.relaxed_durability) {
    return hold(request, *id, std::move(outcome), now);
  }
  transactions_.complete(*id, outcome.reply, now.mono);
  respond(request, outcome.reply, out);
  conference_.release(outcome, now.mono);
  if (!outcome.records.empty()) {
    journal_.append(std::move(outcome.records), {std::nullopt, std::nullopt}, now.mono);
  }
}

void Server::refuse_by_load(const Request& request, RefusalCause cause, Reply reply, Outbox& out) {
  at(figures_.refused, cause).add();
  respond(request, reply, out);
}

// A final response, written from the request: the first time and for each retransmission.
void Server::respond(const Request& request, Reply reply, Outbox& out) {
  ByteBuffer& response = out.begin_datagram();
  tag_.clear();
  transactions_.write_tag(tag_, request.key);
  parser::write_response_head(response, request.view, request.from.peer, {reply.code, reply.phrase},
                              tag_.view());
  write_reply_fields(response, request.view, reply);
  if (request.view.method == Method::options && reply == reply::ok) {
    parser::write_field(response, "Allow", allowed_methods);
    parser::write_field(response, "Accept", "*/*");
    parser::write_field(response, "Supported", "");
  }
  parser::end_without_body(response);
  out.end_datagram(answer_flow(request.fields.top_via, request.from));
  figures_.responses_sent.add();
}

// RFC 4320 4.1: only for a request that waits so long that its sender would give up the hop.
void Server::respond_trying(const Request& request, Outbox& out) {
  ByteBuffer& response = out.begin_datagram();
  parser::write_response_head(response, request.view, request.from.peer, {100, "Trying"}, {});
  parser::end_without_body(response);
  out.end_datagram(answer_flow(request.fields.top_via, request.from));
  figures_.responses_sent.add();
}

}  // namespace imcd::server
