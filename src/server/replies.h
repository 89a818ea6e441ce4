// The final responses that the server gives before a room has a say, or in its place. Those to
// malformed requests stand in parser/fault.h.
#pragma once

#include "base/reply.h"

namespace imcd::server::reply {

constexpr Reply ok{};
constexpr Reply no_identity{403, 0, "No User Identity"};
constexpr Reply untrusted_source{403, 0, "Source Not Trusted"};
constexpr Reply no_such_room{404, 0, "No Such Room"};
constexpr Reply method_not_allowed{405, 0, "Method Not Allowed"};
constexpr Reply unsupported_uri_scheme{416, 0, "Unsupported URI Scheme"};
constexpr Reply bad_extension{420, 0, "Bad Extension"};
constexpr Reply call_does_not_exist{481, 0, "Call/Transaction Does Not Exist"};
constexpr Reply merged_request{482, 0, "Request Merged"};
constexpr Reply too_many_hops{483, 0, "Too Many Hops"};
constexpr Reply database_refused{500, 0, "Database Refused The Change"};
constexpr Reply database_unavailable{500, 5, "Database Unavailable"};
constexpr Reply overloaded{503, 0, "Overloaded"};
// With Retry-After, which speaks for the whole process (RFC 3261 21.5.4).
constexpr Reply loading{503, 5, "Loading Rooms"};
constexpr Reply draining{503, 30, "Shutting Down"};
// Never 503 for a change that may still happen.
constexpr Reply not_confirmed{504, 0, "Not Confirmed"};

}  // namespace imcd::server::reply
