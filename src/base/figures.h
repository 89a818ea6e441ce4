// Figures: what imcd counts. The loop is the only writer; any thread may read at any time, each
// figure for itself. Names follow the metrics of docs/OPERATING.md.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/stream.h"

namespace imcd {

// Goes up only. One writer, so a load and a store do; relaxed, as no other data hangs on it.
class Counter {
 public:
  void add(std::uint64_t by = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Goes up and down.
class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t by = 1) { set(value() + by); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

enum class DeliveryResult : std::uint8_t {
  accepted,    // 2xx
  refused,     // Any other final response.
  timed_out,   // Timer F.
  lost,        // With the connection it was written to.
  unroutable,  // No next hop is known for the member.
  dropped,     // The user's queue was full, or the message expired in it.
  count,
};

enum class RefusalCause : std::uint8_t {
  untrusted,  // Source outside `trusted`.
  loading,    // Rooms are not loaded yet.
  draining,   // An orderly stop is under way.
  database,   // The journal is full or its oldest batch too old.
  overload,   // A table of transactions is full.
  count,
};

template <class Enum>
using CounterBy = std::array<Counter, static_cast<std::size_t>(Enum::count)>;

template <class Enum>
Counter& at(CounterBy<Enum>& counters, Enum key) {
  return counters[static_cast<std::size_t>(key)];
}
template <class Enum>
const Counter& at(const CounterBy<Enum>& counters, Enum key) {
  return counters[static_cast<std::size_t>(key)];
}

// Kinds of faults of what was received: at least as many as parser::Fault has, which indexes them
// and whose labels name them.
constexpr std::size_t fault_kinds_max = 48;

struct Figures {
  // Kernel's edge, counted by the reactor.
  Counter received_bytes;
  Counter sent_bytes;
  Counter datagrams_received;
  Counter datagrams_sent;
  Counter datagrams_send_failed;  // Lost: EPERM, EMSGSIZE, unreachable, no room to wait.
  Counter runs_refused;           // UDP_SEGMENT: that peer gets single datagrams from then on.
  Counter socket_drops;           // SO_RXQ_OVFL: a receive buffer was full.
  Counter connection_refused;     // ECONNREFUSED: a peer's port was closed.
  Counter event_loop_turns;

  // Streams. Bytes of both kinds of transport are in received_bytes and sent_bytes.
  Gauge streams_inbound;
  Gauge streams_outbound;
  Counter streams_accepted;
  Counter streams_connected;
  CounterBy<StreamRefusal> streams_refused;
  CounterBy<StreamEnd> streams_ended;
  Counter stream_accepts_failed;  // No file descriptor or memory was left.
  Counter stream_messages_late;   // For a stream that was gone: an answer to a peer who left.
  Gauge stream_bytes_waiting;     // For peers that take them slowly.

  // SIP in and out.
  Counter requests_received;
  Counter responses_received;
  Counter responses_sent;
  Counter requests_sent;
  Counter retransmissions_received;
  Counter retransmissions_sent;
  Counter responses_stray;        // Matched no transaction of ours: late, forged or another's.
  Counter responses_moved;        // Matched, but from another address than we sent to.
  Counter timeouts;               // Timer F.
  Counter parse_errors_answered;  // 4xx of the parser.
  Counter datagrams_dropped;      // Neither SIP nor answerable.
  Counter keepalives;             // CRLF and empty datagrams.
  std::array<Counter, fault_kinds_max> faults;  // Of all that was not accepted, answered or not.
  Counter loops_detected;
  CounterBy<RefusalCause> refused;
  Gauge server_transactions;
  Gauge client_transactions;

  // Rooms.
  Gauge rooms_public;
  Gauge rooms_private;
  Gauge members;
  Gauge invitations_pending;
  Counter commands_accepted;
  Counter commands_refused;
  Counter room_messages_accepted;
  Counter room_messages_refused;
  Counter notices_dropped;  // No place among the shared texts, or they are too many bytes.
  CounterBy<DeliveryResult> deliveries;
  Gauge delivery_queue_messages;
  Counter deliveries_retried;  // Put back after a 503, to be sent again or elsewhere.
  Gauge users_away;
  Gauge proxies_down;
  Counter names_asked;     // Questions to the DNS.
  Counter names_unknown;   // ... that were answered with "no such name",
  Counter names_failed;    // ... or not at all.
  Gauge names_waited_for;  // Users whose deliveries wait for an answer.

  // Persistence.
  Gauge db_up;
  Counter db_batches_committed;
  Counter db_batches_retried;
  Counter db_commands_refused;  // Refused by the database for good.
  Counter db_rows_skipped;      // Bad rows met while loading.
  Gauge db_queue_operations;

  // Management.
  Counter mi_requests;
  Counter mi_requests_failed;
  Counter mi_replies_abandoned;  // The client was gone, or its FIFO was not one.
};

}  // namespace imcd
