#include "reactor/udp_port.h"

#include <utility>

namespace imcd::reactor {

UdpPort::UdpPort(UdpSocket socket, SocketId id, SendBatch send, Epoll& epoll, Figures& figures)
    : socket_(std::move(socket)),
      id_(id),
      sender_(socket_.fd(), send, figures),
      epoll_(epoll),
      figures_(figures) {}

void UdpPort::note(std::uint32_t events, ReadyList& ready, MonoTime now) {
  if ((events & EPOLLERR) != 0) has_error_reports_ = true;
  if ((events & (EPOLLIN | EPOLLERR)) != 0) ready.add({SourceKind::udp, id_});
  if ((events & EPOLLOUT) != 0 && sender_.waits_for_room()) {
    sender_.resume(now);
    ask_for_room();
  }
}

void UdpPort::take_error_reports(std::vector<Address>& refused) {
  has_error_reports_ = socket_.take_error_reports(figures_, refused);
}

void UdpPort::count_drops(std::uint32_t drops) {
  figures_.socket_drops.add(drops - std::exchange(drops_, drops));
}

void UdpPort::flush(MonoTime now) {
  sender_.flush(now);
  watch_for_room();
}

void UdpPort::retry(MonoTime now) {
  if (!sender_.retry_at() || *sender_.retry_at() > now) return;
  sender_.resume(now);
  watch_for_room();
}

// EPOLLOUT is asked for only while something waits: the kernel would report it each time a datagram
// has left, which is after nearly every turn.
void UdpPort::watch_for_room() {
  if (sender_.waits_for_room() != watched_for_room_) ask_for_room();
}

// Asking again after a report makes sure of the next one, whatever happened in between.
void UdpPort::ask_for_room() {
  watched_for_room_ = sender_.waits_for_room();
  const std::uint32_t events = watched_for_room_ ? EPOLLIN | EPOLLOUT : EPOLLIN;
  epoll_.change(fd(), events, {SourceKind::udp, id_});
}

}  // namespace imcd::reactor
