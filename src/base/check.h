// CHECK: what must hold whatever a peer or the world does. It is on in release builds; a violation
// is our own fault, and stopping with the place is better than going on with wrong rooms. A restart
// loads all that was acknowledged.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace imcd {

[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "imcd: invariant broken: %s at %s:%d\n", what, file, line);
  std::abort();
}

}  // namespace imcd

#define CHECK(condition)                                    \
  do {                                                      \
    if (!(condition)) [[unlikely]]                          \
      ::imcd::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
