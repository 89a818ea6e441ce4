// Deliveries: where messages go next, and when.

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "delivery/deliveries.h"
#include "parser/uri.h"

namespace imcd::delivery {

std::size_t Deliveries::FlowHash::operator()(const Flow& flow) const {
  SipHash hash(key);
  hash.update(
      std::string_view(reinterpret_cast<const char*>(flow.peer.ip.data()), flow.peer.ip.size()));
  hash.update(static_cast<std::uint64_t>(flow.peer.port) << 32 | flow.socket);
  hash.update(flow.stream << 1 | static_cast<std::uint64_t>(flow.transport));
  return hash.digest();
}

// A user that may send waits in the line of its hop; one without a hop has its queue given up.
void Deliveries::line_up(std::uint32_t slot, MonoTime now) {
  User& user = users_[slot];
  if (draining_) return give_up(slot, DeliveryResult::dropped, now);
  if (user.waiting || user.queued == 0 || user.in_flight >= settings_.delivery_window) return;
  if (!user.former_uri.empty()) return;
  if (user.presence.state() == Presence::State::away) return;
  const Route next = route(*user.who, now);
  if (next.line != nullptr) return wait_in(*next.line, slot, now);
  if (!next.flow) return give_up(slot, DeliveryResult::unroutable, now);
  const auto stream = stream_for_length(user, *next.flow, now);
  const auto hop_slot = hop_to(stream ? *stream : *next.flow);
  if (!hop_slot) return give_up(slot, DeliveryResult::unroutable, now);
  Hop& hop = hops_[*hop_slot];
  join(hop.line, slot, now);
  if (!hop.active) {
    hop.active = true;
    active_hops_.push_back(*hop_slot);
  }
}

// DESIGN 5 "Next hop": the proxy; else a member URI that names host and port; else where the user
// last came from; else the member URI's host at the default port.
Deliveries::Route Deliveries::route(const Identity& who, MonoTime now) {
  if (has_proxies()) {
    if (proxies_.empty()) return {.line = &proxy_line_};
    return {.flow = proxies_.current(now)};
  }
  const auto uri = parser::parse_uri(who.uri());
  CHECK(uri.has_value());
  const auto literal = parse_ip(uri->host, uri->port != 0 ? uri->port : default_sip_port);
  if (literal && uri->port != 0) return {.flow = flow_to(*literal)};
  if (!literal && uri->port != 0) {
    const Route named = route_by_name(*uri, now);
    if (named.flow || named.line != nullptr) return named;
  }
  if (settings_.reply_to_source) {
    const auto source = sources_.find(who);
    if (source && (source->transport == Transport::udp || is_live(source->stream))) {
      return {.flow = source};
    }
  }
  return literal ? Route{.flow = flow_to(*literal)} : route_by_name(*uri, now);
}

std::optional<Flow> Deliveries::flow_to(const Endpoint& endpoint) const {
  const bool is_ipv4 = endpoint.address.is_ipv4();
  const auto& udp = is_ipv4 ? settings_.ipv4_socket : settings_.ipv6_socket;
  if (endpoint.transport == Transport::udp) {
    return udp ? std::optional(Flow{endpoint.address, *udp}) : std::nullopt;
  }
  const auto& tcp = is_ipv4 ? settings_.ipv4_tcp_socket : settings_.ipv6_tcp_socket;
  if (!tcp && !udp) return std::nullopt;
  return Flow{endpoint.address, tcp ? *tcp : *udp, Transport::tcp};
}

std::optional<std::uint32_t> Deliveries::hop_to(const Flow& flow) {
  if (last_hop_ != no_slot && hops_[last_hop_].flow == flow) return last_hop_;
  const auto found = hop_by_flow_.find(flow);
  if (found != hop_by_flow_.end()) return last_hop_ = found->second;
  if (hops_.full()) forget_idle_hops();
  if (hops_.full()) return std::nullopt;
  const std::uint32_t slot = hops_.take();
  hops_[slot] = Hop{};
  hops_[slot].flow = flow;
  if (flow.stream != 0) {
    hops_[slot].link.on_open(flow.stream);
    const auto live = live_streams_.find(flow.stream);
    hops_[slot].link.on_blocked(live != live_streams_.end() && live->second);
    hop_by_stream_.emplace(flow.stream, slot);
  }
  hop_by_flow_.emplace(flow, slot);
  return last_hop_ = slot;
}

// Only those that no delivery under way refers to: it is in the window, or older than any pace.
void Deliveries::forget_idle_hops() {
  last_hop_ = no_slot;
  std::erase_if(hop_by_flow_, [this](const auto& entry) {
    const Hop& hop = hops_[entry.second];
    if (!hop.idle() || hop.active || hop.in_flight > 0) return false;
    std::erase(unlinked_hops_, entry.second);
    hops_.give_back(entry.second);
    return true;
  });
}

// Users who wait for a proxy that went out of service wait for the next one.
void Deliveries::move_to_current_proxy(MonoTime now) {
  if (proxies_.empty()) return;
  const Flow& current = proxies_.current(now);
  if (last_proxy_ == current) return;
  last_proxy_ = current;
  const std::size_t hops = active_hops_.size();
  for (std::size_t i = 0; i < hops; ++i) {
    if (hops_[active_hops_[i]].flow != current) line_up_again(hops_[active_hops_[i]].line, now);
  }
}

// Whoever waits here goes to where his messages go now.
void Deliveries::line_up_again(WaitingLine& line, MonoTime now) {
  WaitingLine waiting = std::exchange(line, WaitingLine{});
  while (!waiting.empty()) go_on(leave_first(waiting), now);
}

bool Deliveries::is_congested(MonoTime now) const {
  if (!has_proxies()) return false;
  std::uint32_t first = proxy_line_.first;
  if (first == no_slot && !active_hops_.empty()) {
    first = hops_[active_hops_.front()].line.first;
  }
  return first != no_slot && now - users_[first].waiting_since > limits::hop_wait_max;
}

void Deliveries::pump(Instant now, Outbox& out) {
  out_of_budget_ = false;
  move_to_current_proxy(now.mono);
  // A user may line up at another hop meanwhile, so the list can grow while it is walked.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < active_hops_.size(); ++i) {
    const std::uint32_t slot = active_hops_[i];
    if (!out_of_budget_ && pump_hop(slot, now, out)) {
      hops_[slot].active = false;
    } else {
      active_hops_[kept++] = slot;
    }
  }
  active_hops_.resize(kept);
  hosts_.ask(out);
  figures_.client_transactions.set(static_cast<std::int64_t>(in_flight()));
  figures_.delivery_queue_messages.set(static_cast<std::int64_t>(queued()));
}

