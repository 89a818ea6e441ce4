// ReceiveBatch: the buffers one recvmmsg fills. One batch serves all sockets in turn, as what it
// holds is handed on before the next read. 64 buffers of 64 KiB, of which only the pages that
// datagrams really reach are ever touched.
//
// A buffer may hold a run of datagrams of one peer that the kernel put together (UDP_GRO): all of
// one size but the last, which may be shorter.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <sys/socket.h>

#include "base/address.h"
#include "reactor/budget.h"
#include "reactor/socket_address.h"

namespace imcd::reactor {

class ReceiveBatch {
 public:
  ReceiveBatch();
  ReceiveBatch(const ReceiveBatch&) = delete;
  ReceiveBatch& operator=(const ReceiveBatch&) = delete;

  // Reads what is there and returns how many runs came. Nothing: the socket is empty, and its
  // next datagram will be reported. 0: an error was met (it belongs to something sent earlier) and
  // there may be more.
  std::optional<std::size_t> read(int fd);

  // Of the last read: the datagrams of a run, in order, to visit(bytes), until one says false.
  template <class Visit>
  void for_each_datagram(std::size_t index, Visit&& visit) const {
    std::string_view rest = bytes(index);
    const std::size_t size = datagram_bytes(index);
    do {
      if (!visit(rest.substr(0, size))) return;
      rest.remove_prefix(std::min(size, rest.size()));
    } while (!rest.empty());
  }
  [[nodiscard]] Address peer(std::size_t index) const;
  // SO_RXQ_OVFL: how many the socket had dropped by then, counted from its opening, modulo 2^32;
  // nothing where the kernel did not say.
  [[nodiscard]] std::optional<std::uint32_t> drops(std::size_t index) const;

 private:
  union Control {
    cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(std::uint32_t))];
  };
  [[nodiscard]] std::string_view bytes(std::size_t index) const;
  // Of each datagram in the run but the last.
  [[nodiscard]] std::size_t datagram_bytes(std::size_t index) const;
  [[nodiscard]] std::optional<std::uint32_t> told(std::size_t index, int level, int type) const;

  std::unique_ptr<char[]> buffers_;
  std::size_t filled_ = 0;
  std::array<mmsghdr, budget::receive_batch> messages_{};
  std::array<iovec, budget::receive_batch> parts_{};
  std::array<SocketAddress, budget::receive_batch> peers_{};
  std::array<Control, budget::receive_batch> controls_{};
};

}  // namespace imcd::reactor
