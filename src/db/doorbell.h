// Doorbell: one thread sleeps until another rings. Rings are remembered but not counted, so the
// sleeper looks at all that may have changed each time it wakes. Ringing never blocks.
#pragma once

#include <semaphore.h>

#include "base/time.h"

namespace imcd::db {

class Doorbell {
 public:
  Doorbell() { sem_init(&rings_, 0, 0); }
  ~Doorbell() { sem_destroy(&rings_); }
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  void ring() { sem_post(&rings_); }
  // Until a ring that no wait has seen yet.
  void wait();
  // The same, but at most for so long.
  void wait_for(Duration longest);

 private:
  void forget_rings();

  sem_t rings_{};
};

}  // namespace imcd::db
