// Figures: what imcd counts, a row each. A new figure is a row here and its use; the statistics of
// the management interface and docs/FIGURES.md are made from the rows. Names are those of metrics:
// base units, `_total` for what only goes up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/address.h"
#include "base/counter.h"
#include "base/figure_list.h"
#include "base/gauge.h"
#include "base/histogram.h"
#include "base/shares.h"
#include "base/stream.h"

namespace imcd {

template <>
inline constexpr std::size_t count_of<Transport> = 2;

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
  overload,   // A table of transactions is full, or there is no place for a text.
  user_rate,  // Option user_rate.
  room_rate,  // Option room_rate.
  notices,    // A command of a user who does not take the notices of those before.
  count,
};

// By the first digit of a SIP status.
enum class StatusClass : std::uint8_t { other, c1xx, c2xx, c3xx, c4xx, c5xx, c6xx, count };
constexpr StatusClass status_class(std::uint16_t status) {
  const auto digit = static_cast<StatusClass>(status / 100);
  return digit < StatusClass::count ? digit : StatusClass::other;
}

// parser::Fault by number: the parser's table names them.
enum class FaultNumber : std::uint8_t { count = 48 };

struct Figures : FigureList {
  // --- The kernel's edge, counted by the reactor ---
  CounterBy<Transport> received_bytes{
      *this, "received_bytes_total", "transport", {"udp", "tcp"}, "bytes that came in"};
  CounterBy<Transport> sent_bytes{
      *this, "sent_bytes_total", "transport", {"udp", "tcp"}, "bytes that went out"};
  Counter datagrams_received{*this, "datagrams_received_total", "UDP datagrams that came in"};
  Counter datagrams_sent{*this, "datagrams_sent_total", "UDP datagrams that went out"};
  Counter datagrams_send_failed{
      *this, "datagrams_send_failed_total",
      "UDP datagrams lost on the way out: refused by the kernel, or no place to wait"};
  Counter runs_refused{*this, "segmented_runs_refused_total",
                       "runs of equal datagrams (UDP_SEGMENT) that the kernel did not take; the "
                       "peer gets single ones from then on"};
  Counter socket_drops{*this, "socket_drops_total",
                       "datagrams that the kernel dropped as our receive buffer was full"};
  Counter connection_refused{*this, "ports_closed_total",
                             "times a host said that nobody listens where a datagram went"};
  Counter event_loop_turns{*this, "event_loop_turns_total", "turns of the event loop"};

  // --- Streams ---
  Gauge streams_inbound{*this,
                        "connections",
                        {{"transport", {"tcp"}}, {"direction", {"inbound"}}},
                        "connections that are open"};
  Gauge streams_outbound{
      *this, "connections", {{"transport", {"tcp"}}, {"direction", {"outbound"}}}, {}};
  Counter streams_accepted{
      *this, "connections_opened_total", {"direction", {"inbound"}}, "connections made"};
  Counter streams_connected{*this, "connections_opened_total", {"direction", {"outbound"}}, {}};
  CounterBy<StreamRefusal> streams_refused{*this,
                                           "connections_refused_total",
                                           "cause",
                                           {"untrusted", "too_many", "too_many_here", "given_up"},
                                           "connections closed as soon as they were there"};
  CounterBy<StreamEnd> streams_ended{*this,
                                     "connections_ended_total",
                                     "cause",
                                     {"by_peer", "lost", "never_open", "not_read", "bad_message",
                                      "slow_message", "crowded", "idle", "no_pong"},
                                     "connections that ended, or could not be made"};
  Counter stream_accepts_failed{*this, "connection_accepts_failed_total",
                                "times no file descriptor or memory was left for a connection"};
  Counter stream_messages_late{*this, "late_stream_messages_total",
                               "messages dropped as their connection was gone by then"};
  Gauge stream_bytes_waiting{*this, "connection_waiting_bytes",
                             "bytes that wait for peers who take them slowly"};

