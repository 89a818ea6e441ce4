// Every bound of imcd in one place, each with its reason and what happens at it. A bound that an
// operator may move is an option (src/config) whose default or range stands here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace imcd::limits {

// --- Datagrams and messages ---------------------------------------------------------------------

// The largest payload of a UDP datagram over IPv4: 65,535 less the IP and UDP headers.
constexpr std::size_t datagram_bytes_max = 65507;
// RFC 3261 18.1.1: a request longer than this may not go over UDP when the path MTU is unknown.
constexpr std::size_t udp_request_bytes_max = 1300;
// ... and when it is known, the MTU less 200: that of the loopback interface is 65,536. So long are
// requests to a proxy on this machine that has no TCP.
constexpr std::size_t loopback_request_bytes_max = 65536 - 200;
// Header fields a message may have; a MESSAGE through two proxies has about 20. Beyond: 400.
constexpr std::size_t header_fields_max = 128;
// Bytes of one header field with its folds; a Via or Route list of 20 entries fits. Beyond: 400.
constexpr std::size_t header_field_bytes_max = 8192;
// Bytes of a Call-ID: clients write 20 to 80. What is said about a request repeats it, so that a
// long one costs its sender nothing and us as many bytes for each notice. Beyond: 400.
constexpr std::size_t call_id_bytes_max = 255;
// A message on a stream: its head, and its body by Content-Length. Both are as long as a datagram
// may be at most, so that what came over one transport can go out over the other where the path
// carries it. Beyond: 513 or 413, and the stream is closed.
constexpr std::size_t stream_head_bytes_max = 65536;
constexpr std::size_t stream_body_bytes_max = 65536;
// NULs and bare LFs in a row between two messages: two every ten seconds for days. Beyond: noise,
// and the stream is closed.
constexpr std::uint32_t stream_strays_max = 65536;
// RFC 3261 20.22 and 8.1.1.6: the range of the field, and what a fan-out carries at most.
constexpr std::uint32_t max_forwards_max = 255;
constexpr std::uint32_t max_forwards_sent_max = 70;

// --- Names --------------------------------------------------------------------------------------

// Columns of the older modules' tables hold 64 characters; `room` (sip:name@domain) too, which
// their own schema gets wrong for long names. imcd makes its tables with these widths.
constexpr std::size_t user_bytes_max = 64;
constexpr std::size_t domain_bytes_max = 128;
constexpr std::size_t room_uri_bytes_max = 4 + user_bytes_max + 1 + domain_bytes_max;
// Of table imcd_users: a key's user part may take three bytes for one (%HH), a URI may be of scheme
// sips and have a port.
constexpr std::size_t user_key_bytes_max = 3 * user_bytes_max + 1 + domain_bytes_max;
constexpr std::size_t user_uri_bytes_max = 5 + user_bytes_max + 1 + domain_bytes_max + 6;
// A display name is relayed up to this length; longer ones are left out.
constexpr std::size_t display_name_bytes_max = 128;

// --- Transactions -------------------------------------------------------------------------------

// RFC 3261 17.1.1.1 and table 4.
constexpr Duration timer_t1 = 500ms;
constexpr Duration timer_t2 = 4s;
constexpr Duration timer_f = 64 * timer_t1;
constexpr Duration timer_j = 64 * timer_t1;
// RFC 4320 4.1: over UDP a 100 may go out only once Timer E of the peer has grown to T2.
constexpr Duration late_trying = 3500ms;

// What follows is bounded by shares of option memory_max (base/shares.h) too, which are smaller
// where it has its default.
constexpr std::size_t memory_max = 1U << 30;
constexpr std::size_t memory_max_least = 64U << 20;
// Server transactions remembered for Timer J: 65,000 requests a second, and half as many by the
// share of the default. Beyond: 503 without Retry-After, counted.
constexpr std::size_t server_transactions_max = 1U << 21;
// Deliveries that wait for an answer, over all hops. Beyond: they stay in their users' queues.
constexpr std::size_t client_transactions_max = 1U << 20;

// --- Rooms and users ----------------------------------------------------------------------------

