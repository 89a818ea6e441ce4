#include "reactor/stream.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>

#include "base/check.h"

namespace imcd::reactor {

bool Stream::finish_opening() {
  CHECK(state_ == State::opening);
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return false;
  state_ = State::open;
  return true;
}

bool Stream::write(WriteParts& parts) {
  CHECK(may_write());
  std::size_t done = 0;
  // What came before must go first.
  if (waiting() == 0) {
    const ssize_t sent = send(parts.parts.data(), parts.count);
    if (sent < 0) return false;
    done = static_cast<std::size_t>(sent);
  }
  keep(parts.parts.data(), parts.count, done);
  return true;
}

bool Stream::write_waiting() {
  if (waiting() == 0) return true;
  iovec rest{unsent_.data() + sent_, waiting()};
  const ssize_t sent = send(&rest, 1);
  if (sent < 0) return false;
  figures_.stream_bytes_waiting.add(-sent);
  sent_ += static_cast<std::size_t>(sent);
  if (waiting() > 0) return true;
  // A stream that was once slow does not keep its memory for ever.
  unsent_ = ByteBuffer();
  sent_ = 0;
  return state_ != State::closing || end_writing();
}

bool Stream::close() {
  if (!may_write()) return state_ != State::opening;
  state_ = State::closing;
  return waiting() > 0 || end_writing();
}

bool Stream::end_writing() {
  state_ = State::lingering;
  return ::shutdown(fd(), SHUT_WR) == 0;
}

ssize_t Stream::send(iovec* parts, std::size_t count) {
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  for (;;) {
    const ssize_t sent = ::sendmsg(fd(), &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      at(figures_.sent_bytes, Transport::tcp).add(static_cast<std::uint64_t>(sent));
      return sent;
    }
    if (errno == EINTR) continue;
    // Of memory the kernel tells by EPOLLOUT, too, when there is some again.
    return errno == EAGAIN || errno == ENOBUFS ? 0 : -1;
  }
}

void Stream::keep(const iovec* parts, std::size_t count, std::size_t skip) {
  // What was sent makes room before the buffer grows; moving no more than was sent since costs
  // nothing in the long run.
  if (sent_ > 0 && sent_ >= waiting()) {
    const std::size_t left = waiting();
    std::memmove(unsent_.data(), unsent_.data() + sent_, left);
    unsent_.truncate(left);
    sent_ = 0;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view part{static_cast<const char*>(parts[i].iov_base), parts[i].iov_len};
    if (skip >= part.size()) {
      skip -= part.size();
      continue;
    }
    const std::string_view rest = part.substr(skip);
    skip = 0;
    unsent_.append(rest);
    figures_.stream_bytes_waiting.add(static_cast<std::int64_t>(rest.size()));
  }
}

}  // namespace imcd::reactor
