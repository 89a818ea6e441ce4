#include "delivery/mailboxes.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace imcd::delivery {
namespace {

// Delays of users who are back that may lie about, so that few users don't sort them all the time.
constexpr std::size_t delays_kept = 64;
// How many of the longest absent are looked at where one has to be forgotten.
constexpr int absent_tries_max = 16;

}  // namespace

Mailboxes::Mailboxes(const DeliverySettings& settings, IdentityTable& identities,
                     SharedMessages& messages, Figures& figures, std::size_t absent_users_max)
    : identities_(identities),
      messages_(messages),
      figures_(figures),
      boxes_(Shares(settings.memory_max).places(Share::users, box_bytes)),
      nodes_(Shares(settings.memory_max).places(Share::queues, node_bytes)),
      absent_users_max_(absent_users_max) {
  apply(settings);
}

Mailboxes::~Mailboxes() {
  boxes_.for_each([](Mailbox& box) {
    if (box.who) box.who->mailbox = Identity::no_mailbox;
  });
}

std::optional<std::uint32_t> Mailboxes::enqueue(Identity& who, std::uint32_t message,
                                                WatchToken watch) {
  messages_.acquire(message);
  const QueuedMessage queued{.message = message,
                             .watch = watch,
                             .is_notice = messages_[message].kind == SharedMessage::Kind::notice};
  const bool has_mailbox = who.mailbox != Identity::no_mailbox;
  if (nodes_.full() || (!has_mailbox && boxes_.full() && !forget_longest_absent())) {
    end_message(queued, DeliveryResult::dropped);
    return std::nullopt;
  }
  const std::uint32_t slot = has_mailbox ? who.mailbox : open(who);
  Mailbox& box = boxes_[slot];
  rouse(box, slot);
  // Only the newest is tried.
  if (!box.presence.is_present()) {
    while (box.queued > 0) replace(box);
  }
  if (takes(box, queued)) {
    append(box, queued);
  } else {
    miss(box, queued);
  }
  return slot;
}

bool Mailboxes::takes(const Mailbox& box, const QueuedMessage& message) const {
  return message.is_notice ? notice_places(box) > 0 : box.queued < limits::user_queue_max;
}

std::uint32_t Mailboxes::open(Identity& who) {
  const std::uint32_t slot = boxes_.take();
  boxes_[slot].who = IdentityRef(identities_, who);
  who.mailbox = slot;
  return slot;
}

void Mailboxes::append(Mailbox& box, const QueuedMessage& message) {
  const std::uint32_t slot = nodes_.take();
  QueuedMessage& last = nodes_[slot];
  last = message;
  last.next = no_slot;
  (box.last == no_slot ? box.first : nodes_[box.last].next) = slot;
  box.last = slot;
  ++box.queued;
  if (message.is_notice) on_notice_queued(box, message);
}

void Mailboxes::on_notice_queued(Mailbox& box, const QueuedMessage& notice) {
  ++box.notices;
  box.notice_bytes += messages_[notice.message].text.size();
}

void Mailboxes::on_notice_taken(Mailbox& box, const QueuedMessage& notice) {
  --box.notices;
  box.notice_bytes -= messages_[notice.message].text.size();
}

bool Mailboxes::put_back(Mailbox& box, const QueuedMessage& message) {
  if (nodes_.full()) return false;
  const std::uint32_t slot = nodes_.take();
  nodes_[slot] = message;
  nodes_[slot].next = box.first;
  box.first = slot;
  if (box.last == no_slot) box.last = slot;
  ++box.queued;
  if (message.is_notice) on_notice_queued(box, message);
  return true;
}

QueuedMessage Mailboxes::take_first(Mailbox& box) {
  CHECK(box.queued > 0);
  const std::uint32_t slot = box.first;
  const QueuedMessage message = nodes_[slot];
  box.first = message.next;
  if (box.first == no_slot) box.last = no_slot;
  --box.queued;
  if (message.is_notice) on_notice_taken(box, message);
  nodes_.give_back(slot);
  return message;
}