  // --- SIP ---
  CounterBy<Transport> requests_received{
      *this, "sip_requests_received_total", "transport", {"udp", "tcp"}, "requests that came in"};
  CounterBy<StatusClass> responses_sent{*this,
                                        "sip_responses_sent_total",
                                        "code",
                                        {"other", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx"},
                                        "responses that we gave"};
  Counter retransmissions_received{*this, "sip_retransmissions_received_total",
                                   "requests that came in again and were not executed again"};
  CounterBy<FaultNumber> faults{*this, "sip_parse_errors_total", "reason",
                                "what came in and was no good SIP, answered or not"};
  Counter parse_errors_answered{*this, "sip_parse_errors_answered_total",
                                "requests answered with what is wrong in their form"};
  Counter header_fields_ignored{*this, "sip_header_fields_ignored_total",
                                "malformed fields of requests that could be done without"};
  Counter datagrams_dropped{*this, "sip_unanswerable_total",
                            "what came in and was neither good SIP nor answerable"};
  Counter keepalives{*this, "sip_keepalives_total", "empty lines and datagrams of peers"};
  CounterBy<Transport> requests_sent{*this,
                                     "sip_requests_sent_total",
                                     "transport",
                                     {"udp", "tcp"},
                                     "deliveries begun, without those sent again"};
  CounterBy<StatusClass> responses_received{*this,
                                            "sip_responses_received_total",
                                            "code",
                                            {"other", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx"},
                                            "responses that came in"};
  Counter responses_stray{*this, "sip_stray_responses_total",
                          "responses to nothing of ours: late, forged or another's"};
  Counter responses_moved{*this, "sip_moved_responses_total",
                          "responses from another address than the request went to"};
  Counter retransmissions_sent{*this, "sip_retransmissions_sent_total",
                               "deliveries sent again, as no response came"};
  Counter timeouts{*this, "sip_timeouts_total", "deliveries without a final response (Timer F)"};
  Gauge server_transactions{
      *this, "sip_transactions", {{"side", {"server"}}}, "transactions that are remembered"};
  Gauge client_transactions{*this, "sip_transactions", {{"side", {"client"}}}, {}};
  Counter loops_detected{*this, "loops_detected_total",
                         "messages refused as they come from a room"};
  CounterBy<RefusalCause> refused{*this,
                                  "refused_total",
                                  "cause",
                                  {"untrusted", "loading", "draining", "database", "overload",
                                   "user_rate", "room_rate", "notices"},
                                  "requests refused for no fault of their own"};
  Gauge draining{*this, "draining", "1 from an orderly stop on"};

  // --- Rooms ---
  Gauge rooms_public{*this, "rooms", {{"visibility", {"public"}}}, "rooms"};
  Gauge rooms_private{*this, "rooms", {{"visibility", {"private"}}}, {}};
  Gauge members{*this, "members", "memberships of all rooms, without the invited"};
  Gauge invitations_pending{*this, "invitations_pending", "invitations without an answer"};
  Counter commands_accepted{*this, "commands_total", {"result", {"accepted"}}, "chat commands"};
  Counter commands_refused{*this, "commands_total", {"result", {"refused"}}, {}};
  Counter room_messages_accepted{
      *this, "room_messages_total", {"result", {"accepted"}}, "chat messages to rooms"};
  Counter room_messages_refused{*this, "room_messages_total", {"result", {"refused"}}, {}};
  static constexpr std::array<std::uint64_t, 11> fanout_bounds = {1,   2,   5,    10,    20,    50,
                                                                  100, 200, 1000, 10000, 100000};
  Histogram fanout_recipients{*this, "fanout_recipients", fanout_bounds,
                              "members that a chat message went to"};
  Counter notices_dropped{*this, "notices_dropped_total",
                          "notices of rooms dropped as there was no place for their text"};

  Counter unasked_refused{*this, "unasked_refused_total",
                          "users who were not added or invited, as they have blocked the sender or "
                          "have too many such rooms, or as the sender does it too often"};
  Counter knocks_untold{
      *this, "knocks_untold_total",
      "strangers at private rooms of whom owner and admins were not told, as they "
      "had been told of too many"};

  // --- Deliveries ---
  CounterBy<DeliveryResult> deliveries{
      *this,
      "deliveries_total",
      "result",
      {"accepted", "refused", "timed_out", "lost", "unroutable", "dropped"},
      "messages for one user that came to an end"};
  Counter deliveries_retried{*this, "deliveries_retried_total",
                             "deliveries put back after a 503, to be sent again or elsewhere"};
  Gauge delivery_queue_messages{*this, "delivery_queue_messages",
                                "messages that wait in users' queues"};
  Gauge users_away{*this, "users_away", "users who count as away"};
  Counter users_forgotten{*this, "users_forgotten_total",
                          "users whose absence was forgotten, as there was no room for more"};
  GaugeBy<Share> memory_used{
      *this,
      "memory_used_bytes",
      "share",
      {"texts", "notices", "queues", "users", "deliveries", "requests", "hops"},
      "memory in use of the shares of memory_max, ten times a second"};
  GaugeBy<Share> memory_shares{
      *this,
      "memory_share_bytes",
      "share",
      {"texts", "notices", "queues", "users", "deliveries", "requests", "hops"},
      "... and what each share is at most"};
  Gauge proxies_down{*this, "proxies_down", "outbound proxies out of service"};
  Counter names_asked{*this, "dns_questions_total", "questions to the DNS"};
  Counter names_refused{*this, "dns_questions_refused_total",
                        "hosts not asked for, as their user has too many in line"};
  Counter names_unknown{
      *this, "dns_failures_total", {"cause", {"unknown"}}, "questions that found nothing"};
  Counter names_failed{*this, "dns_failures_total", {"cause", {"no_answer"}}, {}};
  Gauge names_waited_for{*this, "dns_waiting_users", "users whose deliveries wait for the DNS"};

  // --- The database ---
  Gauge db_up{*this, "db_up", "1 while the database answers"};
  Counter db_batches_committed{
      *this, "db_batches_total", {"result", {"committed"}}, "batches of room changes"};
  Counter db_batches_retried{*this, "db_batches_total", {"result", {"retried"}}, {}};
  // In microseconds; the last is the longest db_timeout_ms.
  static constexpr std::array<std::uint64_t, 11> commit_bounds = {
      500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 500'000, 2'500'000, 30'000'000};
  Histogram db_commit_seconds{*this, "db_commit_seconds", commit_bounds,
                              "from a batch's first way to the database to its commit"};
  Counter db_commands_refused{*this, "db_commands_refused_total",
                              "room changes that the database refused for good"};
  Counter db_rows_skipped{*this, "db_rows_skipped_total", "bad rows met while loading"};
  Gauge db_queue_operations{*this, "db_queue_operations",
                            "changes of rows that wait for the database"};

  // --- Management ---
  Counter mi_requests{*this, "mi_requests_total", "management commands"};
  Counter mi_requests_failed{*this, "mi_requests_failed_total",
                             "management commands answered with an error, or unreadable"};
  Counter mi_replies_abandoned{
      *this, "mi_replies_abandoned_total",
      "management replies given up: the client was gone, or its FIFO was none"};
};

}  // namespace imcd
