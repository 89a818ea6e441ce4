#include "reactor/stream_sockets.h"

#include <cerrno>
#include <sys/socket.h>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/timer_lane.h"
#include "reactor/budget.h"
#include "reactor/socket_address.h"

namespace imcd::reactor {
namespace {

constexpr std::uint32_t watched_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP;

// Without it the kernel may pick another address of ours, which the peer may not trust.
bool bind_to_host(int fd, const Address& local) {
  if (local.empty() || local.is_wildcard()) return true;
  Address host = local;
  host.port = 0;
  SocketAddress address{};
  const socklen_t size = write_socket_address(address, host);
  const int later = 1;  // A port is picked when the peer is known, so more of them do.
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &later, sizeof later);
  return ::bind(fd, &address.any, size) == 0;
}

// True also while the connection is under way.
bool start_connecting(int fd, const Address& peer) {
  SocketAddress address{};
  const socklen_t size = write_socket_address(address, peer);
  return ::connect(fd, &address.any, size) == 0 || errno == EINPROGRESS;
}

}  // namespace

StreamSockets::StreamSockets(Epoll& epoll, Figures& figures)
    : epoll_(epoll),
      figures_(figures),
      received_(std::make_unique_for_overwrite<char[]>(budget::stream_read_bytes)) {}

// --- The table ----------------------------------------------------------------------------------

std::uint32_t StreamSockets::put(std::unique_ptr<Stream> stream) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(streams_.size()));
    streams_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  if (!epoll_.add(stream->fd(), watched_events, {SourceKind::stream, slot})) return UINT32_MAX;
  free_slots_.pop_back();
  slots_.emplace(stream->id(), slot);
  count_open(stream->flow(), 1);
  streams_[slot] = std::move(stream);
  return slot;
}

Stream* StreamSockets::find(StreamId stream) {
  const auto found = slots_.find(stream);
  return found == slots_.end() ? nullptr : streams_[found->second].get();
}

// Closing its file descriptor takes it out of epoll, too.
void StreamSockets::remove(Stream& stream) {
  const auto found = slots_.find(stream.id());
  CHECK(found != slots_.end());
  const std::uint32_t slot = found->second;
  slots_.erase(found);
  if (!stream.at_end) count_open(stream.flow(), -1);
  free_slots_.push_back(slot);
  streams_[slot].reset();
}

void StreamSockets::count_open(const Flow& flow, int by) {
  (is_opened_by_us(flow.stream) ? figures_.streams_outbound : figures_.streams_inbound).add(by);
}

// The core hears of it unless it has closed the stream itself.
void StreamSockets::end(Stream& stream, StreamEnd how) {
  const bool is_opening = stream.state() == Stream::State::opening;
  if (is_opening || stream.state() == Stream::State::open) {
    if (is_opening) how = StreamEnd::never_open;
    at(figures_.streams_ended, how).add();
    tell(Event::Kind::ended, stream, how);
  }
  remove(stream);
}

// --- Coming in ----------------------------------------------------------------------------------

std::optional<Flow> StreamSockets::add(StreamListener::Accepted accepted, SocketId socket) {
  set_stream_options(accepted.fd.get());
  const Flow flow{accepted.peer, socket, Transport::tcp, ++last_accepted_};
  auto stream =
      std::make_unique<Stream>(std::move(accepted.fd), flow, Stream::State::open, figures_);
  if (put(std::move(stream)) == UINT32_MAX) {
    figures_.stream_accepts_failed.add();
    return std::nullopt;
  }
  figures_.streams_accepted.add();
  return flow;
}

void StreamSockets::note(std::uint32_t slot, std::uint32_t events) {
  Stream* const stream = streams_[slot].get();
  if (stream == nullptr) return;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) stream->hung_up = true;
  if (stream->state() == Stream::State::opening) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
    if (!stream->finish_opening()) return end(*stream, StreamEnd::never_open);
    figures_.streams_connected.add();
    return tell(Event::Kind::opened, *stream);
  }
  if ((events & EPOLLOUT) != 0) on_room(*stream);
}

void StreamSockets::on_room(Stream& stream) {
  if (!stream.write_waiting()) return end(stream, StreamEnd::lost);
  if (stream.at_end && stream.state() == Stream::State::lingering) return remove(stream);
  if (stream.state() != Stream::State::open) return;
  if (!stream.told_blocked || stream.waiting() > limits::stream_waiting_mark / 2) return;
  stream.told_blocked = false;
  tell(Event::Kind::writable, stream);
}

bool StreamSockets::may_read(std::uint32_t slot) const {
  if (slot >= streams_.size() || streams_[slot] == nullptr) return false;
  const Stream& stream = *streams_[slot];
  switch (stream.state()) {
    case Stream::State::opening:
      return false;
    case Stream::State::open:
      return !stream.told_blocked || is_opened_by_us(stream.id());
    case Stream::State::half_closed:
    case Stream::State::closing:
    case Stream::State::lingering:
      return true;
  }
  return false;
}

StreamSockets::Read StreamSockets::read(std::uint32_t slot, MonoTime now) {
  Stream& stream = *streams_[slot];
  const ssize_t size = ::recv(stream.fd(), received_.get(), budget::stream_read_bytes, 0);
  if (size < 0) {
    if (errno == EINTR) return {{}, {}, true};
    if (errno != EAGAIN) end(stream, StreamEnd::lost);
    return {};
  }
  if (size == 0) {
    on_eof(stream, now);
    return {};
  }
  const auto length = static_cast<std::size_t>(size);
  at(figures_.received_bytes, Transport::tcp).add(length);
  // A buffer that was not filled holds all there was, unless the end has been reported with it.
  const bool may_have_more = length == budget::stream_read_bytes || stream.hung_up;
  if (stream.state() != Stream::State::open) return {{}, {}, may_have_more};
  return {{received_.get(), length}, stream.flow(), may_have_more};
}

