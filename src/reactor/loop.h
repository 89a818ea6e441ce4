// Loop: what Reactor is made of. It owns the sources, decides when to sleep and whose turn it is,
// and hands what they read to the core; how a source is read and an action carried out is the
// business of the source's own file.
//
// To add a kind of source (a resolver's socket, say): give it a SourceKind, a case in note() and in
// serve(), and a loop over its actions in carry_out().
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reactor/deadline_timer.h"
#include "reactor/epoll.h"
#include "reactor/mi_fifo.h"
#include "reactor/mi_replies.h"
#include "reactor/reactor.h"
#include "reactor/ready_list.h"
#include "reactor/receive_batch.h"
#include "reactor/resolver.h"
#include "reactor/signals.h"
#include "reactor/stream_listener.h"
#include "reactor/streams.h"
#include "reactor/udp_sender.h"
#include "reactor/udp_socket.h"
#include "reactor/wake_event.h"

namespace imcd::reactor {

class Loop {
 public:
  static Result<std::unique_ptr<Loop>> open(const Options& options, Figures& figures,
                                            SendBatch send);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] std::span<const Address> bound() const { return bound_; }
  [[nodiscard]] std::span<const Address> bound_tcp() const { return bound_tcp_; }
  [[nodiscard]] std::span<const std::string> warnings() const { return warnings_; }
  int run(Core& core);
  void wake() { wake_event_.raise(); }

 private:
  struct UdpPort {
    UdpPort(UdpSocket opened, SendBatch send, Figures& figures)
        : socket(std::move(opened)), sender(socket.fd(), send, figures) {}
    UdpSocket socket;
    UdpSender sender;
    bool watched_for_room = false;  // EPOLLOUT is asked for.
    bool has_error_reports = false;
    std::uint32_t drops = 0;  // As the kernel told last.
  };

  Loop(const Options& options, Figures& figures);
  Result<void> open_sources(const Options& options);
  Result<void> open_udp(const Options& options, SendBatch send);
  Result<void> open_tcp(const Options& options);
  Result<void> open_resolver(const Options& options);
  Result<void> open_mi(const Options& options);
  Result<void> watch(int fd, Source source);

  void turn(Core& core);
  void wait(const Core& core);
  [[nodiscard]] bool may_sleep(const Core& core);
  void note(const epoll_event& event);
  void note_udp(UdpPort& port, std::uint32_t events, Source source);
  void retry_sends();
  void retry_accepts();

  void serve_ready(Core& core);
  bool serve(Source source, Core& core);
  bool serve_udp(SocketId id, Core& core);
  void count_drops(UdpPort& port, std::uint32_t drops);
  void hand_batch(std::size_t count, SocketId id, Core& core);
  bool serve_listener(std::uint32_t index, Core& core);
  bool serve_stream(std::uint32_t slot, Core& core);
  bool serve_mi_fifo(Core& core);
  bool serve_signals(Core& core);
  void serve_wake(Core& core);
  void tell_stream_events(Core& core);
  void tell_stream_event(const Streams::Event& event, Core& core);
  void tell_answers(Core& core);
  void tell_mi_events(Core& core);
  void meet_deadline(Core& core);

  void carry_out(Core& core);
  void perform(Core& core);
  void carry_out(const Outbox::StreamAction& action);
  void send_datagrams();
  void watch_for_room(SocketId id);
  void ask_for_room(SocketId id);
  void finish_sending();

  Figures& figures_;
  Epoll epoll_;
  DeadlineTimer timer_;
  WakeEvent wake_event_;
  Signals signals_;
  std::vector<std::unique_ptr<UdpPort>> udp_;  // Index = SocketId.
  std::vector<StreamListener> listeners_;
  Streams streams_;
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<MiFifo> mi_fifo_;
  MiReplies mi_replies_;
  std::vector<Address> bound_;
  std::vector<Address> bound_tcp_;
  std::vector<std::string> warnings_;

  Instant now_;
  std::vector<Address> refused_;
  Outbox out_;
  ReadyList ready_;
  ReceiveBatch received_;
  std::optional<int> exit_code_;
};

}  // namespace imcd::reactor
