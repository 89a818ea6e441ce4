// Server's streams: who may open one, and what comes on it.

#include "server/server.h"

namespace imcd::server {

using parser::StreamFramer;

void Server::on_stream_open(const Flow& flow, Instant now, Outbox& out) {
  input(now, out, [&] {
    if (const auto refusal = admit_stream(flow, now.mono)) {
      at(figures_.streams_refused, *refusal).add();
      out.abort_stream(flow.stream);
    }
  });
}

// DESIGN 6: an untrusted peer is not listened to at all.
std::optional<StreamRefusal> Server::admit_stream(const Flow& flow, MonoTime now) {
  if (!is_opened_by_us(flow.stream) && !is_trusted(flow.peer)) return StreamRefusal::untrusted;
  if (const auto refusal = streams_.add(flow, now)) {
    deliveries_.on_stream_ended(flow.stream, now);
    return refusal;
  }
  if (deliveries_.on_stream_open(flow)) return std::nullopt;
  streams_.remove(flow.stream);
  return StreamRefusal::given_up;
}

// What is still on its way when we have closed a stream is for nobody.
void Server::on_stream_bytes(std::string_view bytes, const Flow& from, Instant now, Outbox& out) {
  input(now, out, [&] {
    if (!streams_.contains(from.stream)) return;
    const auto end = streams_.take(from.stream, bytes, now.mono,
                                   [&](const StreamFramer::Piece& piece, std::string_view text) {
                                     on_piece(piece, text, from, now, out);
                                   });
    if (end) end_stream(from.stream, *end, now.mono, out);
  });
}

void Server::on_piece(const StreamFramer::Piece& piece, std::string_view bytes, const Flow& from,
                      Instant now, Outbox& out) {
  switch (piece.kind) {
    case StreamFramer::Kind::incomplete:
      return;
    case StreamFramer::Kind::message:
      return on_sip(bytes, from, now, out);
    case StreamFramer::Kind::empty_line:
      return figures_.keepalives.add();
    case StreamFramer::Kind::ping:
      figures_.keepalives.add();
      out.begin_datagram().append("\r\n");  // RFC 5626 3.5.1: the pong.
      return out.end_datagram(from);
    case StreamFramer::Kind::fault:
      // What can be read of it may be enough to tell the peer.
      static_cast<void>(parser::parse_message(bytes, view_));
      return on_malformed({piece.fault, 0}, bytes, from, now, out);
  }
}

void Server::on_stream_ended(StreamId stream, StreamEnd, Instant now, Outbox& out) {
  input(now, out, [&] {
    streams_.remove(stream);
    deliveries_.on_stream_ended(stream, now.mono);
  });
}

void Server::on_stream_blocked(StreamId stream, bool is_blocked, Instant now, Outbox& out) {
  input(now, out, [&] { deliveries_.on_stream_blocked(stream, is_blocked); });
}

// We close it, once what was written before is sent.
void Server::end_stream(StreamId stream, StreamEnd how, MonoTime now, Outbox& out) {
  at(figures_.streams_ended, how).add();
  out.close_stream(stream);
  streams_.remove(stream);
  deliveries_.on_stream_ended(stream, now);
}

void Server::keep_streams(Instant now, Outbox& out) {
  while (const auto due = streams_.next_due(now.mono)) {
    if (due->end) {
      end_stream(due->flow.stream, *due->end, now.mono, out);
    } else {
      out.begin_datagram().append("\r\n\r\n");  // RFC 5626 3.5.1: the ping.
      out.end_datagram(due->flow);
    }
  }
}

}  // namespace imcd::server
