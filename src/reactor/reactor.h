// Reactor: the edge of the process. It owns the epoll instance, the UDP sockets, TCP connections,
// the command FIFO, reply FIFOs, the deadline timer, signals and the wake-up from other threads. It
// moves bytes and frames nothing: everything that happens is told to the Core together with the
// time, and the actions in the Outbox are carried out before the next event.
//
// One turn: wait, read each ready source up to a budget, tell what became of replies, due
// deadlines. The outbox is carried out after each batch of inputs. The time is read once a turn,
// when the wait ends, and is the same for everything of that turn. One thread; only wake() may be
// called from another.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/figures.h"
#include "base/outbox.h"
#include "base/result.h"
#include "base/time.h"

namespace imcd::reactor {

using imcd::MiReplyEvent;

// What the reactor calls: the daemon in imcd, a fake in the tests. One call at a time, never
// nested.
class Core {
 public:
  virtual ~Core() = default;
  virtual void on_datagram(std::string_view bytes, const Flow& from, Instant now, Outbox& out) = 0;
  // Nobody listens where a datagram was sent, says the host there.
  virtual void on_port_closed(const Flow& to, Instant now, Outbox& out) = 0;
  // A stream is there: accepted, or opened as the core asked for.
  virtual void on_stream_open(const Flow& flow, Instant now, Outbox& out) = 0;
  virtual void on_stream_bytes(std::string_view bytes, const Flow& from, Instant now,
                               Outbox& out) = 0;
  // The last that is heard of it. It may cross with the core's closing it.
  virtual void on_stream_ended(StreamId stream, StreamEnd how, Instant now, Outbox& out) = 0;
  // More waits for the peer than should; later: no longer.
  virtual void on_stream_blocked(StreamId stream, bool is_blocked, Instant now, Outbox& out) = 0;
  virtual void on_mi_bytes(std::string_view bytes, Instant now, Outbox& out) = 0;
  virtual void on_mi_reply(MiReplyId reply, MiReplyEvent event, Instant now, Outbox& out) = 0;
  // What the DNS said to a question of the core's; once for each.
  virtual void on_resolved(const NameQuestion& question, const NameAnswer& answer, Instant now,
                           Outbox& out) = 0;
  virtual void on_signal(int signal, Instant now, Outbox& out) = 0;
  virtual void on_wake(Instant now, Outbox& out) = 0;
  virtual void on_deadline(Instant now, Outbox& out) = 0;
  // Nothing: no deadline. A time in the past: at once, after the sources had their turn.
  [[nodiscard]] virtual std::optional<MonoTime> next_deadline() const = 0;
  // Called with every outbox before the reactor carries it out and clears it: the place to take
  // batches, log lines and the exit code, which the reactor does not touch except for the code.
  virtual void on_actions(const Outbox& out) = 0;
};

struct Options {
  std::vector<Address> listen_udp;  // Port 0: any free one.
  std::vector<Address> listen_tcp;
  std::size_t receive_buffer_bytes = 8U << 20;
  std::size_t send_buffer_bytes = 8U << 20;
  std::vector<Address> dns_servers;  // None: those of the system.
  std::string mi_fifo;               // Path; empty: no management FIFO.
  std::uint32_t mi_fifo_mode = 0660;
  std::string mi_reply_dir;
  // To be taken by signalfd; they stay blocked in this thread and those it starts from then on.
  std::vector<int> signals;
};

class Reactor {
 public:
  // Opens everything. An error names the thing and the cause: "cannot listen on
  // udp:127.0.0.1:5070: Address already in use". `figures` must outlive the reactor.
  static Result<std::unique_ptr<Reactor>> open(const Options& options, Figures& figures);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // The addresses really bound to. For UDP, index = SocketId; those of TCP are numbered behind.
  [[nodiscard]] std::span<const Address> bound() const;
  [[nodiscard]] std::span<const Address> bound_tcp() const;

  // What the operator should know although imcd can serve: a smaller socket buffer than asked for.
  [[nodiscard]] std::span<const std::string> warnings() const;

  // Turns until the outbox asks for exit; returns that code. No input comes after the one that
  // asked. Replies already in the outbox are sent first; a socket that takes nothing more is waited
  // for, but not for more than a second.
  int run(Core& core);

  // Makes the loop call on_wake soon. From any thread; many calls may become one.
  void wake();

  // The time, read now: for what happens before run().
  static Instant read_clock();

 private:
  struct Impl;
  explicit Reactor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace imcd::reactor
