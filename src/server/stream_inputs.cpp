// Server's streams: who may open one, and what comes on it.

#include "server/server.h"

namespace imcd::server {

using parser::StreamFramer;

// DESIGN 6: an untrusted peer is not listened to at all.
void Server::on_stream_open(const Flow& flow, Instant now, Outbox& out) {
  const bool is_welcome = is_opened_by_us(flow.stream) || is_trusted(flow.peer);
  const auto refusal =
      is_welcome ? streams_.add(flow, now.mono) : std::optional(StreamRefusal::untrusted);
  if (refusal) {
    at(figures_.streams_refused, *refusal).add();
    out.abort_stream(flow.stream);
  }
  end_input(now, out);
}

// What is still on its way when we have closed a stream is for nobody.
void Server::on_stream_bytes(std::string_view bytes, const Flow& from, Instant now, Outbox& out) {
  if (!streams_.contains(from.stream)) return;
  const auto end = streams_.take(from.stream, bytes, now.mono,
                                 [&](const StreamFramer::Piece& piece, std::string_view text) {
                                   on_piece(piece, text, from, now, out);
                                 });
  if (end) end_stream(from.stream, *end, out);
  end_input(now, out);
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
  streams_.remove(stream);
  end_input(now, out);
}

void Server::on_stream_blocked(StreamId, bool, Instant now, Outbox& out) { end_input(now, out); }

// We close it, once what was written before is sent.
void Server::end_stream(StreamId stream, StreamEnd how, Outbox& out) {
  at(figures_.streams_ended, how).add();
  out.close_stream(stream);
  streams_.remove(stream);
}

void Server::keep_streams(Instant now, Outbox& out) {
  while (const auto due = streams_.next_due(now.mono)) {
    if (due->end) {
      end_stream(due->flow.stream, *due->end, out);
    } else {
      out.begin_datagram().append("\r\n\r\n");  // RFC 5626 3.5.1: the ping.
      out.end_datagram(due->flow);
    }
  }
}

}  // namespace imcd::server
