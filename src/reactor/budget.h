// The reactor's own bounds: how much of one thing is done before the others have their turn, and
// how much may wait for the kernel.
#pragma once

#include <cstddef>

#include "base/limits.h"
#include "base/time.h"

namespace imcd::reactor::budget {

// Datagrams a recvmmsg takes: enough to make the call's own cost small beside that of a datagram,
// few enough that the answers to one batch stay in the cache until they are sent.
constexpr std::size_t receive_batch = 64;
// Batches one socket is read in a turn before the next source is served.
constexpr unsigned receive_batches_per_turn = 4;
// No UDP payload is longer, so no datagram is ever truncated; UDP_GRO asks for this size too.
constexpr std::size_t datagram_buffer_bytes = 65535;
static_assert(datagram_buffer_bytes >= limits::datagram_bytes_max);

// Reports of lost datagrams (ICMP) taken from one socket in a turn.
constexpr unsigned error_reports_per_turn = 256;

// Datagrams a sendmmsg carries; the kernel takes at most 1024, and beyond 64 nothing is gained.
constexpr std::size_t send_batch = 64;
// A run of datagrams of one size to one peer goes into one of its places (UDP_SEGMENT), as the
// kernel allows: so many datagrams, so many bytes in all. What is smaller than any SIP message is
// sent by itself.
constexpr std::size_t run_datagrams_max = 64;
constexpr std::size_t run_bytes_max = 65507;
constexpr std::size_t run_datagram_bytes_min = 128;
// Datagrams of all runs of a batch.
constexpr std::size_t send_batch_datagrams = 1024;
// Peers whose way takes no runs, each for so long. Beyond: the one that was found first is tried
// again at once. A try costs one call that fails.
constexpr std::size_t peers_without_runs_max = 64;
constexpr Duration runs_tried_again = 60s;
// The outbox is carried out at the latest when it holds this many datagrams, so that its memory
// stays bounded when every datagram of a batch is answered by a fan-out.
constexpr std::size_t outbox_datagrams = limits::datagrams_per_turn_max;

// What may wait for one socket whose send buffer is full: as much as the buffer of 8 MiB that imcd
// asks for itself, about 13,000 deliveries. Beyond: that datagram is given up and counted.
constexpr std::size_t waiting_bytes_max = 8U << 20;
// ENOBUFS: a queue below the socket was full, and nothing tells when it is not any more.
constexpr Duration send_retry = 1ms;
// At the exit the waiting datagrams get this long in all; what is left is counted as failed.
constexpr Duration last_send_wait = 1s;

// Bytes of the management FIFO read in a turn; a pipe holds as many.
constexpr std::size_t mi_read_bytes = 65536;
// How often it is looked at whether that FIFO is still in its place.
constexpr Duration mi_fifo_look = 30s;

// Bytes a stream is read at a time: some 400 answers, so that what they free is sent in one write.
constexpr std::size_t stream_read_bytes = 128U << 10;
// Reads of one stream in a turn before the next source is served.
constexpr unsigned stream_reads_per_turn = 2;
// Connections taken from one listening socket in a turn.
constexpr unsigned accepts_per_turn = 64;
// Connections that the kernel may keep for us until then.
constexpr int listen_backlog = 1024;
// No file descriptor or memory is left for a connection: nothing tells when it is there again.
constexpr Duration accept_retry = 100ms;
// Pieces of the outbox that one gathered write carries; the kernel takes at most 1024.
constexpr std::size_t write_parts = 64;
// Sent, but acknowledged by nobody for so long: the peer's machine is gone, or it does not read.
// The transactions under way have ended by then.
constexpr Duration unacknowledged_max = limits::timer_f;
// A stream that we close is read on for so long, or until the peer closes it too: closed at once,
// it would be reset where the peer has sent more, and the reset would overtake our last answer.
constexpr Duration linger = 2s;
// A stream whose peer sends no more is written to for so long: by then each request that came on it
// has an answer (option db_timeout_ms, 5 s).
constexpr Duration half_closed = 6s;
// Streams that linger at once, and those that are half closed; beyond, they are closed.
constexpr std::size_t lingering_streams_max = 1024;

// Events taken by one epoll_wait; those beyond come with the next.
constexpr std::size_t events_per_wait = 256;

}  // namespace imcd::reactor::budget
