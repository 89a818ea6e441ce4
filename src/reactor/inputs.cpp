#include "reactor/inputs.h"

#include <optional>
#include <string_view>
#include <utility>

#include "reactor/budget.h"

namespace imcd::reactor {

void Inputs::serve_ready() {
  for (const Source source : sources_.ready.take()) {
    // After the exit nothing is read, but nothing that was reported is forgotten either.
    if (exits() || serve(source)) sources_.ready.add(source);
  }
}

// True if the source may have more.
bool Inputs::serve(Source source) {
  switch (source.kind) {
    case SourceKind::udp:
      return serve_udp(source.index);
    case SourceKind::listener:
      return serve_listener(source.index);
    case SourceKind::stream:
      return serve_stream(source.index);
    case SourceKind::dns:
      sources_.resolver->on_ready(source.index, carrier_.now().mono);
      return false;
    case SourceKind::mi_fifo:
      return serve_mi_fifo();
    case SourceKind::signals:
      return serve_signals();
    case SourceKind::wake:
      serve_wake();
      return false;
    case SourceKind::timer:
    case SourceKind::mi_reply:
    case SourceKind::count:
      return false;  // Never on the list: Sources::note() does all there is to do.
  }
  return false;
}

bool Inputs::serve_udp(SocketId id) {
  const UdpPort& port = sources_.udp[id];
  if (port.has_error_reports()) {
    tell_closed_ports(id);
    if (exits()) return true;
  }
  for (unsigned batch = 0; batch < budget::receive_batches_per_turn; ++batch) {
    const std::optional<std::size_t> count = received_.read(port.fd());
    if (!count) return port.has_error_reports();
    hand_batch(*count, id);
    if (exits()) break;
  }
  return true;
}

void Inputs::tell_closed_ports(SocketId id) {
  closed_.clear();
  sources_.udp[id].take_error_reports(closed_);
  for (const Address& peer : closed_) {
    carrier_.core().on_port_closed({peer, id}, carrier_.now(), carrier_.out());
  }
  carrier_.carry_out();
}

void Inputs::hand_batch(std::size_t count, SocketId id) {
  Outbox& out = carrier_.out();
  for (std::size_t i = 0; i < count && !out.exit_code() && !exits(); ++i) {
    if (const auto drops = received_.drops(i)) sources_.udp[id].count_drops(*drops);
    const Flow from{received_.peer(i), id};
    received_.for_each_datagram(i, [&](std::string_view bytes) {
      figures_.datagrams_received.add();
      at(figures_.received_bytes, Transport::udp).add(bytes.size());
      carrier_.core().on_datagram(bytes, from, carrier_.now(), out);
      if (out.exit_code()) return false;
      if (out.datagrams().size() >= budget::outbox_datagrams) carrier_.carry_out();
      return !exits();
    });
  }
  carrier_.carry_out();
}

bool Inputs::serve_listener(std::uint32_t index) {
  StreamListener& listener = sources_.listeners[index];
  if (listener.retry_at) return false;
  const auto socket = static_cast<SocketId>(sources_.udp.size() + index);
  for (unsigned taken = 0; taken < budget::accepts_per_turn; ++taken) {
    StreamListener::Accepted accepted = listener.accept();
    switch (accepted.outcome) {
      case StreamListener::Outcome::none:
        return false;
      case StreamListener::Outcome::later:
        figures_.stream_accepts_failed.add();
        listener.retry_at = carrier_.now().mono + budget::accept_retry;
        return false;
      case StreamListener::Outcome::gone:
        continue;
      case StreamListener::Outcome::accepted:
        break;
    }
    const auto flow = sources_.streams.add(std::move(accepted), socket);
    if (!flow) continue;
    carrier_.core().on_stream_open(*flow, carrier_.now(), carrier_.out());
    carrier_.carry_out();
    if (exits()) return true;
  }
  return true;
}

// A stream that may not be read now is put on the list again when it may.
bool Inputs::serve_stream(std::uint32_t slot) {
  for (unsigned reads = 0; reads < budget::stream_reads_per_turn; ++reads) {
    if (!sources_.streams.may_read(slot)) return false;
    const StreamSockets::Read read = sources_.streams.read(slot, carrier_.now().mono);
    if (!read.bytes.empty()) {
      carrier_.core().on_stream_bytes(read.bytes, read.from, carrier_.now(), carrier_.out());
    }
    carrier_.carry_out();
    if (exits()) return true;
    if (!read.may_have_more) return false;
  }
  return true;
}

bool Inputs::serve_mi_fifo() {
  const std::optional<std::string_view> bytes = sources_.mi_fifo.read();
  if (!bytes) return false;
  carrier_.core().on_mi_bytes(*bytes, carrier_.now(), carrier_.out());
  carrier_.carry_out();
  return true;
}

bool Inputs::serve_signals() {
  while (const std::optional<int> signal = sources_.signals.take()) {
    carrier_.process().on_signal(*signal, carrier_.now(), carrier_.out());
    carrier_.carry_out();
    if (exits()) return true;
  }
  return false;
}

void Inputs::serve_wake() {
  if (!sources_.wake_event.take()) return;
  carrier_.process().on_wake(carrier_.now(), carrier_.out());
  carrier_.carry_out();
}

// Those that are there now, as in OutboxCarrier::tell_stream_events.
void Inputs::tell_answers() {
  Resolver& resolver = *sources_.resolver;
  for (std::size_t left = resolver.pending_answers(); left > 0 && !exits(); --left) {
    const std::optional<Resolver::Answer> answer = resolver.take_answer();
    if (!answer) return;
    carrier_.core().on_resolved(answer->first, answer->second, carrier_.now(), carrier_.out());
    carrier_.carry_out();
  }
}

// Those that are there now, as in OutboxCarrier::tell_stream_events.
void Inputs::tell_mi_events() {
  MiReplies& replies = sources_.mi_replies;
  for (std::size_t left = replies.pending_events(); left > 0 && !exits(); --left) {
    const std::optional<MiReplies::Event> event = replies.take_event();
    if (!event) return;
    carrier_.core().on_mi_reply(event->reply, event->what, carrier_.now(), carrier_.out());
    carrier_.carry_out();
  }
}

void Inputs::look_at_mi_fifo() {
  auto line = sources_.mi_fifo.on_deadline(carrier_.now().mono);
  if (!line) return;
  carrier_.out().log(std::move(*line));
  carrier_.carry_out();
}

void Inputs::meet_deadline() {
  if (exits()) return;
  const std::optional<MonoTime> deadline = carrier_.core().next_deadline();
  if (!deadline || *deadline > carrier_.now().mono) return;
  carrier_.core().on_deadline(carrier_.now(), carrier_.out());
  carrier_.carry_out();
}

}  // namespace imcd::reactor
