// SpscRing: a queue of fixed size between one thread that pushes and one that pops. Neither waits,
// neither allocates. A popped slot is left empty, so what it held is freed where it was taken.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/check.h"

namespace imcd::db {

template <class T, std::size_t capacity>
class SpscRing {
  static_assert(std::has_single_bit(capacity), "the running counts must wrap at a whole round");

 public:
  // The producer's. Once false, it stays so until the next push: the consumer only makes room.
  [[nodiscard]] bool is_full() const {
    // Acquire, pairs with the release in pop(): the consumer is done with the slot.
    return pushed_.load(std::memory_order_relaxed) - popped_.load(std::memory_order_acquire) ==
           capacity;
  }

  // The producer's; not into a full ring.
  void push(T&& value) {
    CHECK(!is_full());
    const std::size_t pushed = pushed_.load(std::memory_order_relaxed);
    slots_[pushed % capacity] = std::move(value);
    // Release, pairs with the acquire in pop(): the slot is filled.
    pushed_.store(pushed + 1, std::memory_order_release);
  }

  // The consumer's.
  std::optional<T> pop() {
    const std::size_t popped = popped_.load(std::memory_order_relaxed);
    // Acquire, pairs with the release in push(): the slot is filled.
    if (popped == pushed_.load(std::memory_order_acquire)) return std::nullopt;
    std::optional<T> value = std::exchange(slots_[popped % capacity], T{});
    // Release, pairs with the acquire in is_full(): the consumer is done with the slot.
    popped_.store(popped + 1, std::memory_order_release);
    return value;
  }

 private:
  // Each count has a cache line, as each is written by one thread and read by the other.
  alignas(64) std::atomic<std::size_t> pushed_{0};
  alignas(64) std::atomic<std::size_t> popped_{0};
  alignas(64) std::array<T, capacity> slots_{};
};

}  // namespace imcd::db
