#include "delivery/admission.h"

#include <algorithm>

#include "base/limits.h"
#include "base/shares.h"

namespace imcd::delivery {
namespace {

// With its place in the list of free slots.
constexpr std::size_t transaction_bytes = Transactions::record_bytes() + sizeof(std::uint32_t);

}  // namespace

std::size_t Admission::transactions_max(const DeliverySettings& settings) {
  return std::min(limits::client_transactions_max,
                  Shares(settings.memory_max).places(Share::deliveries, transaction_bytes));
}

bool Admission::takes(SharedMessage::Kind kind, OriginToken origin, std::size_t users) const {
  if (messages_.full(kind) || !mailboxes_.has_boxes(users)) return false;
  const Origin& held = messages_.held_by(origin);
  return Origins::may_take(held.bytes, 0, messages_.free_bytes(kind)) &&
         Origins::may_take(held.deliveries, users, mailboxes_.free_places());
}

const WaitingLine* Admission::line_of(OriginToken origin, MonoTime now) const {
  const Flow* const proxy = routes_.proxy(now);
  if (proxy == nullptr) return &routes_.proxy_line();
  const Origin& held = messages_.held_by(origin);
  const auto hop = held.texts > 0 ? hops_.find(*proxy) : std::nullopt;
  return hop ? hops_.find_line(*hop, held.slot) : nullptr;
}

bool Admission::is_congested(OriginToken origin, MonoTime now) const {
  if (!routes_.has_proxies()) return false;
  const WaitingLine* const line = line_of(origin, now);
  return line != nullptr && !line->empty() &&
         now - mailboxes_.waiting_since(*line) > limits::hop_wait_max;
}

void Admission::show_all(MonoTime now) {
  shown_at_ = now;
  const auto show = [this](Share share, std::size_t bytes) {
    figures_.memory_used[share].set(static_cast<std::int64_t>(bytes));
  };
  show(Share::texts, messages_.bytes(SharedMessage::Kind::chat) + messages_.spare_bytes());
  show(Share::notices, messages_.bytes(SharedMessage::Kind::notice));
  show(Share::queues, mailboxes_.queue_bytes());
  show(Share::users, mailboxes_.user_bytes());
  show(Share::deliveries, transactions_.size() * transaction_bytes);
  show(Share::hops, hops_.size() * Hops::hop_bytes);
}

}  // namespace imcd::delivery
