// StreamInputs: what comes on streams: who may open one, the messages cut out of their bytes, pings
// and their answers, and the end of those that have outlived their time. The deliveries learn of
// every stream that ends, whoever ended it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/figures.h"
#include "base/outbox.h"
#include "base/siphash.h"
#include "base/stream.h"
#include "base/time.h"
#include "delivery/deliveries.h"
#include "parser/stream_framer.h"
#include "server/stream_table.h"
#include "server/trusted_sources.h"

namespace imcd::server {

class StreamInputs {
 public:
  using Piece = parser::StreamFramer::Piece;

  // All must outlive it.
  StreamInputs(HashKey key, const TrustedSources& trusted, delivery::Deliveries& deliveries,
               Figures& figures)
      : table_(key), trusted_(trusted), deliveries_(deliveries), figures_(figures) {}

  void on_open(const Flow& flow, MonoTime now, Outbox& out);
  // Calls on_message(piece, bytes) for each message that is complete now, and for what is none and
  // ends the stream (Piece::fault).
  template <class OnMessage>
  void on_bytes(std::string_view bytes, const Flow& from, MonoTime now, Outbox& out,
                OnMessage&& on_message) {
    // What is still on its way when we have closed a stream is for nobody.
    if (!table_.contains(from.stream)) return;
    const auto end =
        table_.take(from.stream, bytes, now, [&](const Piece& piece, std::string_view text) {
          if (!is_keepalive(piece, from, out)) on_message(piece, text);
        });
    if (end) close(from.stream, *end, now, out);
    end_crowding(now, out);
  }
  void on_ended(StreamId stream, MonoTime now);

  void on_deadline(MonoTime now, Outbox& out);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const { return table_.next_deadline(); }
  [[nodiscard]] std::size_t size() const { return table_.size(); }

 private:
  std::optional<StreamRefusal> admit(const Flow& flow, MonoTime now);
  // True: it was one, and it is done with.
  bool is_keepalive(const Piece& piece, const Flow& from, Outbox& out);
  void end_crowding(MonoTime now, Outbox& out);
  void close(StreamId stream, StreamEnd how, MonoTime now, Outbox& out);

  StreamTable table_;
  const TrustedSources& trusted_;
  delivery::Deliveries& deliveries_;
  Figures& figures_;
};

}  // namespace imcd::server
