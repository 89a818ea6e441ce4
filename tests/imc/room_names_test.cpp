#include "imc/room_names.h"

#include <gtest/gtest.h>
#include <string>

namespace imcd::imc {
namespace {

bool fit(const std::string& pattern, std::string_view key) {
  RoomNames names;
  names.apply({pattern});
  return names.fit(key);
}

TEST(RoomNames, PatternWithoutADomainFitsAny) {
  EXPECT_TRUE(fit("chat-*", "chat-@a"));
  EXPECT_TRUE(fit("chat-*", "chat-x@example.org"));
  EXPECT_FALSE(fit("chat-*", "chat@example.org"));
  EXPECT_FALSE(fit("chat-*", "xchat-x@example.org"));
  EXPECT_FALSE(fit("*-org", "x@example-org"));
}

TEST(RoomNames, PatternWithADomainFitsTheWhole) {
  EXPECT_TRUE(fit("*@rooms.example.org", "x@rooms.example.org"));
  EXPECT_FALSE(fit("*@rooms.example.org", "x@example.org"));
  EXPECT_FALSE(fit("*@rooms.example.org", "x@rooms.example.org.evil"));
  EXPECT_TRUE(fit("chat-*@*.org", "chat-1@example.org"));
}

TEST(RoomNames, StarsAndQuestionMarksAndLettersInAnyCase) {
  EXPECT_TRUE(fit("*", "x@a"));
  EXPECT_TRUE(fit("**", "x@a"));
  EXPECT_TRUE(fit("?at-?", "Cat-1@a"));
  EXPECT_FALSE(fit("?at-?", "cat-@a"));
  EXPECT_FALSE(fit("?at-?", "cat-12@a"));
  EXPECT_TRUE(fit("a*b*c", "axxbxbxc@d"));
  EXPECT_FALSE(fit("a*b*c", "axxbxbx@d"));
  EXPECT_TRUE(fit("CHAT-*", "chat-x@a"));
  EXPECT_TRUE(fit("r%c3%bc*", "r%C3%BCm@a"));
  EXPECT_TRUE(fit("a?b", "a*b@c"));
  // Many stars cost no more than the product of the lengths.
  EXPECT_FALSE(fit("*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(4000, 'a') + "@x"));
}

TEST(RoomNames, NoPatternFitsNothing) {
  RoomNames names;
  EXPECT_FALSE(names.fit("x@a"));
  EXPECT_EQ(names.in_words(), "no further rooms are made here");
}

TEST(RoomNames, WordsNameThePatternsAsFarAsANoticeHoldsThem) {
  RoomNames names;
  names.apply({"chat-*", "*@rooms.example.org"});
  EXPECT_EQ(names.in_words(), "rooms are called chat-* or *@rooms.example.org");
  names.apply(std::vector<std::string>(50, std::string(100, 'x')));
  EXPECT_LT(names.in_words().size(), 500U);
  EXPECT_TRUE(names.in_words().ends_with(" or otherwise"));
}

}  // namespace
}  // namespace imcd::imc
