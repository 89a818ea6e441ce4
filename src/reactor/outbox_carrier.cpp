#include "reactor/outbox_carrier.h"

namespace imcd::reactor {

void OutboxCarrier::carry_out() {
  perform();
  if (sources_.streams.pending_events() != 0) tell_stream_events();
}

void OutboxCarrier::perform() {
  if (out_.empty()) return;
  process_.on_actions(out_, now_);
  if (!out_.datagrams().empty()) {
    sources_.streams.write(out_);
    sources_.udp.send(out_, now_.mono);
  }
  for (const Outbox::StreamAction& action : out_.stream_actions()) perform(action);
  for (const NameQuestion& question : out_.questions()) sources_.resolver->ask(question, now_.mono);
  for (const Outbox::MiReplyAction& action : out_.mi_replies()) {
    sources_.mi_replies.carry_out(action);
  }
  exit_code_ = out_.exit_code();
  out_.clear();
}

void OutboxCarrier::perform(const Outbox::StreamAction& action) {
  switch (action.kind) {
    case Outbox::StreamAction::Kind::open:
      return sources_.streams.open(action.flow, sources_.bound(action.flow.socket));
    case Outbox::StreamAction::Kind::close:
      return sources_.streams.close(action.flow.stream, now_.mono);
    case Outbox::StreamAction::Kind::abort:
      return sources_.streams.abort(action.flow.stream);
  }
}

void OutboxCarrier::tell_stream_events() {
  for (std::size_t left = sources_.streams.pending_events(); left > 0 && !exit_code_; --left) {
    const std::optional<StreamSockets::Event> event = sources_.streams.take_event();
    if (!event) return;
    tell(*event);
    perform();
  }
}

void OutboxCarrier::tell(const StreamSockets::Event& event) {
  switch (event.kind) {
    case StreamSockets::Event::Kind::opened:
      return core_.on_stream_open(event.flow, now_, out_);
    case StreamSockets::Event::Kind::ended:
      return core_.on_stream_ended(event.flow.stream, event.end, now_, out_);
    case StreamSockets::Event::Kind::blocked:
      return core_.on_stream_blocked(event.flow.stream, true, now_, out_);
    case StreamSockets::Event::Kind::writable:
      sources_.ready.add({SourceKind::stream, event.slot});
      return core_.on_stream_blocked(event.flow.stream, false, now_, out_);
  }
}

}  // namespace imcd::reactor
