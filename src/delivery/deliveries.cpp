// Deliveries: the users and their queues.

#include "delivery/deliveries.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace imcd::delivery {

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
      hosts_(branch_key, settings_.ipv4_socket.has_value(), settings_.ipv6_socket.has_value(),
             figures),
      // Not the key of the branches: the order of proxies can be seen.
      proxy_names_(settings_.outbound_proxies,
                   {siphash(branch_key, "proxy"), siphash(branch_key, "names")}, figures),
      proxies_(figures),
      hop_by_flow_(0, FlowHash{branch_key}) {
  use_proxy_addresses(MonoTime{});
}

Deliveries::~Deliveries() {
  users_.for_each([](User& user) {
    if (user.who) user.who->mailbox = Identity::no_mailbox;
  });
}

void Deliveries::enqueue(Identity& who, std::uint32_t message, MonoTime now, WatchToken watch) {
  messages_.acquire(message);
  const QueueNode node{.message = message, .watch = watch};
  const bool has_user = who.mailbox != Identity::no_mailbox;
  if (queue_nodes_.full() || (!has_user && users_.full())) {
    return settle(node, DeliveryResult::dropped);
  }
  const std::uint32_t slot = user_of(who);
  User& user = users_[slot];
  rouse(slot);
  if (!user.presence.is_present()) {
    // Only the newest is tried; what it replaces is missed.
    while (user.queued > 0) miss(user, take_first(user));
  }
  if (messages_[message].kind == SharedMessage::Kind::chat &&
      user.queued >= limits::user_queue_max) {
    miss(user, node);
  } else {
    append(user, node);
  }
  line_up(slot, now);
}

std::uint32_t Deliveries::user_of(Identity& who) {
  if (who.mailbox != Identity::no_mailbox) return who.mailbox;
  const std::uint32_t slot = users_.take();
  users_[slot].who = IdentityRef(identities_, who);
  who.mailbox = slot;
  return slot;
}

void Deliveries::append(User& user, const QueueNode& node) {
  const std::uint32_t slot = queue_nodes_.take();
  QueueNode& last = queue_nodes_[slot];
  last = node;
  last.next = no_slot;
  (user.last == no_slot ? user.first : queue_nodes_[user.last].next) = slot;
  user.last = slot;
  ++user.queued;
}

// At the head again, as it was before it was tried; false when there is no room.
bool Deliveries::put_back(User& user, const QueueNode& node) {
  if (queue_nodes_.full()) return false;
  const std::uint32_t slot = queue_nodes_.take();
  queue_nodes_[slot] = node;
  queue_nodes_[slot].next = user.first;
  user.first = slot;
  if (user.last == no_slot) user.last = slot;
  ++user.queued;
  return true;
}

Deliveries::QueueNode Deliveries::take_first(User& user) {
  CHECK(user.queued > 0);
  const std::uint32_t slot = user.first;
  const QueueNode node = queue_nodes_[slot];
  user.first = node.next;
  if (user.first == no_slot) user.last = no_slot;
  --user.queued;
  queue_nodes_.give_back(slot);
  return node;
}

// The message ends here, one way or the other.
void Deliveries::settle(const QueueNode& node, DeliveryResult result) {
  at(figures_.deliveries, result).add();
  messages_.release(node.message);
  if (node.watch == 0) return;
  ended_watches_.push_back({node.watch, result == DeliveryResult::accepted});
}

// Dropped, and the user will be told how many there were.
void Deliveries::miss(User& user, const QueueNode& node) {
  const SharedMessage& message = messages_[node.message];
  if (message.kind == SharedMessage::Kind::chat && user.missed++ == 0) {
    user.missed_from = message.room_uri;
  }
  settle(node, DeliveryResult::dropped);
}

void Deliveries::give_up(std::uint32_t slot, DeliveryResult result, MonoTime now) {
  User& user = users_[slot];
  while (user.queued > 0) settle(take_first(user), result);
  leave_if_done(slot, now);
}

// What the user waited for is over: it lines up for its next message, or leaves.
void Deliveries::go_on(std::uint32_t slot, MonoTime now) {
  if (users_[slot].queued > 0) line_up(slot, now);
  leave_if_done(slot, now);
}

// A user with nothing pending is forgotten, or rests while its absence is remembered.
void Deliveries::leave_if_done(std::uint32_t slot, MonoTime now) {
  User& user = users_[slot];
  if (!user.who || user.resting || user.queued > 0 || user.in_flight > 0 || user.waiting) return;
  if (user.presence.is_clean() && user.missed == 0) return forget(slot);
  user.resting = true;
  ++resting_;
  remembered_.arm(users_, slot, now);
}

// Out of its rest, if it is in one.
void Deliveries::rouse(std::uint32_t slot) {
  User& user = users_[slot];
  if (!user.resting) return;
  user.resting = false;
  --resting_;
  remembered_.cancel(users_, slot);
}

// Nothing is pending, so all but this is as in a new user already.
void Deliveries::forget(std::uint32_t slot) {
  User& user = users_[slot];
  if (!user.presence.is_present()) figures_.users_away.add(-1);
  user.who->mailbox = Identity::no_mailbox;
  user.who = {};
  user.presence = {};
  user.missed = 0;
  ++user.generation;
  users_.give_back(slot);
}

void Deliveries::on_present(Identity& who, const Flow* source, MonoTime now) {
  if (source != nullptr && settings_.reply_to_source && !has_proxies()) {
    sources_.note(who, *source);
  }
  if (who.mailbox == Identity::no_mailbox) return;
  const std::uint32_t slot = who.mailbox;
  rouse(slot);
  on_answered(slot, now);
  go_on(slot, now);
}

void Deliveries::on_moved(const Identity& who, std::string former_uri) {
  if (who.mailbox == Identity::no_mailbox) return;
  User& user = users_[who.mailbox];
  if (user.in_flight > 0 && user.former_uri.empty()) user.former_uri = std::move(former_uri);
}

std::vector<EndedWatch> Deliveries::take_ended_watches() {
  return std::exchange(ended_watches_, {});
}

std::vector<ReturnedUser> Deliveries::take_returned() { return std::exchange(returned_, {}); }

void Deliveries::drop_queued(MonoTime now) {
  draining_ = true;
  end_waiting_for_names(now);
  for (const std::uint32_t hop : active_hops_) line_up_again(hops_[hop].line, now);
}

}  // namespace imcd::delivery
