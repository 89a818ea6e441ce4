// HopLines: who waits for a next hop. Each hop has a ring of lines, one for each origin of what the
// users in it wait with, which take turns by bytes (deficit round robin, Shreedhar and Varghese
// 1995): a text to 100,000 members of one room delays another room's by one turn of a few
// milliseconds.
//
//   ring of a hop:  ──▶ room A: u1 u2 u3 ... ──▶ room B: u7 ──▶ common: u9 u4 ──▶ (A again)
//                         current: served until its credit is spent, or it is empty
//
// A user stands in one line at most, in that of the message at the head of his queue when he came.
// Lines exist while somebody is in them. All steps are O(1); the usual one finds the line that was
// joined last.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/slot_index.h"
#include "base/slot_pool.h"
#include "delivery/mailbox.h"

namespace imcd::delivery {

// The lines of one hop.
struct HopRing {
  std::uint32_t last = no_slot;  // What follows it is current.
  [[nodiscard]] bool empty() const { return last == no_slot; }
};

class HopLines {
 public:
  // There are never more lines than users who wait.
  explicit HopLines(std::size_t users_max)
      : lines_(users_max), by_origin_(std::bit_ceil(users_max)) {}

  // The line of this origin, which somebody joins now.
  WaitingLine& open(HopRing& ring, std::uint32_t hop, std::uint32_t origin) {
    if (last_ != no_slot && lines_[last_].is(hop, origin)) return lines_[last_].users;
    const std::uint32_t found = find_slot(hop, origin);
    last_ = found != no_slot ? found : append(ring, hop, origin);
    return lines_[last_].users;
  }
  // Null: nobody waits there with a message of this origin.
  [[nodiscard]] const WaitingLine* find(std::uint32_t hop, std::uint32_t origin) const {
    const std::uint32_t slot = find_slot(hop, origin);
    return slot == no_slot ? nullptr : &lines_[slot].users;
  }

  // The line whose turn it is. The ring must not be empty.
  WaitingLine& current(const HopRing& ring) { return lines_[lines_[ring.last].next].users; }
  // Somebody has left the current line, with so many bytes.
  void charge(HopRing& ring, std::size_t bytes) {
    const std::uint32_t slot = lines_[ring.last].next;
    Line& line = lines_[slot];
    if (line.users.empty()) {
      close(ring, slot);
    } else {
      line.credit -= static_cast<std::int64_t>(bytes);
      if (line.credit > 0) return;
      ring.last = slot;
    }
    if (!ring.empty()) pass_on_turn(ring);
  }

  [[nodiscard]] std::size_t size() const { return lines_.in_use(); }

 private:
  // About sixteen deliveries of usual length: long enough for a run that the kernel takes at once.
  static constexpr std::int64_t turn_bytes = 8192;

  struct Line {
    WaitingLine users;
    std::uint32_t hop = no_slot;  // no_slot: free.
    std::uint32_t origin = 0;
    std::uint32_t next = no_slot;
    std::int64_t credit = 0;
    [[nodiscard]] bool is(std::uint32_t other_hop, std::uint32_t other_origin) const {
      return hop == other_hop && origin == other_origin;
    }
  };

  // Both are numbers of ours, not a peer's: they only have to be spread.
  static std::uint64_t hash(std::uint32_t hop, std::uint32_t origin) {
    return (static_cast<std::uint64_t>(hop) << 32 | origin) * 0x9e3779b97f4a7c15ULL >> 20;
  }
  [[nodiscard]] std::uint32_t find_slot(std::uint32_t hop, std::uint32_t origin) const {
    return by_origin_.find(hash(hop, origin),
                           [&](std::uint32_t slot) { return lines_[slot].is(hop, origin); });
  }
  std::uint32_t append(HopRing& ring, std::uint32_t hop, std::uint32_t origin) {
    const std::uint32_t slot = lines_.take();
    Line& line = lines_[slot];
    line = {.users = {}, .hop = hop, .origin = origin, .next = slot, .credit = turn_bytes};
    if (!ring.empty()) {
      line.next = lines_[ring.last].next;
      lines_[ring.last].next = slot;
    }
    ring.last = slot;
    by_origin_.insert(hash(hop, origin), slot);
    return slot;
  }
  // The next one gets its turn's bytes; who had more than a turn's is passed over until that is
  // made up for. As each step is for bytes that were sent, it costs nothing in the long run.
  void pass_on_turn(HopRing& ring) {
    for (;;) {
      Line& next = lines_[lines_[ring.last].next];
      if (next.credit <= 0) next.credit += turn_bytes;
      if (next.credit > 0) return;
      ring.last = lines_[ring.last].next;
    }
  }
  // It is the current one.
  void close(HopRing& ring, std::uint32_t slot) {
    Line& line = lines_[slot];
    lines_[ring.last].next = line.next;
    if (ring.last == slot) ring.last = no_slot;
    by_origin_.erase(slot, [this](std::uint32_t other) {
      return hash(lines_[other].hop, lines_[other].origin);
    });
    line.hop = no_slot;
    lines_.give_back(slot);
  }

  SlotPool<Line, 64> lines_;
  SlotIndex by_origin_;
  std::uint32_t last_ = no_slot;  // The one joined last.
};

}  // namespace imcd::delivery
