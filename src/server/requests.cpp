#include "server/requests.h"

#include <algorithm>

#include "base/limits.h"
#include "imc/replies.h"
#include "parser/address_of_record.h"
#include "parser/via.h"
#include "server/message_checks.h"
#include "server/replies.h"

namespace imcd::server {

using parser::HeaderName;
using parser::Method;

namespace {

static_assert(static_cast<std::size_t>(parser::Fault::count) <= count_of<FaultNumber>);
constexpr FaultNumber number(parser::Fault fault) { return static_cast<FaultNumber>(fault); }

std::vector<std::string_view> fault_labels() {
  std::vector<std::string_view> labels;
  labels.reserve(static_cast<std::size_t>(parser::Fault::count));
  for (std::size_t i = 0; i < static_cast<std::size_t>(parser::Fault::count); ++i) {
    labels.push_back(parser::fault_answer(static_cast<parser::Fault>(i)).label);
  }
  return labels;
}

}  // namespace

Requests::Requests(const ServerSettings& settings, HashKey seed, const Parts& parts)
    : settings_(settings),
      seed_(seed),
      deliveries_(parts.deliveries),
      conference_(parts.conference),
      transactions_(parts.transactions),
      commits_(parts.commits),
      responder_(parts.responder),
      trusted_(parts.trusted),
      shutdown_(parts.shutdown),
      figures_(parts.figures) {
  figures_.faults.name_values(fault_labels());
}

void Requests::on_malformed(const parser::ParseError& error, std::string_view bytes,
                            const parser::MessageView& view, const Flow& from, Instant now,
                            Outbox& out) {
  const parser::FaultAnswer answer = parser::fault_answer(error.fault);
  at(figures_.faults, number(error.fault)).add();
  if (error.fault == parser::Fault::empty) {
    figures_.keepalives.add();
    return;
  }
  const bool answerable = answer.code != 0 && view.is_request && parser::is_answerable(view);
  const auto via = answerable ? parser::usable_via(*view.find(HeaderName::via)) : std::nullopt;
  if (!via) {
    figures_.datagrams_dropped.add();
    return;
  }
  fields_ = {};
  fields_.top_via = *via;
  // The same bytes get the same tag, as a UAS without state must (RFC 3261 8.2.7).
  const Request request{view, fields_, from, {siphash(seed_, bytes), 0}};
  if (!admit_source(request, now.mono, out)) return;
  at(figures_.requests_received, from.transport).add();
  figures_.parse_errors_answered.add();
  responder_.respond(request, answer, out);
}

void Requests::on_request(std::string_view bytes, const parser::MessageView& view, const Flow& from,
                          Instant now, Outbox& out) {
  fields_ = {};
  if (const auto checked = parser::parse_request_fields(view, fields_); !checked) {
    return on_malformed(checked.error(), bytes, view, from, now, out);
  }
  const Request request{view, fields_, from, transactions_.key(view, fields_, view.method_text)};
  at(figures_.requests_received, from.transport).add();
  figures_.header_fields_ignored.add(view.ignored_fields + fields_.ignored_fields);
  if (view.method == Method::ack) return;  // RFC 3261 17.1.1.3: never answered.
  if (!admit_source(request, now.mono, out)) return;
  if (const auto id = transactions_.find(request.key)) {
    return on_retransmission(request, *id, out);
  }
  dispatch(bytes, request, now, out);
}

void Requests::dispatch(std::string_view bytes, const Request& request, Instant now, Outbox& out) {
  switch (request.view.method) {
    case Method::message:
      return on_message(bytes, request, now, out);
    case Method::options:
      return on_options(request, out);
    case Method::cancel:
      return on_cancel(request, out);
    case Method::ack:
      return;
    case Method::other:
      return responder_.respond(request, reply::method_not_allowed, out);
  }
}

bool Requests::admit_source(const Request& request, MonoTime now, Outbox& out) {
  if (trusted_.contains(request.from.peer)) return true;
  at(figures_.refused, RefusalCause::untrusted).add();
  // RFC 3261 18.2.2 would send it to maddr, but then a stranger could choose whom we bother.
  fields_.top_via.maddr = {};
  if (trusted_.may_tell_untrusted(now)) responder_.respond(request, reply::untrusted_source, out);
  return false;
}

// RFC 3261 17.2.2: absorbed, or answered again with the same bytes; never executed again.
void Requests::on_retransmission(const Request& request, tm::ServerTransactionId id, Outbox& out) {
  figures_.retransmissions_received.add();
  switch (transactions_.state(id)) {
    case tm::ServerState::trying:
      return;  // The answer waits for its commit.
    case tm::ServerState::proceeding:
      return responder_.respond_trying(request, out);
    case tm::ServerState::completed:
      return responder_.respond(request, transactions_.reply(id), out);
  }
}

// RFC 3261 11.2: the answer says what we take and whether we are in service, whatever the user
// part; dispatchers ping with it. RFC 3261 8.2.2 holds for it as for any request (RFC 4475 3.3.2
// and 3.3.5).
void Requests::on_options(const Request& request, Outbox& out) {
  if (!parser::is_sip_address(request.fields.request_uri)) {
    return responder_.respond(request, reply::unsupported_uri_scheme, out);
  }
  if (requires_extension(request.view)) {
    return responder_.respond(request, reply::bad_extension, out);
  }
  if (refuse_out_of_service(request, out)) return;
  responder_.respond(request, reply::ok, out);
}

// RFC 3261 9.2: 200 when the request is known, to which it then does nothing, as it is no INVITE.
void Requests::on_cancel(const Request& request, Outbox& out) {
  const Hash128 key = transactions_.key(request.view, request.fields, "MESSAGE");
  const bool is_known = transactions_.find(key).has_value();
  responder_.respond(request, is_known ? reply::ok : reply::call_does_not_exist, out);
}

void Requests::on_message(std::string_view bytes, const Request& request, Instant now,
                          Outbox& out) {
  if (const auto refusal = check_message(request.view, request.fields)) {
    return responder_.respond(request, *refusal, out);
  }
  if (refuse_out_of_service(request, out)) return;
  const parser::Uri& room =
      settings_.room_address_is_request_uri ? request.fields.request_uri : request.fields.to.uri;
  if (!names_user(room)) return responder_.respond(request, reply::no_such_room, out);
  const auto identity = sender_identity(request.view, request.fields);
  if (!identity) return on_malformed(identity.error(), bytes, request.view, request.from, now, out);
  const std::optional<parser::Uri>& sender = *identity;
  if (!sender) return responder_.respond(request, reply::no_identity, out);
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

void Requests::execute(const Request& request, const imc::RoomMessage& message, Instant now,
                       Outbox& out) {
  const imc::Reading reading = conference_.read(message);
  const std::uint64_t fork = transactions_.fork_hash(request.fields, reading.sender->hash);
  if (transactions_.is_merged(fork)) return responder_.respond(request, reply::merged_request, out);
  const auto id = transactions_.start(request.key, fork, now.mono);
  if (!id) return refuse_by_load(request, RefusalCause::overload, reply::overloaded, out);
  deliveries_.on_present(*reading.sender, request.fields.via_count == 1 ? &request.from : nullptr,
                         now.mono);

  // Chat goes on without the journal; what a message says of its sender is then taken from a later
  // one.
  std::vector<records::Record> own_uri;
  if (commits_.accepts(now.mono)) own_uri = conference_.meet(message, reading);
  imc::Outcome outcome;
  if (const auto refusal = conference_.refuse_beyond_share(reading, now.mono)) {
    outcome.reply = *refusal;
  } else if (reading.is_room_change() && !commits_.accepts(now.mono)) {
    at(figures_.refused, RefusalCause::database).add();
    outcome = conference_.refuse(message, reading, reply::database_unavailable,
                                 "The change could not be stored now. Please try again later.");
  } else {
    outcome = conference_.run(message, reading, now);
  }
  const bool is_change = !outcome.records.empty();
  // In one bundle, as both are about the same user.
  if (!own_uri.empty()) {
    outcome.records.insert(outcome.records.begin(), own_uri.begin(), own_uri.end());
  }
  if (is_change && !settings_.relaxed_durability) {
    return commits_.hold(request, *id, std::move(outcome), now.mono);
  }
  transactions_.complete(*id, outcome.reply, now.mono);
  responder_.respond(request, outcome.reply, out);
  conference_.release(outcome, now.mono);
  if (!outcome.records.empty()) {
    commits_.append_released(std::move(outcome), now.mono);
  }
}

// True: it was refused, as we are not there yet or not any more.
bool Requests::refuse_out_of_service(const Request& request, Outbox& out) {
  if (commits_.is_loading()) {
    refuse_by_load(request, RefusalCause::loading, reply::loading, out);
  } else if (shutdown_.is_draining()) {
    refuse_by_load(request, RefusalCause::draining, reply::draining, out);
  } else if (memory_is_short_) {
    refuse_by_load(request, RefusalCause::overload, reply::overloaded, out);
  } else {
    return false;
  }
  return true;
}

void Requests::refuse_by_load(const Request& request, RefusalCause cause, Reply reply,
                              Outbox& out) {
  at(figures_.refused, cause).add();
  responder_.respond(request, reply, out);
}

}  // namespace imcd::server
