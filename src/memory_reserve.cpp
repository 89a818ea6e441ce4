#include "memory_reserve.h"

#include <atomic>
#include <cstdlib>
#include <utility>

#include "base/check.h"

namespace imcd {
namespace {

// Release in is_gone() and the constructor, acquire in give(): whoever frees it sees it whole.
std::atomic<void*> reserve{nullptr};

}  // namespace

MemoryReserve::MemoryReserve() {
  CHECK(reserve.exchange(std::malloc(bytes), std::memory_order_acq_rel) == nullptr);
  former_ = std::set_new_handler(&MemoryReserve::give);
}

MemoryReserve::~MemoryReserve() {
  std::set_new_handler(former_);
  std::free(reserve.exchange(nullptr, std::memory_order_acq_rel));
}

void MemoryReserve::give() {
  void* const mine = reserve.exchange(nullptr, std::memory_order_acq_rel);
  if (mine == nullptr) throw std::bad_alloc();
  std::free(mine);
}

bool MemoryReserve::is_gone() {
  if (reserve.load(std::memory_order_relaxed) != nullptr) return false;
  void* const again = std::malloc(bytes);
  reserve.store(again, std::memory_order_release);
  return again == nullptr;
}

}  // namespace imcd
