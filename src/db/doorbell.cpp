#include "db/doorbell.h"

#include <cerrno>
#include <ctime>

namespace imcd::db {
namespace {

timespec after(Duration duration) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const Duration sum = std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec) + duration;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(sum);
  return {.tv_sec = seconds.count(), .tv_nsec = (sum - seconds).count()};
}

}  // namespace

void Doorbell::wait() {
  while (sem_wait(&rings_) != 0 && errno == EINTR) {
  }
  forget_rings();
}

void Doorbell::wait_for(Duration longest) {
  const timespec deadline = after(longest);
  while (sem_clockwait(&rings_, CLOCK_MONOTONIC, &deadline) != 0 && errno == EINTR) {
  }
  forget_rings();
}

void Doorbell::forget_rings() {
  while (sem_trywait(&rings_) == 0) {
  }
}

}  // namespace imcd::db
