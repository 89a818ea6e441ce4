// In the steady state no packet allocates: chat in, deliveries out, answers in.

#include <gtest/gtest.h>

#include "bench/core/steady_room.h"
#include "support/allocation_count.h"

namespace imcd::server {
namespace {

TEST(Steady, RoomOfAThousandAllocatesNothing) {
  constexpr std::uint64_t members = 1000;
  bench::SteadyRoom room(members);
  for (int i = 0; i < 5; ++i) room.round();
  const std::uint64_t before = room.deliveries();
  const std::size_t allocated = allocation_count();
  for (int i = 0; i < 20; ++i) room.round();
  EXPECT_EQ(allocation_count() - allocated, 0U);
  EXPECT_EQ(room.deliveries() - before, 20U * (members - 1));
}

}  // namespace
}  // namespace imcd::server