void Mailboxes::end_message(const QueuedMessage& message, DeliveryResult result) {
  at(figures_.deliveries, result).add();
  messages_.release(message.message);
  if (message.watch == 0) return;
  ended_watches_.push_back({message.watch, result == DeliveryResult::accepted});
}

// A newer message takes the place of the first that waits for a user who is away. Notices of those
// hours are old when the user is back.
void Mailboxes::replace(Mailbox& box) {
  const QueuedMessage first = take_first(box);
  if (first.is_notice) return end_message(first, DeliveryResult::dropped);
  miss(box, first);
}

// Dropped, and the user will be told how many there were.
void Mailboxes::miss(Mailbox& box, const QueuedMessage& message) {
  if (box.missed++ == 0) box.missed_from = messages_[message.message].room_uri;
  end_message(message, DeliveryResult::dropped);
}

void Mailboxes::end_queue(std::uint32_t slot, DeliveryResult result, MonoTime now) {
  Mailbox& box = boxes_[slot];
  while (box.queued > 0) end_message(take_first(box), result);
  close_if_done(slot, now);
}

void Mailboxes::close_if_done(std::uint32_t slot, MonoTime now) {
  Mailbox& box = boxes_[slot];
  if (box.queued > 0 || box.in_flight > 0 || box.waiting || box.resting || !box.who) return;
  if (box.presence.is_clean() && box.missed == 0) return forget(slot);
  begin_absence(slot);
  box.resting = true;
  ++resting_;
  remembered_.arm(boxes_, slot, now);
}

// Out of its rest, if it is in one.
void Mailboxes::rouse(Mailbox& box, std::uint32_t slot) {
  if (!box.resting) return;
  box.resting = false;
  --resting_;
  remembered_.cancel(boxes_, slot);
}

// Nothing is pending, so all but this is as in a new mailbox already.
void Mailboxes::forget(std::uint32_t slot) {
  Mailbox& box = boxes_[slot];
  end_absence(slot);
  if (!box.presence.is_present()) figures_.users_away.add(-1);
  box.who->mailbox = Identity::no_mailbox;
  box.who = {};
  box.presence = {};
  end_sparing(box);
  box.missed = 0;
  ++box.generation;
  boxes_.give_back(slot);
}

void Mailboxes::on_moved(const Identity& who, std::string former_uri) {
  if (who.mailbox == Identity::no_mailbox) return;
  Mailbox& box = boxes_[who.mailbox];
  if (box.in_flight > 0 && box.former_uri.empty()) box.former_uri = std::move(former_uri);
}

void Mailboxes::on_present(std::uint32_t slot) {
  Mailbox& box = boxes_[slot];
  rouse(box, slot);
  if (!box.presence.is_present()) figures_.users_away.add(-1);
  box.presence.on_answered();
  // The word about it takes a place too.
  if (box.missed > 0 && notice_places(box) == 0) return;
  end_absence(slot);
  if (box.missed == 0) return;
  returned_.push_back({box.who, box.missed, box.missed_from});
  box.missed = 0;
}

void Mailboxes::on_timeout(std::uint32_t slot, MonoTime now) {
  begin_absence(slot);
  Presence& presence = boxes_[slot].presence;
  const bool was_present = presence.is_present();
  if (presence.on_timeout(now)) on_away(slot, was_present);
}

void Mailboxes::on_unavailable(std::uint32_t slot, std::optional<Duration> retry_after,
                               MonoTime now) {
  begin_absence(slot);
  Presence& presence = boxes_[slot].presence;
  const bool was_present = presence.is_present();
  presence.on_unavailable(now, retry_after);
  on_away(slot, was_present);
}

