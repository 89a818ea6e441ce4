#include "udp_port.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <system_error>
#include <unistd.h>

#include "socket_text.h"

namespace imcd::bench {

UdpPort::UdpPort(const Address& local, const Address& peer, int receive_buffer, bool runs)
    : runs_(runs),
      slot_bytes_(runs ? run_slot_bytes : datagram_slot_bytes),
      slots_(std::make_unique_for_overwrite<char[]>(batch * slot_bytes_)) {
  fd_ = socket(local.is_ipv4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  check(fd_, "socket");
  if (receive_buffer > 0) {
    // The kernel doubles what it is told, for its own records.
    const int half = receive_buffer / 2;
    check(setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &half, sizeof half), "SO_RCVBUF");
  }
  if (runs_) {
    const int on = 1;
    check(setsockopt(fd_, IPPROTO_UDP, UDP_GRO, &on, sizeof on), "UDP_GRO");
  }
  connect_to(local, peer);
  for (std::size_t i = 0; i < batch; ++i) {
    in_parts_[i] = {slots_.get() + i * slot_bytes_, slot_bytes_};
    in_[i].msg_hdr.msg_iov = &in_parts_[i];
    in_[i].msg_hdr.msg_iovlen = 1;
    if (runs_) in_[i].msg_hdr.msg_control = &in_controls_[i];
  }
}

UdpPort::~UdpPort() { close(fd_); }

void UdpPort::connect_to(const Address& local, const Address& peer) {
  sockaddr_storage storage;
  socklen_t length = fill(local, storage);
  check(bind(fd_, reinterpret_cast<const sockaddr*>(&storage), length),
        "bind to " + address_text(local));
  length = fill(peer, storage);
  check(connect(fd_, reinterpret_cast<const sockaddr*>(&storage), length),
        "connect to " + address_text(peer));
}

const std::vector<std::string_view>& UdpPort::receive() {
  received_.clear();
  for (mmsghdr& message : in_) message.msg_hdr.msg_controllen = runs_ ? sizeof(Control) : 0;
  int count = recvmmsg(fd_, in_.data(), batch, 0, nullptr);
  // ECONNREFUSED belongs to a datagram sent earlier.
  if (count < 0 && errno == ECONNREFUSED) {
    ++refused_;
    count = recvmmsg(fd_, in_.data(), batch, 0, nullptr);
  }
  for (int i = 0; i < count; ++i) {
    take(static_cast<std::size_t>(i));
  }
  return received_;
}

// The datagrams of a slot; all but the last have the size that the kernel tells.
void UdpPort::take(std::size_t slot) {
  std::string_view rest{slots_.get() + slot * slot_bytes_, in_[slot].msg_len};
  std::size_t size = rest.size();
  if (const cmsghdr* const note = CMSG_FIRSTHDR(&in_[slot].msg_hdr); note != nullptr) {
    int told = 0;
    std::memcpy(&told, CMSG_DATA(note), sizeof told);
    if (told > 0) size = static_cast<std::size_t>(told);
  }
  for (; rest.size() > size; rest.remove_prefix(size)) received_.push_back(rest.substr(0, size));
  received_.push_back(rest);
}

void UdpPort::end_datagram() {
  ends_.push_back(bytes_.size());
  if (ends_.size() == batch) flush();
}

void UdpPort::flush() {
  std::size_t start = 0;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    out_parts_[i] = {bytes_.data() + start, ends_[i] - start};
    start = ends_[i];
  }
  const unsigned count = gather();
  for (unsigned sent = 0; sent < count;) sent += send_some(&out_[sent], count - sent);
  ends_.clear();
  bytes_.clear();
}

// Puts the datagrams into messages, one each or one for each run, and tells how many these are.
unsigned UdpPort::gather() {
  std::size_t count = 0;
  std::size_t run_bytes = 0;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    msghdr* const last = count > 0 ? &out_[count - 1].msg_hdr : nullptr;
    const std::size_t size = out_parts_[i].iov_len;
    if (runs_ && last != nullptr && size == last->msg_iov->iov_len &&
        last->msg_iovlen < run_datagrams_max && run_bytes + size <= run_bytes_max) {
      if (last->msg_iovlen++ == 1) mark_as_run(count - 1);
      run_bytes += size;
      continue;
    }
    out_[count].msg_hdr = {};
    out_[count].msg_hdr.msg_iov = &out_parts_[i];
    out_[count].msg_hdr.msg_iovlen = 1;
    run_bytes = size;
    ++count;
  }
  return static_cast<unsigned>(count);
}

void UdpPort::mark_as_run(std::size_t message) {
  msghdr& header = out_[message].msg_hdr;
  header.msg_control = &out_controls_[message];
  header.msg_controllen = CMSG_SPACE(sizeof(std::uint16_t));
  cmsghdr* const note = CMSG_FIRSTHDR(&header);
  note->cmsg_level = IPPROTO_UDP;
  note->cmsg_type = UDP_SEGMENT;
  note->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const auto size = static_cast<std::uint16_t>(header.msg_iov->iov_len);
  std::memcpy(CMSG_DATA(note), &size, sizeof size);
}

unsigned UdpPort::send_some(mmsghdr* first, unsigned count) {
  const int sent = sendmmsg(fd_, first, count, 0);
  if (sent >= 0) return static_cast<unsigned>(sent);
  if (errno == ECONNREFUSED) {
    ++refused_;
  } else if (errno == EAGAIN || errno == ENOBUFS) {
    pollfd writable{fd_, POLLOUT, 0};
    poll(&writable, 1, 10);
  } else if (errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "sendmmsg");
  }
  return 0;
}

void UdpPort::wait(Duration longest) {
  pollfd readable{fd_, POLLIN, 0};
  const auto nanoseconds = std::max<Duration::rep>(longest.count(), 0);
  const timespec timeout{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  ppoll(&readable, 1, &timeout, nullptr);
}

UdpPort::Losses UdpPort::losses() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> figures{};
  socklen_t length = sizeof figures;
  if (getsockopt(fd_, SOL_SOCKET, SO_MEMINFO, figures.data(), &length) < 0) figures = {};
  return {.dropped = figures[SK_MEMINFO_DROPS], .refused = refused_};
}

int UdpPort::receive_buffer() const {
  int bytes = 0;
  socklen_t length = sizeof bytes;
  getsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, &length);
  return bytes;
}

}  // namespace imcd::bench
