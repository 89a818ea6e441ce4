// Fault: what is wrong with a request, each with the status code and the reason phrase that answer
// it. The reason names the header and the fault, so that the peer's log is enough to mend it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

namespace imcd::parser {

enum class Fault : std::uint8_t {
  // Not SIP at all: nothing can be answered.
  empty,            // No bytes, or only CRLF or NUL: a keepalive (RFC 5626 3.5.1).
  stun,             // A STUN message that went astray (RFC 5389 6).
  not_sip,          // No start line that looks like SIP: noise.
  bad_status_line,  // A response that is none.

  // The start line and the header fields as such.
  bad_request_line,
  bad_version,  // 505
  bad_request_uri,
  bad_header_line,   // Of a field that is needed: no colon, or no name before it.
  header_not_ended,  // The empty line is missing, or the datagram was cut before it.
  too_many_headers,
  header_too_long,
  control_character,  // NUL, bare CR or bare LF in a start line or header field.

  missing_via,
  missing_from,
  missing_to,
  missing_call_id,
  missing_cseq,

  repeated_from,
  repeated_to,
  repeated_call_id,
  repeated_cseq,
  repeated_max_forwards,
  repeated_content_length,
  repeated_content_type,

  bad_via,
  bad_from,
  bad_to,
  bad_call_id,
  call_id_too_long,
  bad_cseq,
  cseq_method_mismatch,
  bad_max_forwards,
  bad_content_length,
  content_length_beyond,  // Larger than what the datagram holds.
  bad_content_type,
  bad_uri,                  // A URI in a place that the caller knows.
  bad_p_asserted_identity,  // 403: From is not believed in its place.
  two_sip_identities,       // Likewise, of P-Asserted-Identity.

  // Of streams, where they leave it unclear where the next message begins (RFC 3261 18.3).
  missing_content_length,
  head_too_long,
  body_too_long,
  count,
};

struct ParseError {
  Fault fault = Fault::not_sip;
  std::uint32_t offset =
      0;  // Bytes into what was parsed (a message, or one value), near the fault.
};

template <class T>
using Parsed = std::expected<T, ParseError>;

struct FaultAnswer {
  std::uint16_t code;       // 400 for most; 0: cannot be answered.
  std::string_view reason;  // "Missing Call-ID Header".
  std::string_view label;   // "missing_call_id", for sip_parse_errors_total{reason}.
};
FaultAnswer fault_answer(Fault fault);

// The first fault of a message is the one that is answered; the parse goes on to see what an answer
// needs.
class FirstFault {
 public:
  void note(Fault fault, std::size_t offset = 0) {
    note({fault, static_cast<std::uint32_t>(offset)});
  }
  void note(ParseError error) {
    if (result_) result_ = std::unexpected(error);
  }
  [[nodiscard]] Parsed<void> result() const { return result_; }

 private:
  Parsed<void> result_;
};

}  // namespace imcd::parser
