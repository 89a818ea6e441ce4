// SipInputs: the way of one SIP message, whatever it came on: a response goes to the deliveries, a
// request to the UAS, and what can't be read is answered where that is possible.
#pragma once

#include <string_view>

#include "base/figures.h"
#include "base/outbox.h"
#include "base/time.h"
#include "delivery/deliveries.h"
#include "parser/message.h"
#include "server/requests.h"

namespace imcd::server {

class SipInputs {
 public:
  // All must outlive it.
  SipInputs(delivery::Deliveries& deliveries, Requests& requests, Figures& figures)
      : deliveries_(deliveries), requests_(requests), figures_(figures) {}

  // One message, or what a datagram holds instead.
  void on_message(std::string_view bytes, const Flow& from, Instant now, Outbox& out);
  // After these bytes nobody knows where the stream's next message begins.
  void on_broken_stream(parser::Fault fault, std::string_view bytes, const Flow& from, Instant now,
                        Outbox& out);

 private:
  void on_response(const Flow& from, MonoTime now);

  delivery::Deliveries& deliveries_;
  Requests& requests_;
  Figures& figures_;
  parser::MessageView view_;  // Reused for every message.
};

}  // namespace imcd::server