// Beyond: new rooms are refused with 503.
constexpr std::size_t rooms_max = 1U << 24;
// Chat messages waiting for one user (DESIGN 5). Beyond: that delivery is dropped and counted.
constexpr std::size_t user_queue_max = 256;
// Notices waiting for one user, and their bytes: what rooms say while his phone is in a tunnel.
// Beyond: his commands are refused with 480 before they do anything; what others cause to be said
// to him is dropped, counted and told as missed.
constexpr std::uint32_t user_notices_max = 32;
constexpr std::size_t user_notice_bytes_max = 64U << 10;
// Next hops remembered; without an outbound proxy each member may be one. Beyond: the idle ones are
// forgotten, and if none is idle the delivery is dropped and counted.
constexpr std::size_t hops_max = 1U << 18;
// Datagrams to one hop neither answered nor older than hop_pace (DESIGN 5): a default receive
// buffer holds 92 large ones.
constexpr Duration hop_pace = 2ms;
// ... doubled up to this for a peer that loses what it gets.
constexpr Duration hop_pace_longest = 500ms;
// A loss is held against the hop only where the user answered so recently.
constexpr std::uint32_t user_lively_s = 30;
// A user whose delivery got 503 with Retry-After is spared so long at the most, and a hop that says
// so to all.
constexpr Duration user_pause_longest = 60s;
constexpr Duration hop_pause = 1s;
// Attempts to deliver one message where next hops answer 503.
constexpr std::uint8_t delivery_tries_max = 3;
// Where several outbound proxies are set, each is asked by OPTIONS so often, and is passed over
// after so many questions in a row without an answer.
constexpr Duration proxy_ping_interval = 3s;
constexpr std::uint32_t proxy_silent_pings = 2;
// Timeouts in a row after which a user counts as away; then only the newest message is tried, after
// the first of these delays, doubling up to the longest.
constexpr std::uint32_t away_after_timeouts = 3;
constexpr Duration away_first = 30s;
constexpr Duration away_longest = 10min;
// How long timeouts and absence of a user to whom nothing is sent are remembered.
constexpr Duration away_remembered = 20min;
// Users of whom timeouts, absence or missed messages are remembered, and what one takes at most:
// its mailbox, its delay twice, the message kept and the URI of a room. 128 MiB in all. Beyond: who
// is absent longest is forgotten, so that the next message to him is sent as to anybody.
constexpr std::size_t absent_user_bytes_max = 512;
constexpr std::size_t absent_users_max = (128U << 20) / absent_user_bytes_max;
// Chat is refused with 503 while users wait longer than this for a window to the outbound proxy, or
// while most members of the room have so many messages waiting: better early than never.
constexpr Duration hop_wait_max = 2s;
constexpr std::size_t room_backlog_max = user_queue_max * 3 / 8;
// What a delivery's request line, Via, To and Call-ID take at most where no member's address is
// unusually long; with the common part it must fit udp_request_bytes_max.
constexpr std::size_t delivery_head_bytes = 350;
// Lines of `#list` and `#rooms` before "and N more".
constexpr std::size_t list_lines_max = 200;
// Owner and admins of a private room are told of a stranger who knocks once in so long, and of so
// many in an hour. Beyond: the stranger is refused as ever, and nobody is told.
constexpr Duration knock_again = 10min;
constexpr std::size_t knocks_an_hour = 10;
// Rooms that others put a user into, or invited the user to, and that the user has neither spoken
// in nor accepted. Beyond: further ones are refused with 480.
constexpr std::uint32_t unasked_open_max = 50;
// Whom one user has blocked, and all together. Beyond: refused with 480.
constexpr std::size_t blocks_of_user_max = 100;
constexpr std::size_t blocks_max = 1U << 18;
// Knocks of the last hour that are remembered, of all rooms. Beyond: the oldest is forgotten.
constexpr std::size_t knocks_remembered_max = 1U << 16;
// Users whose sending rate is watched (option user_rate). Beyond: the one seen first is forgotten.
constexpr std::size_t watched_senders_max = 1U << 17;
// A notice must pass over UDP with its headers.
constexpr std::size_t notice_body_bytes_max = 900;
// Users whose last source address is kept for reply_to_source. Beyond: the oldest is forgotten.
constexpr std::size_t reply_sources_max = 1U << 17;

// Failures of deliveries that the log tells apart, by kind, code and next hop. Beyond: they share a
// line. What follows the first one is told so often.
constexpr std::size_t failures_told_max = 64;
constexpr Duration failures_told_every = 60s;

// --- Looking names up ---------------------------------------------------------------------------

// Hosts of members whose addresses are kept, where no outbound proxy is set. A room full of members
// at made-up hosts fills it, hence the bound. Beyond: the one whose answer is oldest is forgotten,
// and if all are still being asked for, the delivery counts as unroutable.
constexpr std::size_t hosts_max = 1U << 16;
// Questions to the DNS under way at once for one user's messages, and in all; further ones wait in
// line, where users take turns. A DNS that is silent holds a question for 18 s, so that 32 users
// together could hold all.
constexpr std::size_t name_questions_max = 32;
constexpr std::size_t name_questions_in_all_max = 1024;
// Hosts in line for one user's messages. Beyond: unroutable.
constexpr std::size_t names_in_line_of_user_max = 4096;
// Users whose deliveries wait for an answer. Beyond: unroutable.
constexpr std::size_t name_waiting_users_max = 1U << 20;
// A question counts as failed after this, in line or under way: longer than the resolver tries.
constexpr Duration name_wait_max = 20s;
// How long an answer holds, whatever its TTL: a TTL of nothing would make a question of each
// message, one of years an address of forever.
constexpr Duration name_ttl_shortest = 5s;
constexpr Duration name_ttl_longest = 24h;
// How long "no such name" holds, and when a question that failed is asked again.
constexpr Duration name_failure_kept = 15s;
// Of one outbound proxy's name: its SRV targets, and addresses in all.
constexpr std::size_t proxy_services_max = 16;
constexpr std::size_t proxy_addresses_max = 32;

