#include "server/sip_inputs.h"

#include "base/text.h"
#include "parser/own_response.h"

namespace imcd::server {

using parser::HeaderName;

namespace {

// RFC 3261 20.33: seconds, then perhaps a comment or parameters.
std::optional<std::uint32_t> retry_after(const parser::MessageView& view) {
  const auto value = view.find(HeaderName::retry_after);
  if (!value) return std::nullopt;
  const auto seconds = parse_number(trim(value->substr(0, value->find_first_of("(; "))), 86400);
  if (!seconds) return std::nullopt;
  return static_cast<std::uint32_t>(*seconds);
}

}  // namespace

void SipInputs::on_message(std::string_view bytes, const Flow& from, Instant now, Outbox& out) {
  if (const auto response = parser::find_own_response(bytes)) {
    at(figures_.responses_received, status_class(response->status)).add();
    return deliveries_.on_response({.branch = response->branch,
                                    .is_to_options = response->is_to_options,
                                    .status = response->status,
                                    .retry_after_s = std::nullopt,
                                    .source = from.peer},
                                   now.mono);
  }
  const auto parsed = parser::parse_message(bytes, view_);
  if (!parsed) {
    requests_.on_malformed(parsed.error(), bytes, view_, from, now, out);
  } else if (view_.is_request) {
    requests_.on_request(bytes, view_, from, now, out);
  } else {
    on_response(from, now.mono);
  }
}

// What can be read of it may be enough to tell the peer.
void SipInputs::on_broken_stream(parser::Fault fault, std::string_view bytes, const Flow& from,
                                 Instant now, Outbox& out) {
  static_cast<void>(parser::parse_message(bytes, view_));
  requests_.on_malformed({fault, 0}, bytes, view_, from, now, out);
}

void SipInputs::on_response(const Flow& from, MonoTime now) {
  at(figures_.responses_received, status_class(view_.status)).add();
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
  deliveries_.on_response(response, now);
}

}  // namespace imcd::server
