#include "reactor/ready_list.h"

#include <gtest/gtest.h>
#include <vector>

namespace imcd::reactor {
namespace {

std::vector<std::uint32_t> indexes(const std::vector<Source>& sources) {
  std::vector<std::uint32_t> result;
  for (const Source source : sources) result.push_back(source.index);
  return result;
}

TEST(ReadyList, SourceReportedTwiceIsServedOnce) {
  ReadyList ready;
  ready.add({SourceKind::udp, 1});
  ready.add({SourceKind::udp, 0});
  ready.add({SourceKind::udp, 1});
  EXPECT_EQ(indexes(ready.take()), (std::vector<std::uint32_t>{1, 0}));
  EXPECT_TRUE(ready.empty());
}

TEST(ReadyList, SourcesOfDifferentKindsAreNotConfused) {
  ReadyList ready;
  ready.add({SourceKind::wake});
  ready.add({SourceKind::signals});
  EXPECT_EQ(ready.take().size(), 2U);
}

TEST(ReadyList, WhoIsAddedWhileTheOthersAreServedWaitsForTheNextTurn) {
  ReadyList ready;
  for (std::uint32_t i = 0; i < 3; ++i) ready.add({SourceKind::udp, i});
  std::vector<std::uint32_t> served;
  for (const Source source : ready.take()) {
    served.push_back(source.index);
    ready.add({SourceKind::udp, source.index + 1});
  }
  EXPECT_EQ(served, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_FALSE(ready.empty());
  EXPECT_EQ(indexes(ready.take()), (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_TRUE(ready.take().empty());
}

}  // namespace
}  // namespace imcd::reactor
