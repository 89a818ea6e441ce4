// StreamTable: what the core knows of each TCP connection: where its incomplete message is kept,
// how it is framed, and how long it may stay as it is.
//
// Timers of a stream, one at a time:
//   message  32 s  a message was begun and is not complete            -> closed (slow_message)
//   idle   15 min  accepted, and nothing came                         -> closed (idle)
//   ping     30 s  opened by us, and nothing came: we ask             -> pong
//   pong     10 s  no answer to that, from a peer that has given one  -> closed (no_pong)
//
// An idle stream keeps no buffer. Messages that are whole in what was read are not copied; the part
// of one at the end is kept until the rest comes. Where these parts are too much together, the host
// that holds most of them loses its largest. What we opened does not count there: it is a link to a
// proxy, of which the operator names a few, and everybody's deliveries go over it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/address.h"
#include "base/byte_buffer.h"
#include "base/limits.h"
#include "base/siphash.h"
#include "base/slot_pool.h"
#include "base/time.h"
#include "base/timer_lane.h"
#include "parser/stream_framer.h"

namespace imcd::server {

class StreamTable {
 public:
  explicit StreamTable(HashKey key);

  // Nothing: it is known from now on. Else why it must be closed at once.
  std::optional<StreamRefusal> add(const Flow& flow, MonoTime now);
  // Forgets it, if it is known.
  void remove(StreamId stream);
  [[nodiscard]] bool contains(StreamId stream) const { return slots_.contains(stream); }
  [[nodiscard]] std::size_t size() const { return streams_.in_use(); }

  // Calls on_piece(piece, bytes) for each piece that is complete now, until one is a fault. The
  // stream must be known. Nothing: it goes on; else it must be closed and removed for that reason.
  template <class OnPiece>
  std::optional<StreamEnd> take(StreamId stream, std::string_view bytes, MonoTime now,
                                OnPiece&& on_piece) {
    const std::uint32_t slot = slots_.at(stream);
    bool goes_on = !streams_[slot].partial.empty();
    std::string_view rest = join(slot, bytes);
    for (;;) {
      const parser::StreamFramer::Piece piece = next_piece(slot, rest);
      if (piece.kind == parser::StreamFramer::Kind::incomplete) break;
      on_piece(piece, rest.substr(0, piece.size));
      if (piece.kind == parser::StreamFramer::Kind::fault) return StreamEnd::bad_message;
      rest.remove_prefix(piece.size);
      goes_on = false;
    }
    keep(slot, rest, goes_on, now);
    return std::nullopt;
  }
  // The stream that must be closed since incomplete messages take more than they may, until there
  // is none; of equal ones the newest. A walk over all streams, but only then.
  [[nodiscard]] std::optional<StreamId> find_crowding() const;

  struct Due {
    Flow flow;
    std::optional<StreamEnd> end;  // Nothing: it is to be pinged.
  };
  // One stream whose timer needs the caller, who removes those that end; called until it gives
  // nothing.
  std::optional<Due> next_due(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

 private:
  // Who has streams: a host from which some were accepted, or we, who opened some.
  struct Holder {
    std::size_t streams = 0;
    std::size_t partial_bytes = 0;
  };
  enum class Wait : std::uint8_t { message, idle, ping, pong, count };
  struct Stream {
    Flow flow;
    parser::StreamFramer framer;
    Holder* holder =
        nullptr;         // In accepted_from_, which has it as long as it has streams; or ours.
    ByteBuffer partial;  // The beginning of a message, or all that came for it piece by piece.
    TimerNode timer;
    Wait wait = Wait::idle;
    bool answers_pings = false;
    bool is_asked = false;  // A ping of ours has not been answered.
  };
  struct Pool : SlotPool<Stream, 64> {
    using SlotPool::SlotPool;
    TimerNode& timer(std::uint32_t slot) { return (*this)[slot].timer; }
  };
  struct HostHash {
    std::size_t operator()(const Address& host) const;
    HashKey key;
  };

  std::string_view join(std::uint32_t slot, std::string_view bytes);
  parser::StreamFramer::Piece next_piece(std::uint32_t slot, std::string_view rest);
  void keep(std::uint32_t slot, std::string_view rest, bool goes_on, MonoTime now);
  void add_partial_bytes(const Stream& stream, std::size_t bytes);
  void take_partial_bytes(const Stream& stream, std::size_t bytes);
  [[nodiscard]] const Holder* find_crowding_holder() const;
  void wait_for(std::uint32_t slot, Wait wait, MonoTime now);
  TimerLane& lane(Wait wait) { return lanes_[static_cast<std::size_t>(wait)]; }
  [[nodiscard]] static Address host_of(const Flow& flow);

  mutable Pool streams_;
  std::unordered_map<StreamId, std::uint32_t> slots_;
  std::unordered_map<Address, Holder, HostHash> accepted_from_;
  Holder accepted_;  // All of accepted_from_ together.
  Holder opened_;
  ByteBuffer joined_;
  bool is_in_partial_ = false;  // What is being taken lies in the stream's own buffer.
  std::array<TimerLane, static_cast<std::size_t>(Wait::count)> lanes_ = {
      TimerLane(limits::stream_message_time), TimerLane(limits::stream_idle_time),
      TimerLane(limits::stream_ping_interval), TimerLane(limits::stream_pong_time)};
};

}  // namespace imcd::server
