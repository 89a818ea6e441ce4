// ReceiveBatch: the buffers one recvmmsg fills. One batch serves all sockets in turn, as what it
// holds is handed on before the next read. 64 buffers of 64 KiB, of which only the pages that
// datagrams really reach are ever touched.
#pragma once

#include <array>
#include <cstddef>
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

  // Reads what is there and returns how many datagrams came. Nothing: the socket is empty, and its
  // next datagram will be reported. 0: an error was met (it belongs to something sent earlier) and
  // there may be more.
  std::optional<std::size_t> read(int fd);

  // Of the last read.
  [[nodiscard]] std::string_view bytes(std::size_t index) const;
  [[nodiscard]] Address peer(std::size_t index) const;

 private:
  std::unique_ptr<char[]> buffers_;
  std::size_t filled_ = 0;
  std::array<mmsghdr, budget::receive_batch> messages_{};
  std::array<iovec, budget::receive_batch> parts_{};
  std::array<SocketAddress, budget::receive_batch> peers_{};
};

}  // namespace imcd::reactor
