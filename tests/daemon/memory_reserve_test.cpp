#include "memory_reserve.h"

#include <gtest/gtest.h>
#include <memory>
#include <sys/resource.h>
#include <vector>

namespace imcd {
namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// In a child, which has little memory: what it exits with.
int use_up_memory() {
  const rlimit little{256U << 20, 256U << 20};
  if (setrlimit(RLIMIT_AS, &little) != 0) return 10;
  MemoryReserve reserve;
  if (reserve.is_gone()) return 11;
  std::vector<std::unique_ptr<char[]>> blocks;
  blocks.reserve(1024);
  // The allocation that fails is the one that takes the reserve, and it succeeds.
  while (!reserve.is_gone()) blocks.push_back(std::make_unique_for_overwrite<char[]>(1U << 20));
  if (blocks.size() < 32) return 12;
  blocks.push_back(std::make_unique_for_overwrite<char[]>(1U << 20));
  blocks.clear();
  return reserve.is_gone() ? 13 : 0;
}

TEST(MemoryReserve, AFailedAllocationGetsItAndItComesBackWhenMemoryDoes) {
  EXPECT_EXIT(std::_Exit(use_up_memory()), testing::ExitedWithCode(0), "");
}

#endif

}  // namespace
}  // namespace imcd
