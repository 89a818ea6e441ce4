// StreamListener: a listening TCP socket, IPv4 or IPv6 but never both.
#pragma once

#include <optional>
#include <string>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "reactor/fd.h"

namespace imcd::reactor {

class StreamListener {
 public:
  static Result<StreamListener> open(const Address& listen);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Address& bound() const { return bound_; }

  enum class Outcome : std::uint8_t {
    accepted,
    gone,   // That peer has left again; the next may be there.
    none,   // Nobody waits.
    later,  // No file descriptor or memory is left: whoever waits goes on waiting.
  };
  struct Accepted {
    Outcome outcome = Outcome::none;
    Fd fd;
    Address peer;
  };
  [[nodiscard]] Accepted accept() const;

  // Set while it waits for file descriptors or memory.
  std::optional<MonoTime> retry_at;

 private:
  Fd fd_;
  Address bound_;
};

// Raises this process's limit of open files to what all streams need, as far as it may; the warning
// is for the operator, and empty where it sufficed.
std::string raise_descriptor_limit();

// The options of every connection, accepted or opened by us.
void set_stream_options(int fd);

}  // namespace imcd::reactor
