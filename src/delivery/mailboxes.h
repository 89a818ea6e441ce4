// Mailboxes: what waits for each user, and whether somebody is there to take it. A mailbox exists
// while something is pending for its user, and rests while the user's absence is remembered:
//
//   enqueue ──▶ pending ──nothing left, nothing bad remembered──▶ gone
//                │   ▲                                             ▲
//                │   └─enqueue, a word of the user──┐              │
//                └──nothing left──▶ resting ────────┴─away_remembered
//
// Each message that was enqueued ends here once, by end_message(): it is counted by its result, its
// text is given back, and a watched one is told. Of who is away only the newest message is kept.
// Chat and notices for one user have a bound each; what is beyond is missed, and told on return.
//
// Who may send waits in a line, that of a hop or of a name; the lines belong to others, their links
// are in the mailboxes. Where messages go, and what is under way, is not known here.
//
// Of so many users at most absence is remembered, be they resting or not; who is absent longest is
// forgotten first, with the message that was kept, and finds a new mailbox as anybody else.
//
// Timers: the delays of who is away or said 503 (a heap, as they vary); how long absence is
// remembered. Cost: all steps O(1), the delays O(log n); nothing is allocated once the pools have
// grown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/figures.h"
#include "base/limits.h"
#include "base/settings.h"
#include "base/shares.h"
#include "base/slot_pool.h"
#include "base/time.h"
#include "base/timer_lane.h"
#include "delivery/mailbox.h"
#include "delivery/shared_message.h"
#include "identity/identity.h"

namespace imcd::delivery {

// What became of a watched delivery.
struct EndedWatch {
  WatchToken token = 0;
  bool arrived = false;
};
// Who is back and missed something.
struct ReturnedUser {
  IdentityRef who;
  std::uint32_t missed = 0;
  std::string room_uri;  // Where the first of it came from.
};

class Mailboxes {
 public:
  Mailboxes(const DeliverySettings& settings, IdentityTable& identities, SharedMessages& messages,
            Figures& figures, std::size_t absent_users_max = limits::absent_users_max);
  ~Mailboxes();
  Mailboxes(const Mailboxes&) = delete;
  Mailboxes& operator=(const Mailboxes&) = delete;
  void apply(const DeliverySettings& settings) { delivery_window_ = settings.delivery_window; }

  Mailbox& operator[](std::uint32_t slot) { return boxes_[slot]; }
  const Mailbox& operator[](std::uint32_t slot) const { return boxes_[slot]; }

  // --- Queues

  // Puts the message at the end of the user's queue, with a reference of its own. The mailbox, or
  // nothing where there is no place for it.
  std::optional<std::uint32_t> enqueue(Identity& who, std::uint32_t message, WatchToken watch);
  // How many notices may still wait for the user.
  [[nodiscard]] std::uint32_t notice_places(const Identity& who) const {
    return who.mailbox == Identity::no_mailbox ? limits::user_notices_max
                                               : notice_places(boxes_[who.mailbox]);
  }
  // Places for messages that nobody has, and whether so many users would each find one.
  [[nodiscard]] std::size_t free_places() const { return nodes_.free(); }
  [[nodiscard]] bool has_boxes(std::size_t users) const {
    return users <= boxes_.free() + resting_;
  }
  // Users that there can be.
  [[nodiscard]] std::size_t users_max() const { return boxes_.in_use() + boxes_.free(); }
  // The head of the queue, which must not be empty.
  [[nodiscard]] const QueuedMessage& first(const Mailbox& box) const { return nodes_[box.first]; }
  [[nodiscard]] const SharedMessage& first_text(const Mailbox& box) const {
    return messages_[first(box).message];
  }
  QueuedMessage take_first(Mailbox& box);
  // At the head again, as it was before it was tried; false when there is no place.
  bool put_back(Mailbox& box, const QueuedMessage& message);
  // A watched message for which there was no place anywhere.
  void fail(WatchToken watch) { ended_watches_.push_back({watch, false}); }
  // The message ends here, one way or the other.
  void end_message(const QueuedMessage& message, DeliveryResult result);
  // All that waits for the user ends.
  void end_queue(std::uint32_t slot, DeliveryResult result, MonoTime now);
  // A mailbox with nothing pending goes, or rests while the user's absence is remembered.
  void close_if_done(std::uint32_t slot, MonoTime now);

  // --- What is under way

  // Whether the next message may go out, or wait for that in a line.
  [[nodiscard]] bool may_send(const Mailbox& box) const {
    return !box.waiting && box.queued > 0 && box.in_flight < delivery_window_ &&
           box.former_uri.empty() && box.presence.state() != Presence::State::away &&
           box.spared_until == MonoTime{};
  }
  static void on_sent(Mailbox& box) { ++box.in_flight; }
  static void on_ended(Mailbox& box) {
    if (--box.in_flight == 0) box.former_uri.clear();
  }
  // The user's URI is another one from now on.
  void on_moved(const Identity& who, std::string former_uri);
  // Where what is under way, and then what comes next, is sent to.
  [[nodiscard]] static std::string_view uri(const Mailbox& box) {
    return box.former_uri.empty() ? box.who->uri() : std::string_view(box.former_uri);
  }

  // --- Lines

