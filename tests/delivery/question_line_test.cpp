#include "delivery/question_line.h"

#include <gtest/gtest.h>
#include <vector>

namespace imcd::delivery {
namespace {

class QuestionLineTest : public testing::Test {
 protected:
  std::vector<std::uint32_t> ask(std::size_t count) {
    std::vector<std::uint32_t> asked;
    while (asked.size() < count) {
      const auto next = line.pop([this](std::uint32_t host) { return host != no_more_needed; });
      if (!next) break;
      asked.push_back(next->host);
    }
    return asked;
  }

  QuestionLine line;
  std::uint32_t no_more_needed = 99999;
};

using Hosts = std::vector<std::uint32_t>;

TEST_F(QuestionLineTest, UsersTakeTurns) {
  for (std::uint32_t host = 0; host < 4; ++host) line.push(1, host);
  line.push(2, 10);
  line.push(2, 11);
  line.push(3, 20);
  EXPECT_EQ(ask(9), (Hosts{0, 10, 20, 1, 11, 2, 3}));
}

TEST_F(QuestionLineTest, OneUserHasSoManyQuestionsUnderWay) {
  for (std::uint32_t host = 0; host < 100; ++host) line.push(1, host);
  EXPECT_EQ(ask(100).size(), limits::name_questions_max);
  line.push(2, 200);
  EXPECT_EQ(ask(100), Hosts{200});
  line.on_ended(1);
  line.on_ended(1);
  EXPECT_EQ(ask(100), (Hosts{limits::name_questions_max, limits::name_questions_max + 1}));
}

TEST_F(QuestionLineTest, AllTogetherHaveSoMany) {
  constexpr std::size_t users = limits::name_questions_in_all_max / limits::name_questions_max + 1;
  for (std::uint32_t host = 0; host < limits::name_questions_max; ++host) {
    for (QuestionLine::Speaker user = 1; user <= users; ++user) line.push(user, host);
  }
  EXPECT_EQ(ask(SIZE_MAX).size(), limits::name_questions_in_all_max);
  line.on_ended(1);
  EXPECT_EQ(ask(SIZE_MAX).size(), 1U);
}

TEST_F(QuestionLineTest, WhatIsNotNeededAnyMoreIsPassedOver) {
  for (const std::uint32_t host : {1U, 2U, 3U}) line.push(1, host);
  no_more_needed = 2;
  EXPECT_EQ(ask(9), (Hosts{1, 3}));
  // One with nothing else in line is forgotten, and comes again.
  line.push(2, 2);
  EXPECT_EQ(ask(9), Hosts{});
  line.push(2, 5);
  EXPECT_EQ(ask(9), Hosts{5});
}

TEST_F(QuestionLineTest, PlacesAreBoundedForEachUser) {
  for (std::uint32_t host = 0; host < limits::names_in_line_of_user_max; ++host) {
    EXPECT_TRUE(line.has_place(1));
    line.push(1, host);
  }
  EXPECT_FALSE(line.has_place(1));
  EXPECT_TRUE(line.has_place(2));
}

}  // namespace
}  // namespace imcd::delivery
