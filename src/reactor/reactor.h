// Reactor: the edge of the process. It owns the epoll instance, the UDP sockets, TCP connections,
// the command FIFO, reply FIFOs, the deadline timer, signals and the wake-up from other threads. It
// moves bytes and frames nothing: everything that happens is told to the core together with the
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
#include "base/core.h"
#include "base/figures.h"
#include "base/outbox.h"
#include "base/result.h"
#include "base/time.h"

namespace imcd::reactor {

// What the reactor tells the process beside its core. Never nested, as the core's inputs aren't.
class Process {
 public:
  virtual ~Process() = default;
  virtual void on_signal(int signal, Instant now, Outbox& out) = 0;
  virtual void on_wake(Instant now, Outbox& out) = 0;
  // Called with every outbox before the reactor carries it out and clears it: the place to take
  // batches and log lines, which the reactor does not touch.
  virtual void on_actions(const Outbox& out, Instant now) = 0;
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
  int run(Core& core, Process& process);

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
