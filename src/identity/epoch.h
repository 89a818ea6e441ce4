// Epochs: when memory that a reader on another thread may still see can be freed. One writer, at
// most readers_max readers, std::atomic only (so ThreadSanitizer can judge), no waiting on either
// side.
//
// Why it is safe: the writer unlinks an object, then raises the epoch, then looks at the readers. A
// reader announces the epoch it saw, then looks at the epoch again until both agree. Raising and
// looking, announcing and looking again are sequentially consistent, so either the writer sees the
// announcement and keeps the object, or the reader sees the raised epoch. With that it sees all
// that came before it, the unlinking too, whatever the memory order of that was.
//
// A reader that stays inside holds back everything retired from then on, so stays must be short.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/check.h"

namespace imcd {

class Epochs {
 public:
  static constexpr std::size_t readers_max = 4;

  Epochs() = default;
  Epochs(const Epochs&) = delete;
  Epochs& operator=(const Epochs&) = delete;
  ~Epochs() { free_all(); }

  // --- Reader's side, any thread; `reader` is a number below readers_max that it owns -----------

  void enter(std::size_t reader) {
    // A second stay under the same number would end with the first one.
    CHECK(readers_[reader].epoch.load(std::memory_order_relaxed) == idle);
    std::uint64_t seen = epoch_.load(std::memory_order_seq_cst);
    for (;;) {
      readers_[reader].epoch.store(seen, std::memory_order_seq_cst);
      const std::uint64_t again = epoch_.load(std::memory_order_seq_cst);
      if (again == seen) return;
      seen = again;
    }
  }
  // Release: what was read happened before the writer frees it; pairs with the load in collect().
  void leave(std::size_t reader) { readers_[reader].epoch.store(idle, std::memory_order_release); }

  // --- Writer's side ----------------------------------------------------------------------------

  // The object is unlinked: no reader that enters from now on finds it.
  template <class T>
  void retire(T* object) {
    retire(object, [](void* memory) { delete static_cast<T*>(memory); });
  }
  void retire(void* object, void (*destroy)(void*)) {
    retired_.push_back({object, destroy, epoch_.load(std::memory_order_relaxed)});
  }

  // Frees what no reader can see any more. Cheap when there is nothing; called once a turn.
  void collect() {
    if (retired_.empty()) return;
    if (retired_.back().epoch == epoch_.load(std::memory_order_relaxed)) {
      epoch_.store(retired_.back().epoch + 1, std::memory_order_seq_cst);
    }
    // What is retired from here on (a freed room lets go of its members) waits for the next call.
    std::uint64_t oldest = epoch_.load(std::memory_order_relaxed);
    for (const Slot& reader : readers_) {
      const std::uint64_t seen = reader.epoch.load(std::memory_order_seq_cst);
      if (seen < oldest) oldest = seen;
    }
    while (!retired_.empty() && retired_.front().epoch < oldest) free_first();
  }

  // At the end, when no reader is inside any more: whatever was retired, now.
  void free_all() {
    while (!retired_.empty()) free_first();
  }

  [[nodiscard]] std::size_t retired() const { return retired_.size(); }

 private:
  static constexpr std::uint64_t idle = ~std::uint64_t{0};

  void free_first() {
    const Retired retired = retired_.front();
    retired_.pop_front();
    retired.destroy(retired.object);
  }

  struct Retired {
    void* object;
    void (*destroy)(void*);
    std::uint64_t epoch;
  };
  // A line of its own for each, so that readers don't slow one another.
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> epoch{idle};
  };

  std::atomic<std::uint64_t> epoch_{1};
  std::array<Slot, readers_max> readers_;
  std::deque<Retired> retired_;
};

// A reader's stay: between construction and destruction nothing it finds is freed.
class EpochGuard {
 public:
  EpochGuard(Epochs& epochs, std::size_t reader) : epochs_(epochs), reader_(reader) {
    CHECK(reader < Epochs::readers_max);
    epochs_.enter(reader_);
  }
  ~EpochGuard() { epochs_.leave(reader_); }
  EpochGuard(const EpochGuard&) = delete;
  EpochGuard& operator=(const EpochGuard&) = delete;

 private:
  Epochs& epochs_;
  std::size_t reader_;
};

}  // namespace imcd
