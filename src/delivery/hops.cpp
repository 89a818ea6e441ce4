#include "delivery/hops.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace imcd::delivery {

namespace {

std::size_t hops_max(const DeliverySettings& settings) {
  return std::min(limits::hops_max,
                  Shares(settings.memory_max).places(Share::hops, Hops::hop_bytes));
}

}  // namespace

Hops::Hops(const DeliverySettings& settings, HashKey key, Transactions& transactions,
           const LiveStreams& live_streams, std::size_t users_max)
    : key_(key),
      transactions_(transactions),
      live_streams_(live_streams),
      hops_(hops_max(settings)),
      lines_(users_max) {
  apply(settings);
}

std::uint64_t Hops::hash(const Flow& flow) const {
  SipHash hash(key_);
  hash.update(
      std::string_view(reinterpret_cast<const char*>(flow.peer.ip.data()), flow.peer.ip.size()));
  hash.update(static_cast<std::uint64_t>(flow.peer.port) << 32 | flow.socket);
  hash.update(flow.stream << 1 | static_cast<std::uint64_t>(flow.transport));
  return hash.digest();
}

std::uint32_t Hops::find_slot(const Flow& flow, std::uint64_t hash_of_flow) const {
  return by_flow_.find(hash_of_flow, [&](std::uint32_t slot) { return hops_[slot].flow == flow; });
}

std::optional<std::uint32_t> Hops::find(const Flow& flow) const {
  if (last_ != no_slot && hops_[last_].flow == flow) return last_;
  const std::uint32_t slot = find_slot(flow, hash(flow));
  return slot != no_slot ? std::optional(slot) : std::nullopt;
}

std::optional<std::uint32_t> Hops::look_up(const Flow& flow) {
  const std::uint64_t hash_of_flow = hash(flow);
  const std::uint32_t found = find_slot(flow, hash_of_flow);
  if (found != no_slot) return last_ = found;
  if (hops_.full()) forget_longest_idle();
  if (hops_.full()) return std::nullopt;
  return last_ = make(flow, hash_of_flow);
}

std::uint32_t Hops::make(const Flow& flow, std::uint64_t hash_of_flow) {
  const std::uint32_t slot = hops_.take();
  Hop& hop = hops_[slot];
  hop = Hop{};
  hop.flow = flow;
  hop.hash = hash_of_flow;
  if (flow.stream != 0) {
    hop.link.on_open(flow.stream);
    hop.link.on_blocked(live_streams_.is_blocked(flow.stream));
    by_stream_.emplace(flow.stream, slot);
  }
  by_flow_.insert(hash_of_flow, slot);
  return slot;
}

// --- Who is idle

void Hops::forget_longest_idle() {
  std::optional<std::uint32_t> slot;
  // A connection may have been asked for since.
  do {
    slot = idle_.pop_due(hops_, MonoTime::max());
    if (!slot) return;
    hops_[*slot].is_listed_idle = false;
  } while (!hops_[*slot].is_idle());
  if (last_ == *slot) last_ = no_slot;
  by_flow_.erase(*slot, [this](std::uint32_t other) { return hops_[other].hash; });
  leave_unlinked(*slot);
  hops_.give_back(*slot);
}

void Hops::note_if_idle(std::uint32_t slot) {
  Hop& hop = hops_[slot];
  if (hop.is_listed_idle || !hop.is_idle()) return;
  hop.is_listed_idle = true;
  idle_.arm(hops_, slot, MonoTime{});  // Only the order counts.
}

// --- Who is ready, and who waits for what

void Hops::make_ready(std::uint32_t slot) {
  Hop& hop = hops_[slot];
  if (hop.is_listed_idle) {
    hop.is_listed_idle = false;
    idle_.cancel(hops_, slot);
  }
  hop.state = Hop::State::ready;
  ready_.push_back(slot);
}

void Hops::end_turn(std::uint32_t slot, Turn turn) {
  Hop& hop = hops_[slot];
  hop.state = turn == Turn::stuck ? Hop::State::stuck : Hop::State::none;
  if (turn == Turn::done) return note_if_idle(slot);
  const auto chance = next_chance(hop);
  // An earlier time is waited for already: then it is looked at again.
  if (!chance || *chance >= hop.wakes_at) return;
  hop.wakes_at = *chance;
  wakes_.push_back({*chance, slot});
  std::ranges::push_heap(wakes_, std::greater<>());
}

void Hops::wake(std::uint32_t slot) {
  if (hops_[slot].state == Hop::State::stuck) make_ready(slot);
}

void Hops::wake_due(MonoTime now) {
  while (!wakes_.empty() && wakes_.front().at <= now) {
    const Wake due = wakes_.front();
    std::ranges::pop_heap(wakes_, std::greater<>());
    wakes_.pop_back();
    if (hops_[due.hop].wakes_at != due.at) continue;
    hops_[due.hop].wakes_at = MonoTime::max();
    wake(due.hop);
  }
}

std::vector<std::uint32_t> Hops::with_lines() const {
  std::vector<std::uint32_t> all;
  for (std::uint32_t slot = 0; hops_.contains(slot); ++slot) {
    if (!hops_[slot].lines.empty()) all.push_back(slot);
  }
  return all;
}

std::optional<MonoTime> Hops::next_deadline() const {
  if (!ready_.empty() && !transactions_.full()) return MonoTime::min();
  const auto wake = wakes_.empty() ? std::nullopt : std::optional(wakes_.front().at);
  return earlier(wake, next_link_deadline());
}

// When a hop may take more without an event: a link has its own deadline.
std::optional<MonoTime> Hops::next_chance(const Hop& hop) const {
  if (hop.paused_until) return hop.paused_until;
  if (hop.is_tcp() || hop.in_window < hop_window_) return std::nullopt;
  SentNodes nodes{transactions_};
  const auto sent = hop.sent.next_deadline(nodes);
  return sent ? std::optional(*sent + hop.pace.current()) : std::nullopt;
}

// --- What is under way

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
  if (hop.is_tcp()) return;
  --hop.in_window;
  if (!hop.paused_until) wake(delivery.hop);
}

// --- Links

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
  wake(found->second);
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
  wake(slot);
  note_if_idle(slot);
  return EndedLink{slot, was_open};
}

void Hops::on_stream_blocked(StreamId stream, bool is_blocked) {
  const auto found = by_stream_.find(stream);
  if (found == by_stream_.end()) return;
  hops_[found->second].link.on_blocked(is_blocked);
  wake(found->second);
}

}  // namespace imcd::delivery