// Whether nobody waits at the hop any more.
bool Deliveries::pump_hop(std::uint32_t slot, Instant now, Outbox& out) {
  Hop& hop = hops_[slot];
  if (hop.paused_until && *hop.paused_until > now.mono) return hop.line.empty();
  hop.paused_until.reset();
  if (hop.is_tcp() && !prepare_link(slot, now.mono, out)) return hop.line.empty();
  SentTimers timers{transactions_};
  while (const auto old = hop.sent.pop_due(timers, now.mono - hop.pace.current())) {
    transactions_.payload(*old).in_window = false;
    --hop.in_window;
  }
  while (!hop.line.empty()) {
    if (hop.in_window >= settings_.hop_window || transactions_.full()) return false;
    if (out.datagrams().size() >= limits::datagrams_per_turn_max ||
        out.written_bytes() >= limits::bytes_per_turn_max) {
      out_of_budget_ = true;
      return false;
    }
    start_next(leave_first(hop.line), slot, now, out);
  }
  return true;
}

void Deliveries::start_next(std::uint32_t user_slot, std::uint32_t hop_slot, Instant now,
                            Outbox& out) {
  User& user = users_[user_slot];
  // Another message has come to the head of the queue meanwhile.
  if (stream_for_length(user, hops_[hop_slot].flow, now.mono)) return line_up(user_slot, now.mono);
  const QueueNode node = take_first(user);
  const auto& expires = messages_[node.message].expires;
  if (expires && *expires <= now.wall) {  // RFC 3428 5
    settle(node, DeliveryResult::dropped);
  } else {
    Delivery delivery;
    delivery.user = user_slot;
    delivery.hop = hop_slot;
    delivery.node = node;
    Hop& hop = hops_[hop_slot];
    const auto id = transactions_.start(delivery, now.mono, hop.flow.transport);
    ++user.in_flight;
    ++hop.in_flight;
    if (!hop.is_tcp()) enter_window(id.slot, now.mono);
    figures_.requests_sent.add();
    write(id, out);
  }
  go_on(user_slot, now.mono);
}

void Deliveries::write(tm::ClientTransactionId id, Outbox& out) {
  const Delivery& delivery = transactions_.payload(id);
  const Hop& hop = hops_[delivery.hop];
  Flow flow = hop.flow;
  flow.stream = hop.link.stream();
  ByteBuffer& bytes = out.begin_datagram();
  const User& user = users_[delivery.user];
  write_delivery_head(bytes, user.former_uri.empty() ? user.who->uri() : user.former_uri,
                      {flow.transport, settings_.via_sent_by[flow.socket]}, transactions_.token(id),
                      has_proxies() && !hop.is_tcp());
  bytes.append(messages_[delivery.node.message].text.view());
  out.end_datagram(flow);
}

void Deliveries::enter_window(std::uint32_t slot, MonoTime now) {
  Delivery& delivery = transactions_.payload(slot);
  delivery.in_window = true;
  Hop& hop = hops_[delivery.hop];
  SentTimers timers{transactions_};
  hop.sent.arm(timers, slot, now);
  hop.pace.on_sent(now);
  ++hop.in_window;
}

void Deliveries::leave_window(std::uint32_t slot) {
  Delivery& delivery = transactions_.payload(slot);
  if (!delivery.in_window) return;
  delivery.in_window = false;
  Hop& hop = hops_[delivery.hop];
  SentTimers timers{transactions_};
  hop.sent.cancel(timers, slot);
  --hop.in_window;
}

}  // namespace imcd::delivery
