// Deliveries: answers, timers, and what they say about users and hops.

#include <algorithm>
#include <functional>

#include "base/check.h"
#include "base/limits.h"
#include "delivery/deliveries.h"

namespace imcd::delivery {
namespace {

std::uint32_t whole_seconds(MonoTime at) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
}

// Nobody is there, as opposed to busy or unwilling: 404, 410, 480.
bool says_unavailable(std::uint16_t status) {
  return status == 404 || status == 410 || status == 480;
}

}  // namespace

void Deliveries::on_response(const Response& response, MonoTime now) {
  // RFC 3261 17.1.3: the CSeq method must match too.
  if (response.is_to_options) {
    const auto question = transactions_.codec().read_branch(response.branch);
    if (!question || !proxies_.on_response(*question)) figures_.responses_stray.add();
    return;
  }
  const auto own = transactions_.find(response.branch);
  if (!own) return figures_.responses_stray.add();
  Hop& hop = hops_[transactions_.payload(*own).hop];
  if (hop.flow.peer != response.source) figures_.responses_moved.add();
  hop.link.on_answer();
  if (response.status < 200) {
    leave_window(own->slot);
    transactions_.on_provisional(*own);
  } else {
    on_final(*own, response, now);
  }
}

void Deliveries::on_final(tm::ClientTransactionId id, const Response& response, MonoTime now) {
  const Delivery delivery = end(id);
  const std::uint32_t slot = delivery.user;
  User& user = users_[slot];
  if (response.status == 503 && try_again(delivery, response, now)) {
    figures_.deliveries_retried.add();
  } else if (response.status < 300) {
    settle(delivery.node, DeliveryResult::accepted);
    user.who->answered_s = whole_seconds(now);
    on_answered(slot, now);
  } else {
    settle(delivery.node, DeliveryResult::refused);
    if (says_unavailable(response.status)) {
      const bool was_present = user.presence.is_present();
      std::optional<Duration> retry_after;
      if (response.retry_after_s) retry_after = std::chrono::seconds(*response.retry_after_s);
      user.presence.on_unavailable(now, retry_after);
      on_away(slot, was_present);
    }
  }
  go_on(slot, now);
}

void Deliveries::on_timeout(tm::ClientTransactionId id, MonoTime now) {
  figures_.timeouts.add();
  const Delivery delivery = end(id);
  settle(delivery.node, DeliveryResult::timed_out);
  User& user = users_[delivery.user];
  const bool was_present = user.presence.is_present();
  if (user.presence.on_timeout(now)) on_away(delivery.user, was_present);
  go_on(delivery.user, now);
}

Deliveries::Delivery Deliveries::end(tm::ClientTransactionId id) {
  leave_window(id.slot);
  const Delivery delivery = transactions_.payload(id);
  transactions_.end(id);
  --hops_[delivery.hop].in_flight;
  User& user = users_[delivery.user];
  if (--user.in_flight == 0) user.former_uri.clear();
  return delivery;
}

// RFC 3261 21.5.4: a 503 was not executed, so the message may be sent again: elsewhere where there
// is another proxy, here after the Retry-After. Without either it is a refusal like any other.
bool Deliveries::try_again(const Delivery& delivery, const Response& response, MonoTime now) {
  const bool elsewhere = proxies_.size() > 1;
  if (!elsewhere && !response.retry_after_s) return false;
  const Duration pause = std::min<Duration>(
      std::chrono::seconds(response.retry_after_s.value_or(1)), limits::hop_pause_longest);
  Hop& hop = hops_[delivery.hop];
  hop.paused_until = now + pause;
  proxies_.spare(hop.flow, now + pause);
  QueueNode node = delivery.node;
  if (draining_ || ++node.tries >= limits::delivery_tries_max) return false;
  return put_back(users_[delivery.user], node);
}

void Deliveries::on_answered(std::uint32_t slot, MonoTime) {
  User& user = users_[slot];
  if (!user.presence.is_present()) figures_.users_away.add(-1);
  user.presence.on_answered();
  if (user.missed == 0) return;
  returned_.push_back({user.who, user.missed, user.missed_from});
  user.missed = 0;
}

// Of what waits, only the newest is kept, to be tried when the delay is over.
void Deliveries::on_away(std::uint32_t slot, bool was_present) {
  User& user = users_[slot];
  if (was_present) figures_.users_away.add(1);
  while (user.queued > 1) miss(user, take_first(user));
  away_.push_back({user.presence.away_until(), slot, user.generation});
  std::ranges::push_heap(away_, std::greater<>());
}

void Deliveries::wake_away_users(MonoTime now) {
  while (!away_.empty() && away_.front().at <= now) {
    const AwayUntil entry = away_.front();
    std::ranges::pop_heap(away_, std::greater<>());
    away_.pop_back();
    User& user = users_[entry.user];
    if (user.generation != entry.generation || user.presence.away_until() != entry.at) continue;
    user.presence.on_deadline();
    line_up(entry.user, now);
  }
}

void Deliveries::retransmit(tm::ClientTransactionId id, MonoTime now, Outbox& out) {
  Delivery& delivery = transactions_.payload(id);
  const std::uint32_t answered = users_[delivery.user].who->answered_s;
  if (!delivery.was_repeated && answered != 0 &&
      whole_seconds(now) - answered <= limits::user_lively_s) {
    hops_[delivery.hop].pace.on_lost(now);
  }
  delivery.was_repeated = true;
  figures_.retransmissions_sent.add();
  write(id, out);
}

void Deliveries::on_deadline(Instant now, Outbox& out) {
  keep_names(now.mono, out);
  wake_away_users(now.mono);
  while (const auto slot = remembered_.pop_due(users_, now.mono)) {
    users_[*slot].resting = false;
    --resting_;
    forget(*slot);
  }
  keep_links(now.mono, out);
  proxies_.on_deadline(now.mono, transactions_.codec(), settings_.via_sent_by, out);
  while (out.datagrams().size() < limits::datagrams_per_turn_max) {
    const auto due = transactions_.next_due(now.mono);
    if (!due) break;
    if (due->timed_out) {
      on_timeout(due->id, now.mono);
    } else {
      retransmit(due->id, now.mono, out);
    }
  }
}

std::optional<MonoTime> Deliveries::next_deadline() const {
  if (out_of_budget_) return MonoTime::min();
  auto first = earlier(transactions_.next_deadline(), proxies_.next_deadline());
  first = earlier(first, next_link_deadline());
  first = earlier(first, remembered_.next_deadline(users_));
  first = earlier(first, hosts_.next_deadline());
  first = earlier(first, proxy_names_.next_deadline());
  if (!away_.empty()) first = earlier(first, away_.front().at);
  SentTimers timers{transactions_};
  for (const std::uint32_t slot : active_hops_) {
    const Hop& hop = hops_[slot];
    if (hop.paused_until) {
      first = earlier(first, hop.paused_until);
    } else if (const auto sent = hop.sent.next_deadline(timers)) {
      first = earlier(first, *sent + hop.pace.current());
    }
  }
  return first;
}

}  // namespace imcd::delivery
