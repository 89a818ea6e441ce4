// Core: everything that can happen to imcd, as the edge tells it: bytes, names, time and orders go
// in, what is to be done comes out through the Outbox. The server is one, the reactor its caller;
// in the reactor's tests a fake takes its place.
//
// One input at a time, never nested; the caller carries the outbox out before the next. `now` never
// goes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/names.h"
#include "base/outbox.h"
#include "base/stream.h"
#include "base/time.h"

namespace imcd {

// What the operator asks for by a signal to the process.
enum class Order : std::uint8_t {
  stop,     // TERM, INT: drain; a second time: stop at once.
  summary,  // USR1: log a summary of the state.
  reload,   // HUP.
};

class Core {
 public:
  virtual ~Core() = default;

  virtual void on_datagram(std::string_view bytes, const Flow& from, Instant now, Outbox& out) = 0;
  // Nobody listens where a datagram was sent, says the host there.
  virtual void on_port_closed(const Flow& to, Instant now, Outbox& out) = 0;

  // A stream is there: accepted, or opened as the core asked for. The flow names it in all that
  // follows.
  virtual void on_stream_open(const Flow& flow, Instant now, Outbox& out) = 0;
  virtual void on_stream_bytes(std::string_view bytes, const Flow& from, Instant now,
                               Outbox& out) = 0;
  // The last that is heard of it. It may cross with the core's closing it.
  virtual void on_stream_ended(StreamId stream, StreamEnd how, Instant now, Outbox& out) = 0;
  // More waits for the peer than should; later: no longer.
  virtual void on_stream_blocked(StreamId stream, bool is_blocked, Instant now, Outbox& out) = 0;

  virtual void on_mi_bytes(std::string_view bytes, Instant now, Outbox& out) = 0;
  virtual void on_mi_reply(MiReplyId reply, MiReplyEvent event, Instant now, Outbox& out) = 0;
  // What the DNS said to a question in the outbox; once for each.
  virtual void on_resolved(const NameQuestion& question, const NameAnswer& answer, Instant now,
                           Outbox& out) = 0;
  virtual void on_order(Order order, Instant now, Outbox& out) = 0;

  virtual void on_deadline(Instant now, Outbox& out) = 0;
  // Nothing: no deadline. A time in the past: at once, after the sources had their turn.
  [[nodiscard]] virtual std::optional<MonoTime> next_deadline() const = 0;
};

}  // namespace imcd
