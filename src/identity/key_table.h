// KeyTable: a lock-free hash table of pointers with one writer (the loop) and readers on other
// threads. Open addressing with linear probing over atomic pointers.
//
//  - A reader finds an object by acquire loads and waits for nobody. It must be inside an
//    EpochGuard and may use the object until it leaves.
//  - A slot that was filled once never becomes empty again, so that a reader half-way through a
//    probe does not lose its way: removal leaves a tombstone. A later insertion may fill it; else
//    one key that comes and goes would make a run of them that all others must walk.
//  - When live entries and tombstones fill three quarters, a second array is filled in slices, one
//    at each change and each turn, while changes go to both; one store publishes it. No change
//    costs more than a slice, nor does making the array: its pages come from the kernel one by one
//    as the slices touch them.
//
// T has `std::uint64_t hash` (SipHash of its key) and `std::string_view key() const`, both
// immutable. The table does not own its objects.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string_view>

#include "base/check.h"
#include "identity/epoch.h"

namespace imcd {

template <class T>
class KeyTable {
 public:
  // `first_size_log2`: the first array has 2 to this power slots (option hash_size), at least 4.
  KeyTable(Epochs& epochs, unsigned first_size_log2)
      : epochs_(epochs), current_(new Array(std::size_t{1} << std::max(first_size_log2, 2U))) {}
  ~KeyTable() {
    delete next_;
    delete current_.load(std::memory_order_relaxed);
  }
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;

  // Any thread, inside an EpochGuard unless it is the writer.
  [[nodiscard]] T* find(std::uint64_t hash, std::string_view key) const {
    // Acquire, pairs with the release in publish().
    const Array& array = *current_.load(std::memory_order_acquire);
    for (std::size_t at = hash & array.mask;; at = (at + 1) & array.mask) {
      // Acquire, pairs with the release in put(): the object's fields are there.
      T* const object = array.slot(at).load(std::memory_order_acquire);
      if (object == nullptr) return nullptr;
      if (object != tombstone() && object->hash == hash && object->key() == key) return object;
    }
  }

  // Calls visit(T&) for every object; a reader may miss those that change meanwhile.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const Array& array = *current_.load(std::memory_order_acquire);
    for (std::size_t at = 0; at <= array.mask; ++at) {
      T* const object = array.slot(at).load(std::memory_order_acquire);
      if (object != nullptr && object != tombstone()) visit(*object);
    }
  }

  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t capacity() const {
    return current_.load(std::memory_order_acquire)->mask + 1;
  }

  // --- Writer only ------------------------------------------------------------------------------

  // The key must not be there.
  void insert(T* object) {
    Array& array = writer_array();
    put(array, object);
    if (next_ != nullptr) put(*next_, object);
    size_.store(size() + 1, std::memory_order_relaxed);
    if (next_ == nullptr && array.used * 4 >= (array.mask + 1) * 3) begin_growth();
    grow_slice();
  }

  // The object must be there. It is unlinked, not freed: the caller retires it.
  void erase(T* object) {
    bury(writer_array(), object);
    if (next_ != nullptr) bury(*next_, object);
    size_.store(size() - 1, std::memory_order_relaxed);
    grow_slice();
  }

  // Moves a slice of a growth under way. insert and erase do so too; calling it each turn lets a
  // growth end when no more changes come.
  void grow_slice() {
    if (next_ == nullptr) return;
    const Array& array = writer_array();
    for (std::size_t n = 0; n < slice_slots && moved_ <= array.mask; ++n, ++moved_) {
      T* const object = array.slot(moved_).load(std::memory_order_relaxed);
      if (object != nullptr && object != tombstone()) put(*next_, object);
    }
    if (moved_ > array.mask) publish();
  }
  [[nodiscard]] bool growing() const { return next_ != nullptr; }

 private:
  // A slice must outrun the changes: a quarter of the array is free when growth begins, so with 64
  // slots moved a change it ends long before the array is full.
  static constexpr std::size_t slice_slots = 64;

  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  struct Array {
    explicit Array(std::size_t size)
        : mask(size - 1), slots(static_cast<T**>(std::calloc(size, sizeof(T*)))) {
      if (!slots) throw std::bad_alloc();
    }
    // Every access to a slot goes through here.
    [[nodiscard]] std::atomic_ref<T*> slot(std::size_t at) const {
      return std::atomic_ref<T*>(slots[at]);
    }

    const std::size_t mask;
    std::size_t used = 0;  // Live and tombstones; the writer's.
    // From calloc, so that a large array costs nothing before its pages are used.
    const std::unique_ptr<T*[], Free> slots;
  };
  static_assert(std::atomic_ref<T*>::required_alignment <= alignof(T*));

  static T* tombstone() { return std::bit_cast<T*>(std::uintptr_t{1}); }
  Array& writer_array() { return *current_.load(std::memory_order_relaxed); }

  // Does nothing when the object is there already: an entry that a change put into both arrays and
  // a slice meets later.
  static void put(Array& array, T* object) {
    constexpr std::size_t none = ~std::size_t{0};
    std::size_t grave = none;
    std::size_t at = object->hash & array.mask;
    for (;; at = (at + 1) & array.mask) {
      T* const there = array.slot(at).load(std::memory_order_relaxed);
      if (there == object) return;
      if (there == nullptr) break;
      if (there == tombstone() && grave == none) grave = at;
    }
    if (grave != none) {
      at = grave;
    } else {
      ++array.used;
      // One slot stays empty, or a probe would never end.
      CHECK(array.used <= array.mask);
    }
    // Release, pairs with the acquire in find().
    array.slot(at).store(object, std::memory_order_release);
  }

  // Does nothing when the object is not there: not moved yet.
  static void bury(Array& array, T* object) {
    for (std::size_t at = object->hash & array.mask;; at = (at + 1) & array.mask) {
      T* const there = array.slot(at).load(std::memory_order_relaxed);
      if (there == nullptr) return;
      if (there == object) {
        array.slot(at).store(tombstone(), std::memory_order_relaxed);
        return;
      }
    }
  }

  // The next array is twice as large; of the same size when tombstones are what fills this one.
  void begin_growth() {
    const std::size_t slots = capacity();
    next_ = new Array(size() * 2 > slots ? slots * 2 : slots);
    moved_ = 0;
  }

  void publish() {
    Array* const old = current_.load(std::memory_order_relaxed);
    // Release, pairs with the acquire in find(): the slots are filled.
    current_.store(next_, std::memory_order_release);
    next_ = nullptr;
    epochs_.retire(old);
  }

  Epochs& epochs_;
  std::atomic<Array*> current_;
  Array* next_ = nullptr;
  std::size_t moved_ = 0;
  std::atomic<std::size_t> size_{0};
};

}  // namespace imcd