// --- One turn of the loop -----------------------------------------------------------------------

// Datagrams the core writes before it hands the turn back; the rest follows in the next turn.
constexpr std::size_t datagrams_per_turn_max = 1024;

// Bytes likewise, where the messages are large.
constexpr std::size_t bytes_per_turn_max = 2U << 20;

// --- Streams ------------------------------------------------------------------------------------

// Accepted streams in all, and from one address: a proxy needs few, but users who come without one
// may share an address. Beyond: closed when they are accepted.
constexpr std::size_t streams_max = 16384;
constexpr std::size_t streams_of_peer_max = 2048;
// A message that was begun must be complete by then: longer than any honest peer takes, as it has
// given up its transaction (RFC 3261 17.1.2.2, Timer F). Then the stream is closed.
constexpr Duration stream_message_time = timer_f;
// Accepted streams on which nothing comes for so long are closed. Peers that want to keep one send
// a ping every two minutes (RFC 5626 4.4.1).
constexpr Duration stream_idle_time = 15min;
// We ping a stream that we opened when nothing came for so long, well before the two minutes after
// which Kamailio and OpenSIPS close it ...
constexpr Duration stream_ping_interval = 30s;
// ... and give it up when a peer that has answered a ping before does not do so in this time.
constexpr Duration stream_pong_time = 10s;
// Incomplete messages of all accepted streams together. Beyond: of the host that holds most of them
// the stream with the largest is closed.
constexpr std::size_t stream_partial_bytes_max = 64U << 20;
// A stream whose peer takes nothing gets nothing new while this much waits for it in the process;
// besides it the kernel holds a few MiB.
constexpr std::size_t stream_waiting_mark = 256U << 10;
// ... and is closed at this, where what is written to it cannot wait: answers to its own requests.
constexpr std::size_t stream_waiting_bytes_max = 16U << 20;
// A connection that is not there by then will not come.
constexpr Duration connect_time = 5s;
// After an attempt that failed, and between those that follow, doubling from one to the other.
constexpr Duration reconnect_first = 250ms;
constexpr Duration reconnect_longest = 16s;

// --- Journal ------------------------------------------------------------------------------------

// Records of one batch; the rest goes into the next.
constexpr std::size_t batch_records_max = 8192;
// Records waiting in memory, submitted or not. Beyond: room changes get 500 with Retry-After.
constexpr std::size_t journal_records_max = 1U << 17;
// How long before a batch that met a retryable error is tried again: doubling between the two.
constexpr Duration commit_retry_first = 100ms;
constexpr Duration commit_retry_longest = 5s;

// --- Untrusted sources --------------------------------------------------------------------------

// DESIGN 6: answered with 403 at most so often over UDP, then silence.
constexpr std::uint32_t untrusted_answers_per_second = 10;

// --- Management ---------------------------------------------------------------------------------

// The old FIFO's bounds, on which clients rely.
constexpr std::size_t mi_first_line_bytes_max = 1024;
constexpr std::size_t mi_arguments_bytes_max = 8192;
// Replies under way at once. Beyond: the request is dropped and counted.
constexpr std::size_t mi_replies_max = 16;
// The client makes its FIFO before it asks, but may open it up to a second later: a shell starts a
// program for that. A try costs three system calls.
constexpr int mi_reply_open_tries = 51;
constexpr Duration mi_reply_open_interval = 20ms;
// A client that has made no progress for so long may lose its place to another. One that reads
// answers in a millisecond.
constexpr Duration mi_reply_stuck = 200ms;
// Bytes written to a reply FIFO at a time; a pipe holds 65,536.
constexpr std::size_t mi_reply_chunk_bytes = 32768;
// A client that stops reading is given up after this.
constexpr Duration mi_reply_timeout = 10s;

static_assert(late_trying < timer_t2);
static_assert(stream_head_bytes_max + stream_body_bytes_max < stream_partial_bytes_max);
static_assert(stream_waiting_mark + 2 * bytes_per_turn_max < stream_waiting_bytes_max);
static_assert(udp_request_bytes_max > notice_body_bytes_max);
static_assert(batch_records_max <= journal_records_max);

}  // namespace imcd::limits
