// Sources: everything the loop watches, opened together, with the list of those that have something
// to read. It notes what the kernel reports of them; reading them is the business of Inputs,
// writing of OutboxCarrier.
//
// To add a kind of source (another socket, say): give it a SourceKind, a member here with a case in
// note(), a case in Inputs::serve(), and a loop over its actions in OutboxCarrier.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reactor/deadline_timer.h"
#include "reactor/epoll.h"
#include "reactor/mi_fifo_keeper.h"
#include "reactor/mi_replies.h"
#include "reactor/reactor.h"
#include "reactor/ready_list.h"
#include "reactor/resolver.h"
#include "reactor/signals.h"
#include "reactor/stream_listeners.h"
#include "reactor/stream_sockets.h"
#include "reactor/udp_ports.h"
#include "reactor/wake_event.h"

namespace imcd::reactor {

struct Sources {
  static Result<std::unique_ptr<Sources>> open(const Options& options, Figures& figures,
                                               SendBatch send);
  Sources(const Sources&) = delete;
  Sources& operator=(const Sources&) = delete;

  // The address of an own socket: those of UDP come first, then those of TCP.
  [[nodiscard]] const Address& bound(SocketId socket) const;

  void note(const epoll_event& event, MonoTime now);
  // Goes on with what had to wait for time to pass.
  void retry(MonoTime now);
  // Whether something is left over from the last turn.
  [[nodiscard]] bool any_left() const;
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  Epoll epoll;
  DeadlineTimer timer;
  WakeEvent wake_event;
  Signals signals;
  UdpPorts udp;
  StreamListeners listeners;
  StreamSockets streams;
  std::unique_ptr<Resolver> resolver;
  MiFifoKeeper mi_fifo;
  MiReplies mi_replies;
  ReadyList ready;
  std::vector<std::string> warnings;

 private:
  Sources(const Options& options, Figures& figures);
  Result<void> open_own(std::span<const int> signal_numbers);
  Result<void> open_resolver(std::span<const Address> servers);
  Result<void> open_mi(const Options& options);
};

}  // namespace imcd::reactor
