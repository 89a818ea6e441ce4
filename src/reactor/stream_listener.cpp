#include "reactor/stream_listener.h"

#include <algorithm>
#include <cerrno>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "reactor/budget.h"
#include "reactor/socket_address.h"
#include "reactor/system_failure.h"

namespace imcd::reactor {
namespace {

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

// What is wrong with one connection and not with the next (accept(2), "Error handling").
bool is_of_peer(int error) {
  switch (error) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:
    case EINTR:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<StreamListener> StreamListener::open(const Address& listen) {
  const std::string what = "cannot listen on tcp:" + address_text(listen);
  if (listen.empty()) return fail("cannot listen on tcp: no address is given");
  StreamListener listener;
  const int family = listen.is_ipv4() ? AF_INET : AF_INET6;
  listener.fd_ = Fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = listener.fd();
  if (!listener.fd_) return fail_as(what);
  // Connections of a former life that are not quite over must not keep us from starting.
  if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return fail_as(what);
  if (listen.is_ipv6() && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) return fail_as(what);
  SocketAddress address{};
  socklen_t size = write_socket_address(address, listen);
  if (::bind(fd, &address.any, size) != 0) return fail_as(what);
  if (::listen(fd, budget::listen_backlog) != 0) return fail_as(what);
  size = sizeof address;
  if (::getsockname(fd, &address.any, &size) != 0) return fail_as(what);
  listener.bound_ = read_socket_address(address);
  return listener;
}

StreamListener::Accepted StreamListener::accept() const {
  SocketAddress address{};
  socklen_t size = sizeof address;
  Fd fd(::accept4(this->fd(), &address.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd) return {Outcome::accepted, std::move(fd), read_socket_address(address)};
  if (errno == EAGAIN) return {Outcome::none, {}, {}};
  return {is_of_peer(errno) ? Outcome::gone : Outcome::later, {}, {}};
}

std::string raise_descriptor_limit() {
  constexpr rlim_t needed = limits::streams_max + 2 * budget::lingering_streams_max + 128;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return {};
  limit.rlim_cur = std::min(limit.rlim_max, needed);
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == needed) return {};
  return "the limit of open files (RLIMIT_NOFILE) is " + std::to_string(limit.rlim_max) +
         ": no more TCP connections than that can be served at a time";
}

void set_stream_options(int fd) {
  // Each write is a whole turn's; what is held back for the next would only be late.
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  const auto unacknowledged =
      std::chrono::duration_cast<std::chrono::milliseconds>(budget::unacknowledged_max);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(unacknowledged.count()));
}

}  // namespace imcd::reactor
