// StreamListeners: the TCP addresses that imcd listens on. Its sockets are numbered behind those of
// UDP.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "reactor/epoll.h"
#include "reactor/ready_list.h"
#include "reactor/stream_listener.h"

namespace imcd::reactor {

class StreamListeners {
 public:
  // Adds a warning if too few files can be open for all streams.
  Result<void> open(std::span<const Address> addresses, Epoll& epoll,
                    std::vector<std::string>& warnings);

  [[nodiscard]] std::span<const Address> bound() const { return bound_; }
  StreamListener& operator[](std::uint32_t index) { return listeners_[index]; }

  // Puts those on the list that have waited long enough: their edge was reported before that.
  void retry(ReadyList& ready, MonoTime now);
  [[nodiscard]] std::optional<MonoTime> retry_at() const;

 private:
  std::vector<StreamListener> listeners_;
  std::vector<Address> bound_;
};

}  // namespace imcd::reactor
