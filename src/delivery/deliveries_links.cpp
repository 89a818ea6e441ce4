// Deliveries: connections to next hops over TCP.
//
// RFC 3261 17.1.4 and 8.1.3.1: a connection that is lost fails the requests on it as a 503 would.
// Nobody knows how many of them the peer has read, so they are not sent again, neither here nor
// elsewhere: each member hears a message at most once. What was not yet written waits in the users'
// queues, in its order, for the next connection.

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "delivery/deliveries.h"

namespace imcd::delivery {

bool Deliveries::is_live(StreamId stream) const { return live_streams_.contains(stream); }

bool Deliveries::on_stream_open(const Flow& flow) {
  if (!is_opened_by_us(flow.stream)) {
    live_streams_.emplace(flow.stream, false);
    return true;
  }
  const auto found = hop_by_stream_.find(flow.stream);
  if (found == hop_by_stream_.end()) return false;
  Hop& hop = hops_[found->second];
  hop.link.on_open(flow.stream);
  std::erase(unlinked_hops_, found->second);
  proxies_.on_link(hop.flow, flow.stream);
  return true;
}

void Deliveries::on_stream_ended(StreamId stream, MonoTime now) {
  live_streams_.erase(stream);
  const auto found = hop_by_stream_.find(stream);
  if (found == hop_by_stream_.end()) return;
  const std::uint32_t slot = found->second;
  hop_by_stream_.erase(found);
  Hop& hop = hops_[slot];
  const bool was_open = hop.link.state() == Link::State::open;
  hop.link.on_ended(now);
  proxies_.on_link(hop.flow, 0);
  if (was_open) fail_in_flight(slot, now);
  if (is_opened_by_us(stream) && was_open) {
    unlinked_hops_.push_back(slot);
  } else if (!proxies_.contains(hop.flow)) {
    // A user's own connection does not come back; one beside a proxy over UDP was refused.
    line_up_again(hop.line, now);
  }
}

void Deliveries::on_stream_blocked(StreamId stream, bool is_blocked) {
  if (const auto live = live_streams_.find(stream); live != live_streams_.end()) {
    live->second = is_blocked;
  }
  const auto found = hop_by_stream_.find(stream);
  if (found != hop_by_stream_.end()) hops_[found->second].link.on_blocked(is_blocked);
}

// A loss is rare, so the deliveries of a hop are not listed anywhere.
void Deliveries::fail_in_flight(std::uint32_t hop, MonoTime now) {
  std::vector<tm::ClientTransactionId> lost;
  transactions_.for_each([&](tm::ClientTransactionId id, const Delivery& delivery) {
    if (delivery.hop == hop) lost.push_back(id);
  });
  for (const tm::ClientTransactionId id : lost) {
    const Delivery delivery = end(id);
    settle(delivery.node, DeliveryResult::lost);
    go_on(delivery.user, now);
  }
}

// RFC 3261 18.1.1. Without a proxy the next hops differ, and UDP with its least length is what all
// have.
std::size_t Deliveries::request_bytes_max(MonoTime now) const {
  if (proxies_.empty()) return limits::udp_request_bytes_max;
  const Flow& proxy = proxies_.current(now);
  if (proxy.transport == Transport::tcp) {
    return limits::stream_head_bytes_max + limits::stream_body_bytes_max;
  }
  // No longer than a datagram, as that is what it becomes should the proxy not listen on TCP.
  if (stream_beside(proxy, now)) return limits::datagram_bytes_max;
  return proxy.peer.is_loopback() ? limits::loopback_request_bytes_max
                                  : limits::udp_request_bytes_max;
}

// The way to the same proxy over TCP, unless it is known not to be there.
std::optional<Flow> Deliveries::stream_beside(const Flow& flow, MonoTime now) const {
  if (flow.transport == Transport::tcp || !proxies_.contains(flow)) return std::nullopt;
  const auto stream = flow_to({Transport::tcp, flow.peer});
  if (!stream) return std::nullopt;
  const auto hop = hop_by_flow_.find(*stream);
  if (hop != hop_by_flow_.end() && hops_[hop->second].link.is_refused(now)) return std::nullopt;
  return stream;
}

// RFC 3261 18.1.1: a long request goes over TCP, and over UDP after all where that is refused. The
// MTU of the path makes no difference: 64 long datagrams at once fill the receive buffer of any
// proxy.
std::optional<Flow> Deliveries::stream_for_length(const User& user, const Flow& flow,
                                                  MonoTime now) const {
  const SharedMessage& message = messages_[queue_nodes_[user.first].message];
  const std::size_t bytes = message.text.size() + limits::delivery_head_bytes;
  return bytes > limits::udp_request_bytes_max ? stream_beside(flow, now) : std::nullopt;
}

// Whether the hop's connection takes deliveries; if there is none, one is asked for.
bool Deliveries::prepare_link(std::uint32_t slot, MonoTime now, Outbox& out) {
  Link& link = hops_[slot].link;
  if (link.state() == Link::State::closed && hops_[slot].flow.stream == 0) {
    if (std::ranges::find(unlinked_hops_, slot) == unlinked_hops_.end()) {
      unlinked_hops_.push_back(slot);
    }
    if (link.due() <= now) connect(slot, now, out);
  }
  return link.may_write();
}

void Deliveries::connect(std::uint32_t slot, MonoTime now, Outbox& out) {
  Hop& hop = hops_[slot];
  const StreamId stream = opened_by_us | ++last_stream_;
  hop.link.on_connecting(stream, now);
  hop_by_stream_.emplace(stream, slot);
  Flow flow = hop.flow;
  flow.stream = stream;
  out.open_stream(flow);
}

// The connection to a proxy is made again when it was lost, so that it is there when it is needed
// and its return is noticed; others only for somebody who waits.
void Deliveries::keep_links(MonoTime now, Outbox& out) {
  const std::vector<std::uint32_t> slots = unlinked_hops_;
  for (const std::uint32_t slot : slots) {
    Hop& hop = hops_[slot];
    if (hop.link.due() > now) continue;
    if (hop.link.state() == Link::State::connecting) {
      const StreamId stream = hop.link.stream();
      out.abort_stream(stream);
      on_stream_ended(stream, now);
    } else if (!draining_ && (proxies_.contains(hop.flow) || !hop.line.empty())) {
      connect(slot, now, out);
    } else {
      std::erase(unlinked_hops_, slot);
    }
  }
}

std::optional<MonoTime> Deliveries::next_link_deadline() const {
  std::optional<MonoTime> first;
  for (const std::uint32_t slot : unlinked_hops_) {
    first = earlier(first, hops_[slot].link.due());
  }
  return first;
}

}  // namespace imcd::delivery