  void join(WaitingLine& line, std::uint32_t slot, MonoTime now) {
    Mailbox& box = boxes_[slot];
    box.waiting = true;
    box.waiting_since = now;
    box.next_waiting = no_slot;
    (line.empty() ? line.first : boxes_[line.last].next_waiting) = slot;
    line.last = slot;
    ++line.users;
  }
  // The line must not be empty.
  std::uint32_t leave_first(WaitingLine& line) {
    const std::uint32_t slot = line.first;
    line.first = boxes_[slot].next_waiting;
    boxes_[slot].waiting = false;
    --line.users;
    return slot;
  }
  [[nodiscard]] MonoTime waiting_since(const WaitingLine& line) const {
    return boxes_[line.first].waiting_since;
  }

  // --- Presence

  // Somebody is there: a delivery was accepted, or the user said something.
  void on_present(std::uint32_t slot);
  void on_timeout(std::uint32_t slot, MonoTime now);
  // The peer says that nobody is there; `retry_after` is its own guess.
  void on_unavailable(std::uint32_t slot, std::optional<Duration> retry_after, MonoTime now);
  // Nothing is sent to the user before that.
  void spare(std::uint32_t slot, MonoTime until);
  // A user whose delay is over, so that a message may be tried; called until it gives nothing.
  std::optional<std::uint32_t> next_probe(MonoTime now);
  // Absence that was remembered long enough is forgotten.
  void forget_rested(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  // --- News

  [[nodiscard]] bool has_news() const { return !ended_watches_.empty() || !returned_.empty(); }
  std::vector<EndedWatch> take_ended_watches() { return std::exchange(ended_watches_, {}); }
  std::vector<ReturnedUser> take_returned() { return std::exchange(returned_, {}); }

  // Of the shares of queues and users.
  [[nodiscard]] std::size_t queue_bytes() const { return nodes_.in_use() * node_bytes; }
  [[nodiscard]] std::size_t user_bytes() const { return boxes_.in_use() * box_bytes; }

  [[nodiscard]] std::size_t queued() const { return nodes_.in_use(); }
  [[nodiscard]] std::size_t queued_for(const Identity& who) const {
    return who.mailbox == Identity::no_mailbox ? 0 : boxes_[who.mailbox].queued;
  }
  // Users with something queued or under way.
  [[nodiscard]] std::size_t pending() const { return boxes_.in_use() - resting_; }
  // Users of whom only their absence is remembered.
  [[nodiscard]] std::size_t resting() const { return resting_; }
  // Users of whom absence is remembered, and the delays of those who are away.
  [[nodiscard]] std::size_t absent() const { return absent_; }
  [[nodiscard]] std::size_t delays() const { return delays_.size(); }

 private:
  struct Boxes : SlotPool<Mailbox> {
    using SlotPool::SlotPool;
    TimerNode& timer(std::uint32_t slot) { return (*this)[slot].rest; }
  };
  struct Absences {
    Boxes& boxes;
    TimerNode& timer(std::uint32_t slot) { return boxes[slot].absence; }
  };
  // With their places in the list of free slots; a mailbox also in the heap of delays, and with the
  // address that it remembers.
  static constexpr std::size_t node_bytes = sizeof(QueuedMessage) + sizeof(std::uint32_t);
  static constexpr std::size_t box_bytes = sizeof(Mailbox) + sizeof(std::uint32_t) + 48;

  // When a user's delay is over. One whose mailbox has moved on since is passed over.
  struct Delay {
    MonoTime at;
    std::uint32_t box;
    std::uint32_t generation;
    bool operator>(const Delay& other) const { return at > other.at; }
  };

  static_assert(sizeof(Mailbox) + 2 * sizeof(Delay) + sizeof(QueuedMessage) +
                    limits::room_uri_bytes_max + 1 <=
                limits::absent_user_bytes_max);

  std::uint32_t open(Identity& who);
  [[nodiscard]] static std::uint32_t notice_places(const Mailbox& box) {
    if (box.notice_bytes >= limits::user_notice_bytes_max) return 0;
    return limits::user_notices_max - box.notices;
  }
  [[nodiscard]] bool takes(const Mailbox& box, const QueuedMessage& message) const;
  void append(Mailbox& box, const QueuedMessage& message);
  void on_notice_queued(Mailbox& box, const QueuedMessage& notice);
  void on_notice_taken(Mailbox& box, const QueuedMessage& notice);
  void replace(Mailbox& box);
  void miss(Mailbox& box, const QueuedMessage& message);
  void rouse(Mailbox& box, std::uint32_t slot);
  void on_away(std::uint32_t slot, bool was_present);
  [[nodiscard]] bool is_over(const Delay& entry) const;
  void begin_absence(std::uint32_t slot);
  void end_absence(std::uint32_t slot);
  bool forget_longest_absent();
  void delay(std::uint32_t slot, MonoTime until);
  void end_sparing(Mailbox& box);
  void forget(std::uint32_t slot);

  std::uint32_t delivery_window_ = 0;  // Messages under way to one user at a time.
  IdentityTable& identities_;
  SharedMessages& messages_;
  Figures& figures_;
  mutable Boxes boxes_;
  SlotPool<QueuedMessage, 4096> nodes_;
  std::vector<Delay> delays_;  // A heap, the earliest on top.
  TimerLane remembered_{limits::away_remembered};
  std::size_t resting_ = 0;
  TimerLane longest_absent_{Duration::zero()};  // Only its order counts: by the beginning.
  std::size_t absent_ = 0;
  std::size_t spared_ = 0;  // Users who said 503.
  std::size_t absent_users_max_;
  std::vector<EndedWatch> ended_watches_;
  std::vector<ReturnedUser> returned_;
};

}  // namespace imcd::delivery
