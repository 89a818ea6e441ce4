#include "imc/deliveries.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "parser/uri.h"

namespace imcd::imc {

std::size_t Deliveries::FlowHash::operator()(const Flow& flow) const {
  SipHash hash(key);
  hash.update(
      std::string_view(reinterpret_cast<const char*>(flow.peer.ip.data()), flow.peer.ip.size()));
  hash.update(static_cast<std::uint64_t>(flow.peer.port) << 32 | flow.socket);
  return hash.digest();
}

Deliveries::Deliveries(DeliverySettings settings, HashKey branch_key, IdentityTable& identities,
                       Figures& figures)
    : settings_(std::move(settings)),
      identities_(identities),
      figures_(figures),
      transactions_(branch_key),
      users_(limits::pending_users_max),
      queue_nodes_(limits::queued_deliveries_max),
      hops_(limits::hops_max),
      sources_(identities),
      hop_by_flow_(0, FlowHash{branch_key}) {}

Deliveries::~Deliveries() {
  users_.for_each([](User& user) {
    if (user.who) user.who->user_slot = Identity::no_user;
  });
}

void Deliveries::enqueue(Identity& who, std::uint32_t message, Kind kind, InvitationId invitation) {
  const bool has_user = who.user_slot != Identity::no_user;
  const bool user_full =
      kind == Kind::chat && has_user && users_[who.user_slot].queued >= limits::user_queue_max;
  messages_.acquire(message);
  if (user_full || queue_nodes_.full() || (!has_user && users_.full())) {
    settle({message, invitation, tm::no_slot}, DeliveryResult::dropped);
    return;
  }
  const std::uint32_t slot = user_of(who);
  User& user = users_[slot];
  const std::uint32_t node = queue_nodes_.take();
  queue_nodes_[node] = {message, invitation, tm::no_slot};
  (user.last == tm::no_slot ? user.first : queue_nodes_[user.last].next) = node;
  user.last = node;
  ++user.queued;
  figures_.delivery_queue_messages.add(1);
  line_up(slot);
}

std::uint32_t Deliveries::user_of(Identity& who) {
  if (who.user_slot != Identity::no_user) return who.user_slot;
  const std::uint32_t slot = users_.take();
  User& user = users_[slot];
  user = User{};
  user.who = IdentityRef(identities_, who);
  who.user_slot = slot;
  return slot;
}

// A user that may send waits in the line of its hop; one without a hop has its queue given up.
void Deliveries::line_up(std::uint32_t slot) {
  User& user = users_[slot];
  if (draining_) return give_up(slot, DeliveryResult::dropped);
  if (user.waiting || user.queued == 0 || user.in_flight >= settings_.delivery_window) return;
  const auto flow = route(*user.who);
  const auto hop_slot = flow ? hop_to(*flow) : std::nullopt;
  if (!hop_slot) return give_up(slot, DeliveryResult::unroutable);
  Hop& hop = hops_[*hop_slot];
  user.waiting = true;
  user.next_waiting = tm::no_slot;
  (hop.last_waiting == tm::no_slot ? hop.first_waiting : users_[hop.last_waiting].next_waiting) =
      slot;
  hop.last_waiting = slot;
  if (!hop.active) {
    hop.active = true;
    active_hops_.push_back(*hop_slot);
  }
}

void Deliveries::give_up(std::uint32_t slot, DeliveryResult result) {
  User& user = users_[slot];
  while (user.queued > 0) settle(take_first(user), result);
  leave_if_done(slot);
}

// DESIGN 5 "Next hop": the proxy; else a member URI that names host and port; else where the user
// last came from; else the member URI's host at the default port.
std::optional<Flow> Deliveries::route(const Identity& who) const {
  if (!settings_.outbound_proxies.empty()) return flow_to(settings_.outbound_proxies.front());
  const auto uri = parser::parse_uri(who.uri());
  CHECK(uri.has_value());
  const auto literal = parse_ip(uri->host, uri->port);
  if (literal && uri->port != 0) return flow_to(*literal);
  if (settings_.reply_to_source) {
    if (const auto source = sources_.find(who)) return source;
  }
  if (!literal) return std::nullopt;
  Address address = *literal;
  address.port = 5060;
  return flow_to(address);
}

std::optional<Flow> Deliveries::flow_to(const Address& address) const {
  const auto& socket = address.is_ipv4() ? settings_.ipv4_socket : settings_.ipv6_socket;
  if (!socket) return std::nullopt;
  return Flow{address, *socket};
}

std::optional<std::uint32_t> Deliveries::hop_to(const Flow& flow) {
  const auto found = hop_by_flow_.find(flow);
  if (found != hop_by_flow_.end()) return found->second;
  if (hops_.full()) forget_idle_hops();
  if (hops_.full()) return std::nullopt;
  const std::uint32_t slot = hops_.take();
  hops_[slot] = Hop{.flow = flow};
  hop_by_flow_.emplace(flow, slot);
  return slot;
}

void Deliveries::forget_idle_hops() {
  std::erase_if(hop_by_flow_, [this](const auto& entry) {
    const Hop& hop = hops_[entry.second];
    if (!hop.idle() || hop.active) return false;
    hops_.give_back(entry.second);
    return true;
  });
}

void Deliveries::pump(Instant now, Outbox& out) {
  out_of_budget_ = false;
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
}

// Whether nobody waits at the hop any more.
bool Deliveries::pump_hop(std::uint32_t slot, Instant now, Outbox& out) {
  Hop& hop = hops_[slot];
  YoungTimers timers{transactions_};
  while (const auto old = hop.young.pop_due(timers, now.mono)) {
    transactions_.payload(*old).in_window = false;
    --hop.in_window;
  }
  while (hop.first_waiting != tm::no_slot) {
    if (hop.in_window >= settings_.hop_window || transactions_.full()) return false;
    if (out.datagrams().size() >= limits::datagrams_per_turn_max) {
      out_of_budget_ = true;
      return false;
    }
    const std::uint32_t user_slot = hop.first_waiting;
    User& user = users_[user_slot];
    hop.first_waiting = user.next_waiting;
    if (hop.first_waiting == tm::no_slot) hop.last_waiting = tm::no_slot;
    user.waiting = false;
    start_next(user_slot, slot, now, out);
  }
  return true;
}

void Deliveries::start_next(std::uint32_t user_slot, std::uint32_t hop_slot, Instant now,
                            Outbox& out) {
  User& user = users_[user_slot];
  const QueueNode node = take_first(user);
  const auto& expires = messages_[node.message].expires;
  if (expires && *expires <= now.wall) {  // RFC 3428 5
    settle(node, DeliveryResult::dropped);
  } else {
    Delivery delivery;
    delivery.message = node.message;
    delivery.user = user_slot;
    delivery.hop = hop_slot;
    delivery.invitation = node.invitation;
    delivery.in_window = true;
    const auto id = transactions_.start(delivery, now.mono);
    ++user.in_flight;
    Hop& hop = hops_[hop_slot];
    YoungTimers timers{transactions_};
    hop.young.arm(timers, id.slot, now.mono);
    ++hop.in_window;
    figures_.client_transactions.set(static_cast<std::int64_t>(transactions_.size()));
    figures_.requests_sent.add();
    write(id, out);
  }
  line_up(user_slot);
  leave_if_done(user_slot);
}

void Deliveries::write(tm::ClientTransactionId id, Outbox& out) {
  const Delivery& delivery = transactions_.payload(id);
  const Flow& flow = hops_[delivery.hop].flow;
  ByteBuffer& bytes = out.begin_datagram();
  write_delivery_head(bytes, users_[delivery.user].who->uri(), settings_.via_sent_by[flow.socket],
                      transactions_.codec(), id);
  bytes.append(messages_[delivery.message].text.view());
  out.end_datagram(flow);
}

void Deliveries::on_response(std::string_view branch, std::uint16_t status, const Address& source) {
  const auto id = transactions_.find(branch);
  if (!id) {
    figures_.responses_stray.add();
    return;
  }
  if (hops_[transactions_.payload(*id).hop].flow.peer != source) figures_.responses_moved.add();
  leave_window(id->slot);
  if (status < 200) {
    transactions_.on_provisional(*id);
    return;
  }
  finish(*id, status < 300 ? DeliveryResult::accepted : DeliveryResult::refused);
}

void Deliveries::on_deadline(Instant now, Outbox& out) {
  while (out.datagrams().size() < limits::datagrams_per_turn_max) {
    const auto due = transactions_.next_due(now.mono);
    if (!due) break;
    if (due->timed_out) {
      figures_.timeouts.add();
      finish(due->id, DeliveryResult::timed_out);
    } else {
      figures_.retransmissions_sent.add();
      write(due->id, out);
    }
  }
}

std::optional<MonoTime> Deliveries::next_deadline() const {
  if (out_of_budget_) return MonoTime::min();
  auto first = transactions_.next_deadline();
  YoungTimers timers{transactions_};
  for (const std::uint32_t hop : active_hops_) {
    first = tm::earlier(first, hops_[hop].young.next_deadline(timers));
  }
  return first;
}

void Deliveries::leave_window(std::uint32_t slot) {
  Delivery& delivery = transactions_.payload(slot);
  if (!delivery.in_window) return;
  delivery.in_window = false;
  Hop& hop = hops_[delivery.hop];
  YoungTimers timers{transactions_};
  hop.young.cancel(timers, slot);
  --hop.in_window;
}

void Deliveries::finish(tm::ClientTransactionId id, DeliveryResult result) {
  leave_window(id.slot);
  const Delivery delivery = transactions_.payload(id);
  transactions_.end(id);
  figures_.client_transactions.set(static_cast<std::int64_t>(transactions_.size()));
  settle({delivery.message, delivery.invitation, tm::no_slot}, result);
  --users_[delivery.user].in_flight;
  line_up(delivery.user);
  leave_if_done(delivery.user);
}

Deliveries::QueueNode Deliveries::take_first(User& user) {
  CHECK(user.queued > 0);
  const std::uint32_t slot = user.first;
  const QueueNode node = queue_nodes_[slot];
  user.first = node.next;
  if (user.first == tm::no_slot) user.last = tm::no_slot;
  --user.queued;
  queue_nodes_.give_back(slot);
  figures_.delivery_queue_messages.add(-1);
  return node;
}

void Deliveries::settle(const QueueNode& node, DeliveryResult result) {
  at(figures_.deliveries, result).add();
  messages_.release(node.message);
  if (node.invitation == 0) return;
  (result == DeliveryResult::accepted ? delivered_invitations_ : failed_invitations_)
      .push_back(node.invitation);
}

void Deliveries::leave_if_done(std::uint32_t slot) {
  User& user = users_[slot];
  if (!user.who || user.queued > 0 || user.in_flight > 0 || user.waiting) return;
  user.who->user_slot = Identity::no_user;
  user.who = {};
  users_.give_back(slot);
}

void Deliveries::note_source(Identity& who, const Flow& source) {
  if (settings_.reply_to_source && settings_.outbound_proxies.empty()) sources_.note(who, source);
}

std::vector<InvitationId> Deliveries::take_failed_invitations() {
  return std::exchange(failed_invitations_, {});
}

std::vector<InvitationId> Deliveries::take_delivered_invitations() {
  return std::exchange(delivered_invitations_, {});
}

void Deliveries::drop_queued() {
  draining_ = true;
  for (const std::uint32_t hop_slot : active_hops_) {
    Hop& hop = hops_[hop_slot];
    hop.last_waiting = tm::no_slot;
    for (std::uint32_t slot = std::exchange(hop.first_waiting, tm::no_slot); slot != tm::no_slot;) {
      const std::uint32_t next = users_[slot].next_waiting;
      users_[slot].waiting = false;
      line_up(slot);
      slot = next;
    }
  }
}

}  // namespace imcd::imc
