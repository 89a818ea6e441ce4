#include "server/stream_inputs.h"

namespace imcd::server {

void StreamInputs::on_open(const Flow& flow, MonoTime now, Outbox& out) {
  const auto refusal = admit(flow, now);
  if (!refusal) return;
  at(figures_.streams_refused, *refusal).add();
  out.abort_stream(flow.stream);
}

// DESIGN 6: an untrusted peer is not listened to at all.
std::optional<StreamRefusal> StreamInputs::admit(const Flow& flow, MonoTime now) {
  if (!is_opened_by_us(flow.stream) && !trusted_.contains(flow.peer)) {
    return StreamRefusal::untrusted;
  }
  if (const auto refusal = table_.add(flow, now)) {
    deliveries_.on_stream_ended(flow.stream, now);
    return refusal;
  }
  if (deliveries_.on_stream_open(flow)) return std::nullopt;
  table_.remove(flow.stream);
  return StreamRefusal::given_up;
}

bool StreamInputs::is_keepalive(const Piece& piece, const Flow& from, Outbox& out) {
  switch (piece.kind) {
    case parser::StreamFramer::Kind::empty_line:
      figures_.keepalives.add();
      return true;
    case parser::StreamFramer::Kind::ping:
      figures_.keepalives.add();
      out.begin_datagram().append("\r\n");  // RFC 5626 3.5.1: the pong.
      out.end_datagram(from);
      return true;
    case parser::StreamFramer::Kind::stray:
      return true;
    case parser::StreamFramer::Kind::message:
    case parser::StreamFramer::Kind::fault:
    case parser::StreamFramer::Kind::incomplete:
      return false;
  }
  return false;
}

void StreamInputs::on_ended(StreamId stream, MonoTime now) {
  table_.remove(stream);
  deliveries_.on_stream_ended(stream, now);
}

// We close it, once what was written before is sent.
void StreamInputs::close(StreamId stream, StreamEnd how, MonoTime now, Outbox& out) {
  at(figures_.streams_ended, how).add();
  out.close_stream(stream);
  on_ended(stream, now);
}

void StreamInputs::end_crowding(MonoTime now, Outbox& out) {
  while (const auto stream = table_.find_crowding()) {
    close(*stream, StreamEnd::crowded, now, out);
  }
}

void StreamInputs::on_deadline(MonoTime now, Outbox& out) {
  while (const auto due = table_.next_due(now)) {
    if (due->end) {
      close(due->flow.stream, *due->end, now, out);
    } else {
      out.begin_datagram().append("\r\n\r\n");  // RFC 5626 3.5.1: the ping.
      out.end_datagram(due->flow);
    }
  }
}

}  // namespace imcd::server
