// StreamSockets: all TCP connections, by their number and by the slot that names them to epoll. It
// carries out what the core asks for and keeps as events what the core must hear, because actions
// are carried out while the outbox is being read.
//
// Backpressure: a stream for which more than limits::stream_waiting_mark bytes wait is blocked; the
// core is told and writes no more than it must. One that we accepted is not read either meanwhile,
// so a peer that takes no answers can ask for none. One that we opened is read on: what comes there
// are answers, and two peers that wait for each other to read would wait for ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/figures.h"
#include "base/outbox.h"
#include "reactor/epoll.h"
#include "reactor/stream.h"
#include "reactor/stream_listener.h"

namespace imcd::reactor {

class StreamSockets {
 public:
  StreamSockets(Epoll& epoll, Figures& figures);

  // --- From the loop: what became ready ---

  // A connection that was accepted. Nothing: the kernel has no room to watch it; it is closed.
  std::optional<Flow> add(StreamListener::Accepted accepted, SocketId socket);

  void note(std::uint32_t slot, std::uint32_t events);
  // Whether the slot has something to read, as far as is known, and may be read now.
  [[nodiscard]] bool may_read(std::uint32_t slot) const;
  struct Read {
    std::string_view bytes;  // Empty: nothing is there, or nothing for the core.
    Flow from;
    bool may_have_more = false;
  };
  Read read(std::uint32_t slot, MonoTime now);

  // --- From the core, through the outbox ---

  // All that goes to streams, each with one gathered write.
  void write(const Outbox& out);
  // `local`: the address that the peer should see; its port does not matter.
  void open(const Flow& flow, const Address& local);
  void close(StreamId stream, MonoTime now);
  void abort(StreamId stream);

  // --- To the core ---

  struct Event {
    enum class Kind : std::uint8_t { opened, ended, blocked, writable };
    Kind kind = Kind::opened;
    Flow flow;
    StreamEnd end = StreamEnd::by_peer;
    std::uint32_t slot = 0;
  };
  [[nodiscard]] std::size_t pending_events() const { return events_.size(); }
  std::optional<Event> take_event();

  // Ends those that have lingered, or been half closed, long enough.
  void on_deadline(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  // At the exit: what waits is tried again; true while some is left.
  bool send_rest();

 private:
  struct Write {
    Stream* stream = nullptr;
    WriteParts parts;
  };
  struct Lingering {
    MonoTime until;
    StreamId stream = 0;
  };

  std::uint32_t put(std::unique_ptr<Stream> stream);
  [[nodiscard]] Stream* find(StreamId stream);
  void remove(Stream& stream);
  void end(Stream& stream, StreamEnd how);
  void on_eof(Stream& stream, MonoTime now);
  void on_room(Stream& stream);
  void flush(Write& write);
  void tell_if_blocked(Stream& stream);
  void tell(Event::Kind kind, const Stream& stream, StreamEnd end = StreamEnd::by_peer);
  void count_open(const Flow& flow, int by);

  Epoll& epoll_;
  Figures& figures_;
  std::vector<std::unique_ptr<Stream>> streams_;  // Index = slot.
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<StreamId, std::uint32_t> slots_;
  StreamId last_accepted_ = 0;
  std::unique_ptr<char[]> received_;
  std::vector<Write> writes_;
  std::deque<Event> events_;
  std::deque<Lingering> lingering_;
  std::deque<Lingering> half_closed_;
};

}  // namespace imcd::reactor
