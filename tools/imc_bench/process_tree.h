// What a process and all that descend from it have used, from /proc: servers of older make are a
// dozen processes, and a delivery's cost is the sum of what they do.
#pragma once

#include <cstdint>
#include <sys/types.h>

#include "base/time.h"

namespace imcd::bench {

struct ProcessUse {
  Duration cpu{};                  // User and system; the kernel counts it in ticks of 10 ms.
  std::uint64_t memory_bytes = 0;  // Resident; shared pages count for each process by its part.
  std::uint32_t processes = 0;     // 0: the process is not there.
};
ProcessUse measure_process_tree(pid_t root);

// What this process has used.
Duration own_cpu();

}  // namespace imcd::bench
