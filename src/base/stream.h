// Streams as the core and the reactor speak of them: a TCP connection, accepted or opened by us.
// The reactor numbers those it accepts, the core those it asks for; no number is used twice in a
// life, so what is said of a stream that is gone finds nothing.
#pragma once

#include <cstdint>

namespace imcd {

using StreamId = std::uint64_t;  // 0: none.
// Set in the numbers that the core gives.
constexpr StreamId opened_by_us = StreamId{1} << 63;
constexpr bool is_opened_by_us(StreamId stream) { return (stream & opened_by_us) != 0; }

// What ended a stream.
enum class StreamEnd : std::uint8_t {
  by_peer,       // Closed in an orderly way.
  lost,          // Reset, or nothing was acknowledged for long.
  never_open,    // It could not be opened: refused, unreachable, no answer.
  not_read,      // The peer takes nothing: what waits for it is beyond all bounds.
  bad_message,   // After it nobody knows where the next one begins (RFC 3261 18.3).
  slow_message,  // Begun, but not complete in time.
  crowded,       // Incomplete messages of all streams together are too much.
  idle,          // The peer said nothing for long.
  no_pong,       // The peer did not answer our ping (RFC 5626 4.4.1).
  count,
};

// Why a stream was closed as soon as it was there.
enum class StreamRefusal : std::uint8_t {
  untrusted,      // Outside `trusted`.
  too_many,       // Of all peers together.
  too_many_here,  // Of this peer.
  given_up,       // Opened by us, but it came too late.
  count,
};

}  // namespace imcd