// The core is told that the stream has ended, as nothing new should be sent that way; an answer
// that waits for its commit may still be. Whether the peer has closed both ways nobody can tell
// before something is written.
void StreamSockets::on_eof(Stream& stream, MonoTime now) {
  if (stream.state() == Stream::State::half_closed) return;
  if (stream.state() != Stream::State::open || is_opened_by_us(stream.id()) ||
      half_closed_.size() >= budget::lingering_streams_max) {
    return end(stream, StreamEnd::by_peer);
  }
  at(figures_.streams_ended, StreamEnd::by_peer).add();
  tell(Event::Kind::ended, stream, StreamEnd::by_peer);
  count_open(stream.flow(), -1);
  stream.end_reading();
  half_closed_.push_back({now + budget::half_closed, stream.id()});
}

// --- Going out ----------------------------------------------------------------------------------

void StreamSockets::write(const Outbox& out) {
  std::size_t used = 0;
  Write* last = nullptr;
  for (const Outbox::Datagram& datagram : out.datagrams()) {
    if (datagram.to.transport != Transport::tcp) continue;
    if (last == nullptr || last->stream->id() != datagram.to.stream) {
      Stream* const stream = find(datagram.to.stream);
      if (stream == nullptr || !stream->may_write()) {
        figures_.stream_messages_late.add();
        continue;
      }
      if (stream->write_slot == Stream::no_write) {
        stream->write_slot = used++;
        if (writes_.size() < used) writes_.resize(used);
        writes_[stream->write_slot].stream = stream;
        writes_[stream->write_slot].parts.count = 0;
      }
      last = &writes_[stream->write_slot];
    }
    if (last->parts.full()) flush(*last);
    if (last->stream == nullptr) {
      last = nullptr;
      continue;
    }
    last->parts.add(out.bytes(datagram));
  }
  for (std::size_t i = 0; i < used; ++i) flush(writes_[i]);
  for (std::size_t i = 0; i < used; ++i) {
    if (writes_[i].stream != nullptr) writes_[i].stream->write_slot = Stream::no_write;
  }
}

void StreamSockets::flush(Write& write) {
  if (write.stream == nullptr || write.parts.count == 0) return;
  Stream& stream = *write.stream;
  if (!stream.write(write.parts)) {
    write.stream = nullptr;
    return end(stream, StreamEnd::lost);
  }
  write.parts.count = 0;
  if (stream.waiting() > limits::stream_waiting_bytes_max) {
    write.stream = nullptr;
    return end(stream, StreamEnd::not_read);
  }
  tell_if_blocked(stream);
}

void StreamSockets::tell_if_blocked(Stream& stream) {
  if (stream.told_blocked || stream.waiting() <= limits::stream_waiting_mark) return;
  if (stream.state() != Stream::State::open) return;
  stream.told_blocked = true;
  tell(Event::Kind::blocked, stream);
}

void StreamSockets::open(const Flow& flow, const Address& local) {
  CHECK(is_opened_by_us(flow.stream));
  const int family = flow.peer.is_ipv4() ? AF_INET : AF_INET6;
  Fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd) {
    set_stream_options(fd.get());
    const bool is_under_way =
        bind_to_host(fd.get(), local) && start_connecting(fd.get(), flow.peer);
    auto stream = std::make_unique<Stream>(std::move(fd), flow, Stream::State::opening, figures_);
    if (is_under_way && put(std::move(stream)) != UINT32_MAX) return;
  }
  at(figures_.streams_ended, StreamEnd::never_open).add();
  events_.push_back({Event::Kind::ended, flow, StreamEnd::never_open, 0});
}

void StreamSockets::close(StreamId id, MonoTime now) {
  Stream* const stream = find(id);
  if (stream == nullptr) return;
  if (lingering_.size() >= budget::lingering_streams_max || !stream->close()) {
    return remove(*stream);
  }
  lingering_.push_back({now + budget::linger, id});
}

void StreamSockets::abort(StreamId id) {
  if (Stream* const stream = find(id)) remove(*stream);
}

// --- Telling ------------------------------------------------------------------------------------

void StreamSockets::tell(Event::Kind kind, const Stream& stream, StreamEnd end) {
  events_.push_back({kind, stream.flow(), end, slots_.at(stream.id())});
}

std::optional<StreamSockets::Event> StreamSockets::take_event() {
  if (events_.empty()) return std::nullopt;
  const Event event = events_.front();
  events_.pop_front();
  return event;
}

void StreamSockets::on_deadline(MonoTime now) {
  while (!lingering_.empty() && lingering_.front().until <= now) {
    abort(lingering_.front().stream);
    lingering_.pop_front();
  }
  while (!half_closed_.empty() && half_closed_.front().until <= now) {
    Stream* const stream = find(half_closed_.front().stream);
    half_closed_.pop_front();
    // What waits is still sent, as slowly as the peer reads.
    if (stream != nullptr && (stream->waiting() == 0 || !stream->close())) remove(*stream);
  }
}

std::optional<MonoTime> StreamSockets::next_deadline() const {
  std::optional<MonoTime> first;
  for (const std::deque<Lingering>* const list : {&lingering_, &half_closed_}) {
    if (!list->empty()) first = earlier(first, list->front().until);
  }
  return first;
}

bool StreamSockets::send_rest() {
  bool is_left = false;
  for (const auto& stream : streams_) {
    if (stream == nullptr || stream->waiting() == 0) continue;
    if (stream->write_waiting() && stream->waiting() > 0) is_left = true;
  }
  return is_left;
}

}  // namespace imcd::reactor
