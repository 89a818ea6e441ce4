#include "stream_port.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include "socket_text.h"

namespace imcd::bench {
namespace {

constexpr std::size_t in_bytes = 1U << 20;

void start(int fd) {
  const int on = 1;
  check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}

// The body's length, by a field that the server writes in just this form; 0 where there is none.
std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "\r\nContent-Length: ";
  const std::size_t at = head.rfind(name);
  if (at == std::string_view::npos) return 0;
  std::size_t length = 0;
  for (std::size_t i = at + name.size(); i < head.size() && head[i] >= '0' && head[i] <= '9'; ++i) {
    length = length * 10 + static_cast<std::size_t>(head[i] - '0');
  }
  return length;
}

}  // namespace

StreamPort::StreamPort(const Address& local, const Address& peer) {
  for (Line* const line : {&ours_, &theirs_}) {
    line->in = std::make_unique_for_overwrite<char[]>(in_bytes);
  }
  const int family = local.is_ipv4() ? AF_INET : AF_INET6;
  listener_ = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  check(listener_, "socket");
  const int on = 1;
  check(setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  sockaddr_storage storage;
  socklen_t length = fill(local, storage);
  check(bind(listener_, reinterpret_cast<const sockaddr*>(&storage), length),
        "bind to " + address_text(local));
  check(listen(listener_, 16), "listen");
  ours_.fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(ours_.fd, "socket");
  length = fill(peer, storage);
  check(connect(ours_.fd, reinterpret_cast<const sockaddr*>(&storage), length),
        "connect to " + address_text(peer));
  start(ours_.fd);
}

StreamPort::~StreamPort() {
  for (const int fd : {listener_, ours_.fd, theirs_.fd}) {
    if (fd >= 0) close(fd);
  }
}

// A server that lost its connection makes a new one.
void StreamPort::accept_one() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  if (theirs_.fd >= 0) close(theirs_.fd);
  start(fd);
  theirs_.fd = fd;
  theirs_.begin = theirs_.end = theirs_.sent = 0;
  theirs_.out.clear();
}

const std::vector<std::string_view>& StreamPort::receive() {
  received_.clear();
  if (theirs_.fd < 0) accept_one();
  for (Line* const line : {&ours_, &theirs_}) {
    if (line->fd < 0) continue;
    read(*line);
    cut(*line);
  }
  return received_;
}

void StreamPort::read(Line& line) {
  // What the caller has been given may be overwritten now.
  std::memmove(line.in.get(), line.in.get() + line.begin, line.end - line.begin);
  line.end -= line.begin;
  line.begin = 0;
  const ssize_t size = recv(line.fd, line.in.get() + line.end, in_bytes - line.end, MSG_DONTWAIT);
  if (size == 0) throw std::runtime_error("the server closed a connection");
  if (size > 0) line.end += static_cast<std::size_t>(size);
}

void StreamPort::cut(Line& line) {
  for (;;) {
    const std::string_view rest{line.in.get() + line.begin, line.end - line.begin};
    if (rest.starts_with("\r\n")) {
      line.begin += 2;
      continue;
    }
    const std::size_t head = rest.find("\r\n\r\n");
    if (head == std::string_view::npos) return;
    const std::size_t size = head + 4 + content_length(rest.substr(0, head + 2));
    if (rest.size() < size) return;
    received_.push_back(rest.substr(0, size));
    line.begin += size;
  }
}

ByteBuffer& StreamPort::begin_datagram() {
  message_.clear();
  return message_;
}

// An answer goes where requests come from.
void StreamPort::end_datagram() {
  (message_.view().starts_with("SIP/2.0 ") ? theirs_ : ours_).out.append(message_.view());
}

void StreamPort::flush() {
  write(ours_);
  write(theirs_);
}

void StreamPort::write(Line& line) {
  while (line.fd >= 0 && line.sent < line.out.size()) {
    const ssize_t sent = send(line.fd, line.out.data() + line.sent, line.out.size() - line.sent,
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) break;
    line.sent += static_cast<std::size_t>(sent);
  }
  if (line.sent < line.out.size()) return;
  line.out.clear();
  line.sent = 0;
}

void StreamPort::wait(Duration longest) {
  const auto events = [](const Line& line) {
    return static_cast<short>(line.sent < line.out.size() ? POLLIN | POLLOUT : POLLIN);
  };
  std::array<pollfd, 3> watched{{{ours_.fd, events(ours_), 0},
                                 {theirs_.fd, events(theirs_), 0},
                                 {theirs_.fd < 0 ? listener_ : -1, POLLIN, 0}}};
  const timespec time{.tv_sec = longest / 1s, .tv_nsec = (longest % 1s).count()};
  ppoll(watched.data(), watched.size(), &time, nullptr);
}

int StreamPort::receive_buffer() const {
  int value = 0;
  socklen_t size = sizeof value;
  getsockopt(ours_.fd, SOL_SOCKET, SO_RCVBUF, &value, &size);
  return value;
}

}  // namespace imcd::bench
