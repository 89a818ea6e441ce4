// UdpPort: the one socket of the tool, bound to the proxy's address and connected to the server. It
// moves datagrams by the batch (recvmmsg, sendmmsg), so that the tool is cheaper than what it
// measures. Sending never waits for long and loses nothing in silence.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>
#include <vector>

#include "base/address.h"
#include "base/byte_buffer.h"
#include "base/time.h"
#include "port.h"

namespace imcd::bench {

class UdpPort final : public Port {
 public:
  // `runs`: datagrams of one size go and come together, cut and joined by the kernel (UDP_SEGMENT,
  // UDP_GRO), so that nearly all of what is measured is the server's. Throws std::system_error.
  UdpPort(const Address& local, const Address& peer, int receive_buffer, bool runs);
  ~UdpPort() override;

  // What is there now, at most a batch of them or of runs. The views hold until the next call.
  const std::vector<std::string_view>& receive() override;

  ByteBuffer& begin_datagram() override { return bytes_; }
  void end_datagram() override;
  void flush() override;

  void wait(Duration longest) override;
  [[nodiscard]] Losses losses() const override;
  [[nodiscard]] int receive_buffer() const override;

 private:
  static constexpr std::size_t batch = 64;
  // The longest datagram or run, as an odd number of cache lines: otherwise all would share a few
  // sets.
  static constexpr std::size_t datagram_slot_bytes = 161 * std::size_t{64};
  static constexpr std::size_t run_slot_bytes = 1029 * std::size_t{64};
  static constexpr std::size_t run_datagrams_max = 64;
  static constexpr std::size_t run_bytes_max = 65507;
  union Control {
    cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  };

  void connect_to(const Address& local, const Address& peer);
  void take(std::size_t slot);
  [[nodiscard]] unsigned gather();
  void mark_as_run(std::size_t message);
  unsigned send_some(mmsghdr* first, unsigned count);

  int fd_ = -1;
  bool runs_;
  std::size_t slot_bytes_;
  std::unique_ptr<char[]> slots_;
  std::array<iovec, batch> in_parts_{};
  std::array<mmsghdr, batch> in_{};
  std::array<Control, batch> in_controls_{};
  std::vector<std::string_view> received_;

  ByteBuffer bytes_;
  std::vector<std::size_t> ends_;  // Of each datagram in bytes_.
  std::array<iovec, batch> out_parts_{};
  std::array<mmsghdr, batch> out_{};
  std::array<Control, batch> out_controls_{};
  std::uint64_t refused_ = 0;
};

}  // namespace imcd::bench
