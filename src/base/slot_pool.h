// SlotPool: objects of one type in chunks that never move, named by index. Freed slots are used
// again, last freed first, as their memory is still warm. Chunks stay for the process's life: the
// pool's size is the largest number of objects ever alive at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/check.h"

namespace imcd {

template <class T, std::size_t chunk_size = 1024>
class SlotPool {
  static_assert((chunk_size & (chunk_size - 1)) == 0);

 public:
  explicit SlotPool(std::size_t slots_max) : slots_max_(slots_max) {}

  [[nodiscard]] std::size_t in_use() const { return in_use_; }
  [[nodiscard]] bool full() const { return in_use_ >= slots_max_; }
  [[nodiscard]] std::size_t free() const { return slots_max_ - in_use_; }

  // The object keeps what its former user left in it; the pool must not be full.
  std::uint32_t take() {
    CHECK(!full());
    if (free_.empty()) add_chunk();
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    ++in_use_;
    return slot;
  }
  void give_back(std::uint32_t slot) {
    free_.push_back(slot);
    --in_use_;
  }

  // Whether such a slot exists, in use or not: for indices that came from outside.
  [[nodiscard]] bool contains(std::uint32_t slot) const {
    return slot < chunks_.size() * chunk_size;
  }

  // All slots, in use or not.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (const auto& chunk : chunks_) {
      for (std::size_t i = 0; i < chunk_size; ++i) visit(chunk[i]);
    }
  }

  T& operator[](std::uint32_t slot) { return chunks_[slot / chunk_size][slot % chunk_size]; }
  const T& operator[](std::uint32_t slot) const {
    return chunks_[slot / chunk_size][slot % chunk_size];
  }

 private:
  void add_chunk() {
    const std::size_t begin = chunks_.size() * chunk_size;
    chunks_.push_back(std::make_unique<T[]>(chunk_size));
    free_.reserve(begin + chunk_size);
    for (std::size_t i = chunk_size; i > 0; --i) {
      free_.push_back(static_cast<std::uint32_t>(begin + i - 1));
    }
  }

  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::size_t slots_max_;
  std::size_t in_use_ = 0;
};

}  // namespace imcd
