#include "tm/reply.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace imcd::tm {
namespace {

TEST(Reply, EachReasonIsAFinalResponseWithAPhraseOfItsOwn) {
  std::set<std::string_view> phrases;
  for (int i = 0; i < static_cast<int>(Reason::count); ++i) {
    const ReasonText text = reason_text(static_cast<Reason>(i));
    EXPECT_GE(text.code, 200) << i;
    EXPECT_LT(text.code, 700) << i;
    EXPECT_TRUE(phrases.insert(text.phrase).second) << text.phrase;
    EXPECT_FALSE(text.phrase.empty()) << i;
    for (const char c : text.phrase) EXPECT_TRUE(c >= ' ' && c <= '~') << text.phrase;
  }
}

// RFC 4320 4.2: a 408 to a non-INVITE request helps nobody.
TEST(Reply, NoReasonIsATimeout) {
  for (int i = 0; i < static_cast<int>(Reason::count); ++i) {
    EXPECT_NE(reason_text(static_cast<Reason>(i)).code, 408);
  }
}

TEST(Reply, KnowsItsCode) {
  EXPECT_EQ(Reply{}.code(), 200);
  EXPECT_EQ((Reply{Reason::no_such_room, 0}.code()), 404);
  EXPECT_EQ((Reply{Reason::draining, 10}.code()), 503);
}

TEST(Reply, IsSmallEnoughToBeKeptForTimerJ) { EXPECT_LE(sizeof(Reply), 4U); }

}  // namespace
}  // namespace imcd::tm
