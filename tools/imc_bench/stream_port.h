// StreamPort: the tool as a proxy over TCP. Its requests go over one connection to the server, its
// answers over the connection that the server makes to it, where the requests they answer came.
// It reads and writes much at a time, so that the tool is cheaper than what it measures.
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/byte_buffer.h"
#include "port.h"

namespace imcd::bench {

class StreamPort final : public Port {
 public:
  // Connects to the server at once and waits for its connection when there is time.
  StreamPort(const Address& local, const Address& peer);
  ~StreamPort() override;

  const std::vector<std::string_view>& receive() override;
  ByteBuffer& begin_datagram() override;
  void end_datagram() override;
  void flush() override;
  void wait(Duration longest) override;
  [[nodiscard]] Losses losses() const override { return {}; }
  [[nodiscard]] int receive_buffer() const override;

 private:
  struct Line {
    int fd = -1;
    std::unique_ptr<char[]> in;
    std::size_t begin = 0;  // Of what has not been given to the caller.
    std::size_t end = 0;
    ByteBuffer out;
    std::size_t sent = 0;
  };

  void accept_one();
  void read(Line& line);
  void cut(Line& line);
  static void write(Line& line);

  int listener_ = -1;
  Line ours_;
  Line theirs_;
  ByteBuffer message_;
  std::vector<std::string_view> received_;
};

}  // namespace imcd::bench
