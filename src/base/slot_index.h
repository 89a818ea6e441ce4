// SlotIndex: finds pool slots by a 64-bit hash. Open addressing with backward-shift deletion; the
// size is fixed, so no growth ever stalls the loop, and the memory comes from calloc, so that pages
// never used are never touched. Hashes are keyed (SipHash): a peer cannot aim at a bucket.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "base/check.h"
#include "base/timer_lane.h"

namespace imcd {

class SlotIndex {
 public:
  // At most `entries_max` entries, a power of two; half of the index stays empty.
  explicit SlotIndex(std::size_t entries_max) : mask_(entries_max * 2 - 1) {
    CHECK(std::has_single_bit(entries_max));
    slots_.reset(static_cast<std::uint32_t*>(std::calloc(entries_max * 2, sizeof(std::uint32_t))));
    if (!slots_) throw std::bad_alloc();
  }

  // The first slot of this hash for which matches(slot) is true, else no_slot.
  template <class Matches>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Matches&& matches) const {
    for (std::size_t at = hash & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
      if (matches(slots_[at] - 1)) return slots_[at] - 1;
    }
    return no_slot;
  }

  void insert(std::uint64_t hash, std::uint32_t slot) {
    std::size_t at = hash & mask_;
    while (slots_[at] != 0) at = (at + 1) & mask_;
    slots_[at] = slot + 1;
  }

  // The slot must be there. `hash_of(slot)` gives the hash of any slot in the index.
  template <class HashOf>
  void erase(std::uint32_t slot, HashOf&& hash_of) {
    std::size_t hole = hash_of(slot) & mask_;
    while (slots_[hole] != slot + 1) hole = (hole + 1) & mask_;
    // Backward shift: whatever would no longer be found past the hole moves into it.
    for (std::size_t at = (hole + 1) & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
      const std::size_t home = hash_of(slots_[at] - 1) & mask_;
      if (((at - home) & mask_) >= ((at - hole) & mask_)) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole] = 0;
  }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  std::size_t mask_;
  std::unique_ptr<std::uint32_t[], Free> slots_;  // Slot + 1; 0 is empty.
};

}  // namespace imcd
