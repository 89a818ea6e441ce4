// RequestSize: how long a delivery may be, and by which transport a long one goes (RFC
// 3261 18.1.1): over TCP, and over UDP after all where that is refused. The MTU of the path makes
// no difference: 64 long datagrams at once fill the receive buffer of any proxy.
#pragma once

#include <cstddef>
#include <optional>

#include "base/address.h"
#include "base/time.h"
#include "delivery/hops.h"
#include "delivery/routes.h"

namespace imcd::delivery {

class RequestSize {
 public:
  // Both must outlive this.
  RequestSize(const Routes& routes, const Hops& hops) : routes_(routes), hops_(hops) {}

  // Of a message that is to reach all members, with its head, in bytes.
  [[nodiscard]] std::size_t bytes_max(MonoTime now) const;
  // The way over TCP for a delivery with so much in common with others that would go by `flow`;
  // nothing: that is how it goes.
  [[nodiscard]] std::optional<Flow> stream_for(std::size_t common_bytes, const Flow& flow,
                                               MonoTime now) const;

 private:
  [[nodiscard]] std::optional<Flow> stream_beside(const Flow& flow, MonoTime now) const;

  const Routes& routes_;
  const Hops& hops_;
};

}  // namespace imcd::delivery
