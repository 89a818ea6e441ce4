#include "delivery/request_size.h"

#include "base/limits.h"

namespace imcd::delivery {

// The way to the same proxy over TCP, unless it is known not to be there.
std::optional<Flow> RequestSize::stream_beside(const Flow& flow, MonoTime now) const {
  const auto stream = routes_.stream_beside(flow);
  if (!stream) return std::nullopt;
  const auto hop = hops_.find(*stream);
  return hop && hops_[*hop].link.is_refused(now) ? std::nullopt : stream;
}

std::optional<Flow> RequestSize::stream_for(std::size_t common_bytes, const Flow& flow,
                                            MonoTime now) const {
  const std::size_t bytes = common_bytes + limits::delivery_head_bytes;
  return bytes > limits::udp_request_bytes_max ? stream_beside(flow, now) : std::nullopt;
}

// Without a proxy the next hops differ, and UDP with its least length is what all have.
std::size_t RequestSize::bytes_max(MonoTime now) const {
  const Flow* const proxy = routes_.proxy(now);
  if (proxy == nullptr) return limits::udp_request_bytes_max;
  if (proxy->transport == Transport::tcp) {
    return limits::stream_head_bytes_max + limits::stream_body_bytes_max;
  }
  // No longer than a datagram, as that is what it becomes should the proxy not listen on TCP.
  if (stream_beside(*proxy, now)) return limits::datagram_bytes_max;
  return proxy->peer.is_loopback() ? limits::loopback_request_bytes_max
                                   : limits::udp_request_bytes_max;
}

}  // namespace imcd::delivery
