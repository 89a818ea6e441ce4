// TimerLane: timers of one fixed duration, as data. Because time only goes forward, whoever is
// armed later is due later: a doubly linked FIFO in arming order is a sorted list, so arm and
// cancel are O(1) and the head is the next deadline. The links are indices into the pool that owns
// the timed objects; nothing is allocated.
#pragma once

#include <cstdint>
#include <optional>

#include "base/check.h"
#include "base/time.h"

namespace imcd {

constexpr std::uint32_t no_slot = 0xffffffff;

// Embedded in each timed object.
struct TimerNode {
  MonoTime deadline{};
  std::uint32_t previous = no_slot;
  std::uint32_t next = no_slot;
};

// `Pool` gives the node of a slot by `TimerNode& timer(std::uint32_t slot)`.
class TimerLane {
 public:
  explicit constexpr TimerLane(Duration duration) : duration_(duration) {}

  template <class Pool>
  void arm(Pool& pool, std::uint32_t slot, MonoTime now) {
    TimerNode& node = pool.timer(slot);
    node.deadline = now + duration_;
    node.previous = tail_;
    node.next = no_slot;
    if (tail_ == no_slot) {
      head_ = slot;
    } else {
      TimerNode& before = pool.timer(tail_);
      CHECK(before.deadline <= node.deadline);
      before.next = slot;
    }
    tail_ = slot;
  }

  // The slot must be armed in this lane.
  template <class Pool>
  void cancel(Pool& pool, std::uint32_t slot) {
    TimerNode& node = pool.timer(slot);
    (node.previous == no_slot ? head_ : pool.timer(node.previous).next) = node.next;
    (node.next == no_slot ? tail_ : pool.timer(node.next).previous) = node.previous;
    node.previous = node.next = no_slot;
  }

  [[nodiscard]] bool empty() const { return head_ == no_slot; }

  template <class Pool>
  [[nodiscard]] std::optional<MonoTime> next_deadline(Pool& pool) const {
    if (head_ == no_slot) return std::nullopt;
    return pool.timer(head_).deadline;
  }

  // Takes the head out of the lane when it is due.
  template <class Pool>
  std::optional<std::uint32_t> pop_due(Pool& pool, MonoTime now) {
    if (head_ == no_slot || pool.timer(head_).deadline > now) return std::nullopt;
    const std::uint32_t slot = head_;
    cancel(pool, slot);
    return slot;
  }

 private:
  Duration duration_;
  std::uint32_t head_ = no_slot;
  std::uint32_t tail_ = no_slot;
};

// The earlier of two deadlines, either of which may be missing.
inline std::optional<MonoTime> earlier(std::optional<MonoTime> a, std::optional<MonoTime> b) {
  if (!a) return b;
  if (!b) return a;
  return *a < *b ? a : b;
}

}  // namespace imcd
