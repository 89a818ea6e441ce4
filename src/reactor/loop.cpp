#include "reactor/loop.h"

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "reactor/budget.h"
#include "reactor/system_failure.h"

namespace imcd::reactor {

// --- Opening ------------------------------------------------------------------------------------

Loop::Loop(const Options& options, Figures& figures)
    : figures_(figures), mi_replies_(options.mi_reply_dir, epoll_) {}

Result<std::unique_ptr<Loop>> Loop::open(const Options& options, Figures& figures, SendBatch send) {
  std::unique_ptr<Loop> loop(new Loop(options, figures));
  if (auto done = loop->open_sources(options); !done) return std::unexpected(done.error());
  if (auto done = loop->open_udp(options, send); !done) return std::unexpected(done.error());
  if (auto done = loop->open_mi(options); !done) return std::unexpected(done.error());
  return loop;
}

Result<void> Loop::open_sources(const Options& options) {
  auto epoll = Epoll::open();
  if (!epoll) return std::unexpected(epoll.error());
  epoll_ = std::move(*epoll);
  auto timer = DeadlineTimer::open();
  if (!timer) return std::unexpected(timer.error());
  timer_ = std::move(*timer);
  auto wake_event = WakeEvent::open();
  if (!wake_event) return std::unexpected(wake_event.error());
  wake_event_ = std::move(*wake_event);
  auto signals = Signals::open(options.signals);
  if (!signals) return std::unexpected(signals.error());
  signals_ = std::move(*signals);

  if (auto done = watch(timer_.fd(), {SourceKind::timer}); !done) return done;
  if (auto done = watch(wake_event_.fd(), {SourceKind::wake}); !done) return done;
  return watch(signals_.fd(), {SourceKind::signals});
}

Result<void> Loop::open_udp(const Options& options, SendBatch send) {
  for (const Address& listen : options.listen_udp) {
    auto socket = UdpSocket::open(listen);
    if (!socket) return std::unexpected(socket.error());
    socket->set_buffers(options.receive_buffer_bytes, options.send_buffer_bytes, warnings_);
    bound_.push_back(socket->bound());
    udp_.push_back(std::make_unique<UdpPort>(std::move(*socket), send, figures_));
    const auto id = static_cast<SocketId>(udp_.size() - 1);
    if (auto done = watch(udp_[id]->socket.fd(), {SourceKind::udp, id}); !done) return done;
  }
  return {};
}

Result<void> Loop::open_mi(const Options& options) {
  if (options.mi_fifo.empty()) return {};
  auto fifo = MiFifo::open(options.mi_fifo, options.mi_fifo_mode);
  if (!fifo) return std::unexpected(fifo.error());
  mi_fifo_ = std::move(*fifo);
  if (::access(options.mi_reply_dir.c_str(), X_OK) != 0) {
    const std::string why = error_text(errno);
    warnings_.push_back("no management reply can be written in " + options.mi_reply_dir + ": " +
                        why);
  }
  return watch(mi_fifo_->fd(), {SourceKind::mi_fifo});
}

Result<void> Loop::watch(int fd, Source source) {
  if (epoll_.add(fd, EPOLLIN, source)) return {};
  return fail_as("cannot add to the event queue");
}

// --- One turn -----------------------------------------------------------------------------------

int Loop::run(Core& core) {
  exit_code_.reset();
  now_ = Reactor::read_clock();
  while (!exit_code_) turn(core);
  finish_sending();
  return *exit_code_;
}

void Loop::turn(Core& core) {
  wait(core);
  figures_.event_loop_turns.add();
  retry_sends();
  serve_ready(core);
  tell_mi_events(core);
  meet_deadline(core);
}

void Loop::wait(const Core& core) {
  const std::span<const epoll_event> events = epoll_.wait(may_sleep(core));
  now_ = Reactor::read_clock();
  for (const epoll_event& event : events) note(event);
}

// Not while something is left over from the last turn or due already. Otherwise the timer is set,
// so that sleeping without a limit is safe.
bool Loop::may_sleep(const Core& core) {
  if (!ready_.empty() || mi_replies_.pending_events() != 0) return false;
  std::optional<MonoTime> earliest = core.next_deadline();
  for (const auto& port : udp_) {
    const std::optional<MonoTime> retry_at = port->sender.retry_at();
    if (retry_at && (!earliest || *retry_at < *earliest)) earliest = retry_at;
  }
  if (!earliest) return true;
  if (*earliest <= now_.mono) return false;
  timer_.arm(*earliest);
  return true;
}

void Loop::note(const epoll_event& event) {
  const Source source = Epoll::source_of(event);
  switch (source.kind) {
    case SourceKind::timer:
      return timer_.on_fired();
    case SourceKind::mi_reply:
      return mi_replies_.on_ready(source.index);
    case SourceKind::udp:
      return note_udp(*udp_[source.index], event.events, source);
    case SourceKind::wake:
    case SourceKind::signals:
    case SourceKind::mi_fifo:
      return ready_.add(source);
    case SourceKind::count:
      return;
  }
}

void Loop::note_udp(UdpPort& port, std::uint32_t events, Source source) {
  if ((events & EPOLLERR) != 0) port.has_error_reports = true;
  if ((events & (EPOLLIN | EPOLLERR)) != 0) ready_.add(source);
  if ((events & EPOLLOUT) != 0 && port.sender.waits_for_room()) {
    port.sender.resume(now_.mono);
    ask_for_room(source.index);
  }
}

void Loop::retry_sends() {
  for (SocketId id = 0; id < udp_.size(); ++id) {
    UdpSender& sender = udp_[id]->sender;
    if (!sender.retry_at() || *sender.retry_at() > now_.mono) continue;
    sender.resume(now_.mono);
    watch_for_room(id);
  }
}

// --- Inputs -------------------------------------------------------------------------------------

void Loop::serve_ready(Core& core) {
  for (const Source source : ready_.take()) {
    // After the exit nothing is read, but nothing that was reported is forgotten either.
    if (exit_code_ || serve(source, core)) ready_.add(source);
  }
}

// True if the source may have more.
bool Loop::serve(Source source, Core& core) {
  switch (source.kind) {
    case SourceKind::udp:
      return serve_udp(source.index, core);
    case SourceKind::mi_fifo:
      return serve_mi_fifo(core);
    case SourceKind::signals:
      return serve_signals(core);
    case SourceKind::wake:
      serve_wake(core);
      return false;
    case SourceKind::timer:
    case SourceKind::mi_reply:
    case SourceKind::count:
      return false;  // Never on the list: note() does all there is to do.
  }
  return false;
}

bool Loop::serve_udp(SocketId id, Core& core) {
  UdpPort& port = *udp_[id];
  if (port.has_error_reports) {
    port.has_error_reports = port.socket.count_error_reports(figures_);
  }
  for (unsigned batch = 0; batch < budget::receive_batches_per_turn; ++batch) {
    const std::optional<std::size_t> count = received_.read(port.socket.fd());
    if (!count) return port.has_error_reports;
    hand_batch(*count, id, core);
    if (exit_code_) break;
  }
  return true;
}

void Loop::hand_batch(std::size_t count, SocketId id, Core& core) {
  for (std::size_t i = 0; i < count && !out_.exit_code() && !exit_code_; ++i) {
    if (const auto drops = received_.drops(i)) count_drops(*udp_[id], *drops);
    const Flow from{received_.peer(i), id};
    received_.for_each_datagram(i, [&](std::string_view bytes) {
      figures_.datagrams_received.add();
      figures_.received_bytes.add(bytes.size());
      core.on_datagram(bytes, from, now_, out_);
      if (out_.exit_code()) return false;
      if (out_.datagrams().size() >= budget::outbox_datagrams) carry_out(core);
      return !exit_code_;
    });
  }
  carry_out(core);
}

// The kernel tells a sum that wraps around.
void Loop::count_drops(UdpPort& port, std::uint32_t drops) {
  figures_.socket_drops.add(drops - std::exchange(port.drops, drops));
}

bool Loop::serve_mi_fifo(Core& core) {
  const std::optional<std::string_view> bytes = mi_fifo_->read();
  if (!bytes) return false;
  core.on_mi_bytes(*bytes, now_, out_);
  carry_out(core);
  return true;
}

bool Loop::serve_signals(Core& core) {
  while (const std::optional<int> signal = signals_.take()) {
    core.on_signal(*signal, now_, out_);
    carry_out(core);
    if (exit_code_) return true;
  }
  return false;
}

void Loop::serve_wake(Core& core) {
  if (!wake_event_.take()) return;
  core.on_wake(now_, out_);
  carry_out(core);
}

// Those that are there now: an event may lead to a write and that to the next event, which is for
// the next turn.
void Loop::tell_mi_events(Core& core) {
  for (std::size_t left = mi_replies_.pending_events(); left > 0 && !exit_code_; --left) {
    const std::optional<MiReplies::Event> event = mi_replies_.take_event();
    if (!event) return;
    core.on_mi_reply(event->reply, event->what, now_, out_);
    carry_out(core);
  }
}

void Loop::meet_deadline(Core& core) {
  if (exit_code_) return;
  const std::optional<MonoTime> deadline = core.next_deadline();
  if (!deadline || *deadline > now_.mono) return;
  core.on_deadline(now_, out_);
  carry_out(core);
}

// --- Actions ------------------------------------------------------------------------------------

void Loop::carry_out(Core& core) {
  if (out_.empty()) return;
  core.on_actions(out_);
  send_datagrams();
  for (const Outbox::MiReplyAction& action : out_.mi_replies()) mi_replies_.carry_out(action);
  exit_code_ = out_.exit_code();
  out_.clear();
}

void Loop::send_datagrams() {
  if (out_.datagrams().empty()) return;
  for (const Outbox::Datagram& datagram : out_.datagrams()) {
    CHECK(datagram.to.socket < udp_.size());
    udp_[datagram.to.socket]->sender.add(datagram.to.peer, out_.bytes(datagram), now_.mono);
  }
  for (SocketId id = 0; id < udp_.size(); ++id) {
    udp_[id]->sender.flush(now_.mono);
    watch_for_room(id);
  }
}

// EPOLLOUT is asked for only while something waits: the kernel would report it each time a datagram
// has left, which is after nearly every turn.
void Loop::watch_for_room(SocketId id) {
  const UdpPort& port = *udp_[id];
  if (port.sender.waits_for_room() != port.watched_for_room) ask_for_room(id);
}

// Asking again after a report makes sure of the next one, whatever happened in between.
void Loop::ask_for_room(SocketId id) {
  UdpPort& port = *udp_[id];
  port.watched_for_room = port.sender.waits_for_room();
  const std::uint32_t events = port.watched_for_room ? EPOLLIN | EPOLLOUT : EPOLLIN;
  epoll_.change(port.socket.fd(), events, {SourceKind::udp, id});
}

void Loop::finish_sending() {
  const MonoTime last = Reactor::read_clock().mono + budget::last_send_wait;
  const auto busy = [](const auto& port) { return !port->sender.idle(); };
  for (now_ = Reactor::read_clock(); std::ranges::any_of(udp_, busy) && now_.mono < last;
       now_ = Reactor::read_clock()) {
    const timespec pause{.tv_sec = 0, .tv_nsec = Duration(budget::send_retry).count()};
    ::nanosleep(&pause, nullptr);
    for (const auto& port : udp_) port->sender.resume(now_.mono);
  }
  for (const auto& port : udp_) port->sender.abandon();
}

}  // namespace imcd::reactor
