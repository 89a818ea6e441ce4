// Port: how the tool speaks with the server: as a proxy over UDP (UdpPort) or TCP (StreamPort).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/time.h"

namespace imcd::bench {

class Port {
 public:
  Port() = default;
  virtual ~Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // The messages that are there now. The views hold until the next call.
  virtual const std::vector<std::string_view>& receive() = 0;

  // Where the next message is written; end_datagram() puts it with those that flush() sends.
  virtual ByteBuffer& begin_datagram() = 0;
  virtual void end_datagram() = 0;
  virtual void flush() = 0;

  // Waits until something can be read, a signal comes, or the time is over.
  virtual void wait(Duration longest) = 0;

  struct Losses {
    std::uint64_t dropped = 0;  // The kernel's, for want of room in the receive buffer.
    std::uint64_t refused = 0;  // Datagrams for which nobody listened.
  };
  [[nodiscard]] virtual Losses losses() const = 0;
  [[nodiscard]] virtual int receive_buffer() const = 0;
};

}  // namespace imcd::bench
