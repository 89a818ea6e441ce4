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
    : figures_(figures), streams_(epoll_, figures), mi_replies_(options.mi_reply_dir, epoll_) {}

Result<std::unique_ptr<Loop>> Loop::open(const Options& options, Figures& figures, SendBatch send) {
  std::unique_ptr<Loop> loop(new Loop(options, figures));
  if (auto done = loop->open_sources(options); !done) return std::unexpected(done.error());
  if (auto done = loop->open_udp(options, send); !done) return std::unexpected(done.error());
  if (auto done = loop->open_tcp(options); !done) return std::unexpected(done.error());
  if (auto done = loop->open_resolver(options); !done) return std::unexpected(done.error());
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

Result<void> Loop::open_tcp(const Options& options) {
  if (options.listen_tcp.empty()) return {};
  if (std::string warning = raise_descriptor_limit(); !warning.empty()) {
    warnings_.push_back(std::move(warning));
  }
  for (const Address& listen : options.listen_tcp) {
    auto listener = StreamListener::open(listen);
    if (!listener) return std::unexpected(listener.error());
    bound_tcp_.push_back(listener->bound());
    const auto index = static_cast<std::uint32_t>(listeners_.size());
    if (auto done = watch(listener->fd(), {SourceKind::listener, index}); !done) return done;
    listeners_.push_back(std::move(*listener));
  }
  return {};
}

Result<void> Loop::open_resolver(const Options& options) {
  const auto listens = [this](bool (Address::*is_family)() const) {
    return std::ranges::any_of(bound_, is_family) || std::ranges::any_of(bound_tcp_, is_family);
  };
  auto resolver = Resolver::open(options.dns_servers,
                                 {listens(&Address::is_ipv4), listens(&Address::is_ipv6)}, epoll_);
  if (!resolver) return std::unexpected(resolver.error());
  resolver_ = *std::move(resolver);
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
  retry_accepts();
  streams_.on_deadline(now_.mono);
  // A stream that has just been opened may have sent something already.
  tell_stream_events(core);
  resolver_->on_deadline(now_.mono);
  serve_ready(core);
  tell_answers(core);
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
  if (!ready_.empty() || mi_replies_.pending_events() != 0 || streams_.pending_events() != 0 ||
      resolver_->pending_answers() != 0) {
    return false;
  }
  std::optional<MonoTime> earliest = core.next_deadline();
  const auto also = [&earliest](std::optional<MonoTime> at) {
    if (at && (!earliest || *at < *earliest)) earliest = at;
  };
  for (const auto& port : udp_) also(port->sender.retry_at());
  for (const StreamListener& listener : listeners_) also(listener.retry_at);
  also(streams_.next_deadline());
  also(resolver_->next_deadline());
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
    case SourceKind::stream:
      streams_.note(source.index, event.events);
      if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0) ready_.add(source);
      return;
    case SourceKind::listener:
    case SourceKind::dns:
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

// A listener's edge was reported before it had to wait.
void Loop::retry_accepts() {
  for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
    StreamListener& listener = listeners_[index];
    if (!listener.retry_at || *listener.retry_at > now_.mono) continue;
    listener.retry_at.reset();
    ready_.add({SourceKind::listener, index});
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
    case SourceKind::listener:
      return serve_listener(source.index, core);
    case SourceKind::stream:
      return serve_stream(source.index, core);
    case SourceKind::dns:
      resolver_->on_ready(source.index, now_.mono);
      return false;
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
    refused_.clear();
    port.has_error_reports = port.socket.take_error_reports(figures_, refused_);
    for (const Address& peer : refused_) core.on_refused({peer, id}, now_, out_);
    carry_out(core);
    if (exit_code_) return true;
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

bool Loop::serve_listener(std::uint32_t index, Core& core) {
  StreamListener& listener = listeners_[index];
  if (listener.retry_at) return false;
  const auto socket = static_cast<SocketId>(udp_.size() + index);
  for (unsigned taken = 0; taken < budget::accepts_per_turn; ++taken) {
    StreamListener::Accepted accepted = listener.accept();
    switch (accepted.outcome) {
      case StreamListener::Outcome::none:
        return false;
      case StreamListener::Outcome::later:
        figures_.stream_accepts_failed.add();
        listener.retry_at = now_.mono + budget::accept_retry;
        return false;
      case StreamListener::Outcome::gone:
        continue;
      case StreamListener::Outcome::accepted:
        break;
    }
    const auto flow = streams_.add(std::move(accepted), socket);
    if (!flow) continue;
    core.on_stream_open(*flow, now_, out_);
    carry_out(core);
    if (exit_code_) return true;
  }
  return true;
}

// A stream that may not be read now is put on the list again when it may.
bool Loop::serve_stream(std::uint32_t slot, Core& core) {
  for (unsigned reads = 0; reads < budget::stream_reads_per_turn; ++reads) {
    if (!streams_.may_read(slot)) return false;
    const Streams::Read read = streams_.read(slot);
    if (!read.bytes.empty()) core.on_stream_bytes(read.bytes, read.from, now_, out_);
    carry_out(core);
    if (exit_code_) return true;
    if (!read.may_have_more) return false;
  }
  return true;
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

// Those that are there now, as in tell_mi_events.
void Loop::tell_stream_events(Core& core) {
  for (std::size_t left = streams_.pending_events(); left > 0 && !exit_code_; --left) {
    const std::optional<Streams::Event> event = streams_.take_event();
    if (!event) return;
    tell_stream_event(*event, core);
    perform(core);
  }
}

void Loop::tell_stream_event(const Streams::Event& event, Core& core) {
  switch (event.kind) {
    case Streams::Event::Kind::opened:
      return core.on_stream_open(event.flow, now_, out_);
    case Streams::Event::Kind::ended:
      return core.on_stream_ended(event.flow.stream, event.end, now_, out_);
    case Streams::Event::Kind::blocked:
      return core.on_stream_blocked(event.flow.stream, true, now_, out_);
    case Streams::Event::Kind::writable:
      ready_.add({SourceKind::stream, event.slot});
      return core.on_stream_blocked(event.flow.stream, false, now_, out_);
  }
}

// Those that are there now, as in tell_mi_events.
void Loop::tell_answers(Core& core) {
  for (std::size_t left = resolver_->pending_answers(); left > 0 && !exit_code_; --left) {
    const std::optional<Resolver::Answer> answer = resolver_->take_answer();
    if (!answer) return;
    core.on_resolved(answer->first, answer->second, now_, out_);
    carry_out(core);
  }
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

// A stream that takes no more is told of at once, before the next input makes more for it.
void Loop::carry_out(Core& core) {
  perform(core);
  if (streams_.pending_events() != 0) tell_stream_events(core);
}

void Loop::perform(Core& core) {
  if (out_.empty()) return;
  core.on_actions(out_);
  send_datagrams();
  for (const Outbox::StreamAction& action : out_.stream_actions()) carry_out(action);
  for (const NameQuestion& question : out_.questions()) resolver_->ask(question, now_.mono);
  for (const Outbox::MiReplyAction& action : out_.mi_replies()) mi_replies_.carry_out(action);
  exit_code_ = out_.exit_code();
  out_.clear();
}

void Loop::carry_out(const Outbox::StreamAction& action) {
  switch (action.kind) {
    case Outbox::StreamAction::Kind::open: {
      const SocketId socket = action.flow.socket;
      const bool is_udp = socket < bound_.size();
      CHECK(is_udp || socket - bound_.size() < bound_tcp_.size());
      return streams_.open(action.flow,
                           is_udp ? bound_[socket] : bound_tcp_[socket - bound_.size()]);
    }
    case Outbox::StreamAction::Kind::close:
      return streams_.close(action.flow.stream, now_.mono);
    case Outbox::StreamAction::Kind::abort:
      return streams_.abort(action.flow.stream);
  }
}

void Loop::send_datagrams() {
  if (out_.datagrams().empty()) return;
  streams_.write(out_);
  for (const Outbox::Datagram& datagram : out_.datagrams()) {
    if (datagram.to.transport != Transport::udp) continue;
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
  for (now_ = Reactor::read_clock();
       (streams_.send_rest() || std::ranges::any_of(udp_, busy)) && now_.mono < last;
       now_ = Reactor::read_clock()) {
    const timespec pause{.tv_sec = 0, .tv_nsec = Duration(budget::send_retry).count()};
    ::nanosleep(&pause, nullptr);
    for (const auto& port : udp_) port->sender.resume(now_.mono);
  }
  for (const auto& port : udp_) port->sender.abandon();
}

}  // namespace imcd::reactor
