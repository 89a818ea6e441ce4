// Origins: where messages come from, as far as shares go: each room is one, and what is said to
// single users comes from a common one. An origin is known while a text of it is there, with what
// it holds of what all share: bytes of texts, and deliveries that wait or are under way.
//
// What one may hold follows from what is left (Choudhury and Hahne, "Dynamic queue length
// thresholds", 1998): never more than is free. So one that is alone gets half, n that are greedy
// get 1/(n+1) each, and there is always a place for one that comes anew. Nothing has to be known of
// who else wants something. One that holds nothing gets all that is free, so that the largest room
// can speak.
//
// Slots never move; they name an origin to others, who may keep one for longer than the origin is
// there: it then names another one or none, which costs fairness for a moment and nothing else.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/slot_index.h"
#include "base/slot_pool.h"
#include "base/timer_lane.h"

namespace imcd::delivery {

// By which the caller knows a room; 0: none, the common one.
using OriginToken = std::uint64_t;

struct Origin {
  OriginToken token = 0;
  std::uint32_t slot = 0;
  std::uint32_t texts = 0;
  std::size_t bytes = 0;
  std::size_t deliveries = 0;
};

class Origins {
 public:
  // There are never more than texts.
  explicit Origins(std::size_t texts_max)
      : origins_(texts_max), by_token_(std::bit_ceil(texts_max)) {}

  [[nodiscard]] std::size_t size() const { return origins_.in_use(); }

  // It has one more text from now on.
  Origin& open(OriginToken token) {
    Origin* origin = find(token);
    if (origin == nullptr) {
      const std::uint32_t slot = origins_.take();
      origin = &origins_[slot];
      *origin = {.token = token, .slot = slot};
      by_token_.insert(hash(token), slot);
    }
    ++origin->texts;
    return *origin;
  }
  // It has one text less.
  void close(Origin& origin) {
    if (--origin.texts > 0) return;
    by_token_.erase(origin.slot, [this](std::uint32_t slot) { return hash(origins_[slot].token); });
    origins_.give_back(origin.slot);
  }

  // Null: nothing of it is there.
  [[nodiscard]] const Origin* find(OriginToken token) const {
    const std::uint32_t slot = find_slot(token);
    return slot == no_slot ? nullptr : &origins_[slot];
  }

  // Whether one that holds so much may have more, where so much is free.
  static bool may_take(std::size_t held, std::size_t more, std::size_t free) {
    return more <= free && (held == 0 || held + more <= free);
  }

 private:
  Origin* find(OriginToken token) {
    const std::uint32_t slot = find_slot(token);
    return slot == no_slot ? nullptr : &origins_[slot];
  }
  [[nodiscard]] std::uint32_t find_slot(OriginToken token) const {
    return by_token_.find(hash(token),
                          [&](std::uint32_t slot) { return origins_[slot].token == token; });
  }
  // Tokens are ours, not a peer's: they only have to be spread.
  static std::uint64_t hash(OriginToken token) { return token * 0x9e3779b97f4a7c15ULL >> 20; }

  SlotPool<Origin, 64> origins_;
  SlotIndex by_token_;
};

}  // namespace imcd::delivery
