// MemoryReserve: what keeps a failed allocation from ending the process. The bounds of memory_max
// are the process's own; a container or an ulimit may give less. Then the first allocation that
// fails gets what was put by, and the owner is told to take no requests until it could be put by
// again: what is under way ends, and its memory returns.
//
// One at a time in a process, as the handler of operator new is one (std::set_new_handler). The
// handler may run in any thread.
#pragma once

#include <cstddef>
#include <new>

namespace imcd {

class MemoryReserve {
 public:
  MemoryReserve();
  ~MemoryReserve();
  MemoryReserve(const MemoryReserve&) = delete;
  MemoryReserve& operator=(const MemoryReserve&) = delete;

  // It was needed, and cannot be put by again yet: tried anew each time.
  [[nodiscard]] bool is_gone();

  // More than the largest turn of the loop takes: a hundred texts of the greatest length, or the
  // fan-out of one to 100,000 members who have nothing waiting.
  static constexpr std::size_t bytes = 32U << 20;

 private:
  static void give();

  std::new_handler former_;
};

}  // namespace imcd
