#include "reactor/udp_socket.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <optional>
#include <sys/socket.h>

#include "reactor/budget.h"
#include "reactor/socket_address.h"
#include "reactor/system_failure.h"

namespace imcd::reactor {
namespace {

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

bool set_family_options(int fd, const Address& listen) {
  if (listen.is_ipv4()) return set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
  return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
         set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

// The ways to say one buffer's size, and its name for the operator.
struct Buffer {
  int option;
  int privileged_option;  // Goes beyond the limit, for those who may.
  const char* name;
  const char* limit;
};
constexpr Buffer receive_buffer = {SO_RCVBUF, SO_RCVBUFFORCE, "receive", "net.core.rmem_max"};
constexpr Buffer send_buffer = {SO_SNDBUF, SO_SNDBUFFORCE, "send", "net.core.wmem_max"};

// What the buffer holds now. The kernel doubles what it is asked for, to pay for its own
// bookkeeping, and tells the double.
std::size_t buffer_bytes(int fd, const Buffer& buffer) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(fd, SOL_SOCKET, buffer.option, &value, &size) != 0 || value < 0) return 0;
  return static_cast<std::size_t>(value) / 2;
}

void set_buffer(int fd, const Buffer& buffer, std::size_t bytes, const std::string& socket_name,
                std::vector<std::string>& warnings) {
  if (bytes == 0) return;
  const int asked = static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
  if (!set_option(fd, SOL_SOCKET, buffer.privileged_option, asked)) {
    set_option(fd, SOL_SOCKET, buffer.option, asked);
  }
  const std::size_t given = buffer_bytes(fd, buffer);
  if (given >= bytes) return;
  warnings.push_back(socket_name + ": the kernel gives a " + buffer.name + " buffer of " +
                     std::to_string(given) + " bytes instead of " + std::to_string(bytes) + " (" +
                     buffer.limit + ")");
}

struct ErrorReport {
  sock_extended_err error{};
  Address peer;  // To whom the datagram went that it is about.
};

// One report, or nothing when there is none left. The datagram comes with it, but it needs no room:
// nothing of it is looked at.
std::optional<ErrorReport> take_error_report(int fd) {
  alignas(cmsghdr) char control[512];
  SocketAddress peer{};
  msghdr message{};
  message.msg_name = &peer;
  message.msg_namelen = sizeof peer;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    const bool reported = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                          (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
    if (!reported) continue;
    ErrorReport report;
    std::memcpy(&report.error, CMSG_DATA(part), sizeof report.error);
    if (message.msg_namelen > 0) report.peer = read_socket_address(peer);
    return report;
  }
  return ErrorReport{};
}

// Whether a closed port was met.
bool count_error_report(const sock_extended_err& report, Figures& figures) {
  // A local error is also the result of the call that met it, and counted there.
  if (report.ee_origin != SO_EE_ORIGIN_ICMP && report.ee_origin != SO_EE_ORIGIN_ICMP6) return false;
  const bool is_refused = report.ee_errno == ECONNREFUSED;
  (is_refused ? figures.connection_refused : figures.datagrams_send_failed).add();
  return is_refused;
}

// Both are for speed and for the figures; imcd serves without them too.
void ask_for_notes(int fd) {
  set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
  set_option(fd, IPPROTO_UDP, UDP_GRO, 1);
}

Result<Address> bind_to(int fd, const Address& listen) {
  SocketAddress address{};
  const socklen_t size = write_socket_address(address, listen);
  if (::bind(fd, &address.any, size) != 0) return fail(error_text(errno));
  SocketAddress bound{};
  socklen_t bound_size = sizeof bound;
  if (::getsockname(fd, &bound.any, &bound_size) != 0) return fail(error_text(errno));
  return read_socket_address(bound);
}

}  // namespace

Result<UdpSocket> UdpSocket::open(const Address& listen) {
  const std::string what = "cannot listen on udp:" + address_text(listen);
  if (listen.empty()) return fail("cannot listen on udp: no address is given");
  UdpSocket socket;
  const int family = listen.is_ipv4() ? AF_INET : AF_INET6;
  socket.fd_ = Fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.fd_ || !set_family_options(socket.fd(), listen)) return fail_as(what);
  const Result<Address> bound = bind_to(socket.fd(), listen);
  if (!bound) return fail(what + ": " + bound.error().text);
  socket.bound_ = *bound;
  ask_for_notes(socket.fd());
  return socket;
}

void UdpSocket::set_buffers(std::size_t receive_bytes, std::size_t send_bytes,
                            std::vector<std::string>& warnings) const {
  const std::string name = "udp:" + address_text(bound_);
  set_buffer(fd(), receive_buffer, receive_bytes, name, warnings);
  set_buffer(fd(), send_buffer, send_bytes, name, warnings);
}

bool UdpSocket::take_error_reports(Figures& figures, std::vector<Address>& refused) const {
  for (unsigned taken = 0; taken < budget::error_reports_per_turn; ++taken) {
    const std::optional<ErrorReport> report = take_error_report(fd());
    if (!report) return false;
    if (count_error_report(report->error, figures)) refused.push_back(report->peer);
  }
  return true;
}

}  // namespace imcd::reactor
