// Requests: the UAS (RFC 3261 8.2): from a request's bytes to an answer, or to a message for the
// conference. No request is executed twice: what has a transaction already is absorbed or answered
// again with the same bytes.
#pragma once

#include <optional>
#include <string_view>

#include "base/figures.h"
#include "base/outbox.h"
#include "base/reply.h"
#include "base/settings.h"
#include "base/siphash.h"
#include "base/time.h"
#include "imc/conference.h"
#include "parser/message.h"
#include "parser/request_fields.h"
#include "server/commits.h"
#include "server/request.h"
#include "server/responder.h"
#include "server/shutdown.h"
#include "server/trusted_sources.h"
#include "tm/server_transactions.h"

namespace imcd::server {

class Requests {
 public:
  // All must outlive it.
  struct Parts {
    delivery::Deliveries& deliveries;
    imc::Conference& conference;
    tm::ServerTransactions& transactions;
    Commits& commits;
    Responder& responder;
    TrustedSources& trusted;
    const Shutdown& shutdown;
    Figures& figures;
  };
  Requests(const ServerSettings& settings, HashKey seed, const Parts& parts);

  // `bytes` are those that `view` looks into.
  void on_request(std::string_view bytes, const parser::MessageView& view, const Flow& from,
                  Instant now, Outbox& out);
  // Answered when the request has what an answer is made of; responses never are.
  void on_malformed(const parser::ParseError& error, std::string_view bytes,
                    const parser::MessageView& view, const Flow& from, Instant now, Outbox& out);

  // The machine has no memory left, or has some again.
  void set_memory_short(bool is_short) { memory_is_short_ = is_short; }

 private:
  bool admit_source(const Request& request, MonoTime now, Outbox& out);
  void dispatch(std::string_view bytes, const Request& request, Instant now, Outbox& out);
  void on_retransmission(const Request& request, tm::ServerTransactionId id, Outbox& out);
  void on_options(const Request& request, Outbox& out);
  void on_cancel(const Request& request, Outbox& out);
  void on_message(std::string_view bytes, const Request& request, Instant now, Outbox& out);
  void execute(const Request& request, const imc::RoomMessage& message, Instant now, Outbox& out);
  bool refuse_out_of_service(const Request& request, Outbox& out);
  void refuse_by_load(const Request& request, RefusalCause cause, Reply reply, Outbox& out);

  const ServerSettings& settings_;
  HashKey seed_;
  delivery::Deliveries& deliveries_;
  imc::Conference& conference_;
  tm::ServerTransactions& transactions_;
  Commits& commits_;
  Responder& responder_;
  TrustedSources& trusted_;
  const Shutdown& shutdown_;
  Figures& figures_;
  bool memory_is_short_ = false;
  parser::RequestFields fields_;  // Reused for every request.
};

}  // namespace imcd::server
