// RequestFields: what a UAS must see of every request before it acts on it (RFC 3261 8.2), parsed
// and checked: the Request-URI, the mandatory header fields, and those that change what is done.
// Views into the message; nothing is copied or allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "parser/fault.h"
#include "parser/message.h"
#include "parser/name_addr.h"
#include "parser/uri.h"
#include "parser/via.h"

namespace imcd::parser {

struct CSeq {
  std::uint32_t number = 0;  // Below 2^31 (RFC 3261 8.1.1.5).
  std::string_view method;
};
Parsed<CSeq> parse_cseq(std::string_view value);

// What the server side needs of every request, validated.
struct RequestFields {
  Uri request_uri;  // Any scheme. With a `headers` part it is refused (RFC 3261 19.1.1, table 1).
  Via top_via;      // Filled as far as it is usable (see usable_via), even when it has a fault.
  NameAddr from;
  NameAddr to;
  std::string_view call_id;
  CSeq cseq;
  std::optional<std::uint32_t> max_forwards;  // 0 to 255.
  std::optional<std::uint32_t> expires_s;     // Larger values count as 2^32-1 (RFC 3261 20.19).
  std::size_t ignored_fields = 0;             // Malformed ones that can be done without.
  std::size_t via_count = 0;                  // Values, not fields.
};

// Parses and checks the Request-URI and the mandatory fields of a request: present, once,
// well-formed, CSeq method equal to the method; also Max-Forwards and Content-Type where they are
// there. A malformed Expires is ignored. On error `fields` holds those that were good; the fault's
// offset is into the value at fault.
Parsed<void> parse_request_fields(const MessageView& view, RequestFields& fields);

// Whether a response can be written to this request: it is no ACK (RFC 3261 17), its top Via is
// usable, and its From, To, Call-ID and CSeq hold no bare control characters. One of those four
// that is missing is left out of the response, and of a repeated one the first is copied (RFC 3261
// 8.2.6.2): the peer finds its transaction by the top Via, and learns from the reason what is
// wrong.
bool is_answerable(const MessageView& view);

}  // namespace imcd::parser