// Of what waits, only the newest is kept, to be tried when the delay is over.
void Mailboxes::on_away(std::uint32_t slot, bool was_present) {
  Mailbox& box = boxes_[slot];
  if (was_present) figures_.users_away.add(1);
  while (box.queued > 1) replace(box);
  delay(slot, box.presence.away_until());
}

void Mailboxes::spare(std::uint32_t slot, MonoTime until) {
  Mailbox& box = boxes_[slot];
  if (box.spared_until == MonoTime{}) ++spared_;
  box.spared_until = until;
  delay(slot, until);
}

void Mailboxes::delay(std::uint32_t slot, MonoTime until) {
  delays_.push_back({until, slot, boxes_[slot].generation});
  std::ranges::push_heap(delays_, std::greater<>());
  // Who comes and goes leaves a delay behind each time.
  if (delays_.size() <= 2 * (absent_ + spared_) + delays_kept) return;
  std::erase_if(delays_, [this](const Delay& entry) { return is_over(entry); });
  std::ranges::make_heap(delays_, std::greater<>());
}

// The user came back meanwhile, or was forgotten.
bool Mailboxes::is_over(const Delay& entry) const {
  const Mailbox& box = boxes_[entry.box];
  return box.generation != entry.generation ||
         (box.presence.away_until() != entry.at && box.spared_until != entry.at);
}

// Timeouts, absence or missed messages of the user are remembered from now on.
void Mailboxes::begin_absence(std::uint32_t slot) {
  Mailbox& box = boxes_[slot];
  if (box.is_absent) return;
  if (absent_ >= absent_users_max_) forget_longest_absent();
  box.is_absent = true;
  ++absent_;
  Absences absences{boxes_};
  longest_absent_.arm(absences, slot, MonoTime{});
}

void Mailboxes::end_absence(std::uint32_t slot) {
  Mailbox& box = boxes_[slot];
  if (!box.is_absent) return;
  box.is_absent = false;
  --absent_;
  Absences absences{boxes_};
  longest_absent_.cancel(absences, slot);
}

// Who is being tried right now is passed over, and the last to be forgotten from then on.
bool Mailboxes::forget_longest_absent() {
  Absences absences{boxes_};
  for (int tries = 0; tries < absent_tries_max; ++tries) {
    const auto slot = longest_absent_.pop_due(absences, MonoTime::max());
    if (!slot) return false;
    longest_absent_.arm(absences, *slot, MonoTime{});
    Mailbox& box = boxes_[*slot];
    if (box.in_flight > 0 || box.waiting) continue;
    while (box.queued > 0) end_message(take_first(box), DeliveryResult::dropped);
    rouse(box, *slot);
    forget(*slot);
    figures_.users_forgotten.add();
    return true;
  }
  return false;
}

std::optional<std::uint32_t> Mailboxes::next_probe(MonoTime now) {
  while (!delays_.empty() && delays_.front().at <= now) {
    const Delay entry = delays_.front();
    std::ranges::pop_heap(delays_, std::greater<>());
    delays_.pop_back();
    if (is_over(entry)) continue;
    Mailbox& box = boxes_[entry.box];
    if (box.spared_until == entry.at) end_sparing(box);
    if (box.presence.away_until() == entry.at) box.presence.on_deadline();
    return entry.box;
  }
  return std::nullopt;
}

void Mailboxes::end_sparing(Mailbox& box) {
  if (box.spared_until == MonoTime{}) return;
  box.spared_until = {};
  --spared_;
}

void Mailboxes::forget_rested(MonoTime now) {
  while (const auto slot = remembered_.pop_due(boxes_, now)) {
    boxes_[*slot].resting = false;
    --resting_;
    forget(*slot);
  }
}

std::optional<MonoTime> Mailboxes::next_deadline() const {
  const auto rested = remembered_.next_deadline(boxes_);
  return delays_.empty() ? rested : earlier(rested, delays_.front().at);
}

}  // namespace imcd::delivery
