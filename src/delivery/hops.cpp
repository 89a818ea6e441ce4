#include "delivery/hops.h"

#include <algorithm>
#include <string_view>

namespace imcd::delivery {

Hops::Hops(const DeliverySettings& settings, HashKey key, Transactions& transactions,
           const LiveStreams& live_streams)
    : transactions_(transactions), live_streams_(live_streams), by_flow_(0, FlowHash{key}) {
  apply(settings);
}

std::size_t Hops::FlowHash::operator()(const Flow& flow) const {
  SipHash hash(key);
  hash.update(
      std::string_view(reinterpret_cast<const char*>(flow.peer.ip.data()), flow.peer.ip.size()));
  hash.update(static_cast<std::uint64_t>(flow.peer.port) << 32 | flow.socket);
  hash.update(flow.stream << 1 | static_cast<std::uint64_t>(flow.transport));
  return hash.digest();
}

const Hop* Hops::find(const Flow& flow) const {
  const auto found = by_flow_.find(flow);
  return found != by_flow_.end() ? &hops_[found->second] : nullptr;
}

std::optional<std::uint32_t> Hops::look_up(const Flow& flow) {
  const auto found = by_flow_.find(flow);
  if (found != by_flow_.end()) return last_ = found->second;
  if (hops_.full()) forget_idle();
  if (hops_.full()) return std::nullopt;
  const std::uint32_t slot = hops_.take();
  Hop& hop = hops_[slot];
  hop = Hop{};
  hop.flow = flow;
  if (flow.stream != 0) {
    hop.link.on_open(flow.stream);
    hop.link.on_blocked(live_streams_.is_blocked(flow.stream));
    by_stream_.emplace(flow.stream, slot);
  }
  by_flow_.emplace(flow, slot);
  return last_ = slot;
}

void Hops::forget_idle() {
  last_ = no_slot;
  std::erase_if(by_flow_, [this](const auto& entry) {
    if (!hops_[entry.second].is_idle()) return false;
    leave_unlinked(entry.second);
    hops_.give_back(entry.second);
    return true;
  });
}

// When a hop may take more without an event: a link has its own deadline, and where the window is
// not full, what is missing is a transaction.
std::optional<MonoTime> Hops::next_chance(const Hop& hop) const {
  if (hop.paused_until) return hop.paused_until;
  if (hop.is_tcp() || hop.in_window < hop_window_) return std::nullopt;
  SentNodes nodes{transactions_};
  const auto sent = hop.sent.next_deadline(nodes);
  return sent ? std::optional(*sent + hop.pace.current()) : std::nullopt;
}

bool Hops::has_room(Hop& hop, MonoTime now) {
  if (hop.is_tcp() || hop.in_window < hop_window_) return true;
  SentNodes nodes{transactions_};
  while (const auto old = hop.sent.pop_due(nodes, now - hop.pace.current())) {
    transactions_.payload(*old).is_listed = false;
    --hop.in_window;
  }
  return hop.in_window < hop_window_;
}

void Hops::on_sent(std::uint32_t transaction, MonoTime now) {
  Delivery& delivery = transactions_.payload(transaction);
  Hop& hop = hops_[delivery.hop];
  SentNodes nodes{transactions_};
  hop.sent.arm(nodes, transaction, now);
  delivery.is_listed = true;
  ++hop.in_flight;
  if (hop.is_tcp()) return;
  hop.pace.on_sent(now);
  ++hop.in_window;
}

std::optional<std::uint32_t> Hops::pop_lost(std::uint32_t slot) {
  SentNodes nodes{transactions_};
  const auto lost = hops_[slot].sent.pop_due(nodes, MonoTime::max());
  if (lost) transactions_.payload(*lost).is_listed = false;
  return lost;
}

void Hops::take_out(std::uint32_t transaction) {
  Delivery& delivery = transactions_.payload(transaction);
  if (!delivery.is_listed) return;
  delivery.is_listed = false;
  Hop& hop = hops_[delivery.hop];
  SentNodes nodes{transactions_};
  hop.sent.cancel(nodes, transaction);
  if (!hop.is_tcp()) --hop.in_window;
}

bool Hops::prepare_link(std::uint32_t slot, MonoTime now, Outbox& out) {
  const Hop& hop = hops_[slot];
  if (hop.link.state() == Link::State::closed && hop.flow.stream == 0) {
    if (std::ranges::find(unlinked_, slot) == unlinked_.end()) unlinked_.push_back(slot);
    if (hop.link.due() <= now) connect(slot, now, out);
  }
  return hop.link.may_write();
}

void Hops::connect(std::uint32_t slot, MonoTime now, Outbox& out) {
  Hop& hop = hops_[slot];
  const StreamId stream = opened_by_us | ++last_stream_;
  hop.link.on_connecting(stream, now);
  by_stream_.emplace(stream, slot);
  Flow flow = hop.flow;
  flow.stream = stream;
  out.open_stream(flow);
}

std::optional<std::uint32_t> Hops::next_due_link(MonoTime now) const {
  for (const std::uint32_t slot : unlinked_) {
    if (hops_[slot].link.due() <= now) return slot;
  }
  return std::nullopt;
}

std::optional<MonoTime> Hops::next_link_deadline() const {
  std::optional<MonoTime> first;
  for (const std::uint32_t slot : unlinked_) first = earlier(first, hops_[slot].link.due());
  return first;
}

std::optional<std::uint32_t> Hops::on_stream_open(StreamId stream) {
  const auto found = by_stream_.find(stream);
  if (found == by_stream_.end()) return std::nullopt;
  hops_[found->second].link.on_open(stream);
  leave_unlinked(found->second);
  return found->second;
}

std::optional<Hops::EndedLink> Hops::on_stream_ended(StreamId stream, MonoTime now) {
  const auto found = by_stream_.find(stream);
  if (found == by_stream_.end()) return std::nullopt;
  const std::uint32_t slot = found->second;
  by_stream_.erase(found);
  Link& link = hops_[slot].link;
  const bool was_open = link.state() == Link::State::open;
  link.on_ended(now);
  if (is_opened_by_us(stream) && was_open) unlinked_.push_back(slot);
  return EndedLink{slot, was_open};
}

void Hops::on_stream_blocked(StreamId stream, bool is_blocked) {
  const auto found = by_stream_.find(stream);
  if (found != by_stream_.end()) hops_[found->second].link.on_blocked(is_blocked);
}

}  // namespace imcd::delivery
