// Responder: the one writer of responses. A response comes from the request, a Reply and our own
// tables alone, so that a retransmission gets the same bytes. An answer that waits for its commit
// outlives the request: all of it but the status line is made beforehand and held.
#pragma once

#include <string>

#include "base/byte_buffer.h"
#include "base/figures.h"
#include "base/outbox.h"
#include "base/reply.h"
#include "base/settings.h"
#include "parser/fault.h"
#include "parser/writer.h"
#include "server/request.h"
#include "tm/server_transactions.h"

namespace imcd::server {

// What of a response is known before its code is.
struct HeldResponse {
  tm::ServerTransactionId transaction;
  Flow to;
  std::string head;  // Behind the status line.
};

class Responder {
 public:
  // All but the settings must outlive it.
  Responder(const ConferenceSettings& settings, const tm::ServerTransactions& transactions,
            Figures& figures)
      : transactions_(transactions), figures_(figures) {
    apply(settings);
  }

  void apply(const ConferenceSettings& settings);

  // A final response: the first time and for each retransmission.
  void respond(const Request& request, const Reply& reply, Outbox& out);
  // To a request that could not be read. Of it, only what a response is made of needs to be there.
  void respond(const Request& request, const parser::FaultAnswer& answer, Outbox& out);
  // RFC 4320 4.1: only for a request that waits so long that its sender would give up the hop.
  void respond_trying(const Request& request, Outbox& out);

  // The response to a request of that transaction, to be sent when its reply is known.
  [[nodiscard]] HeldResponse hold(const Request& request, tm::ServerTransactionId transaction);
  void send(const HeldResponse& held, const Reply& reply, Outbox& out);
  void send_trying(const HeldResponse& held, Outbox& out);

 private:
  [[nodiscard]] std::string_view tag(const Request& request);
  void write_fields_of(ByteBuffer& out, const parser::MessageView& view, const Reply& reply) const;
  void end(ByteBuffer& response, std::uint16_t code, const Flow& to, Outbox& out);

  const tm::ServerTransactions& transactions_;
  Figures& figures_;
  std::string accepted_types_;  // For Accept.
  ByteBuffer tag_;              // Reused for every response.
};

}  // namespace imcd::server
