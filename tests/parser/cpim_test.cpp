#include "parser/cpim.h"

#include <gtest/gtest.h>
#include <string>

namespace imcd::parser {
namespace {

constexpr std::string_view whole =
    "From: <im:alice@example.org>\r\nDateTime: 2026-01-01T00:00:00Z\r\n\r\n"
    "Content-type: text/plain; charset=utf-8\r\nContent-ID: <1>\r\n\r\n#join\r\n";

TEST(Cpim, GivesTypeAndContent) {
  const auto cpim = parse_cpim(whole);
  ASSERT_TRUE(cpim);
  EXPECT_EQ(cpim->headers,
            "From: <im:alice@example.org>\r\nDateTime: 2026-01-01T00:00:00Z\r\n\r\n");
  EXPECT_EQ(cpim->content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(cpim->content, "#join\r\n");
}

TEST(Cpim, TakesBareLineFeedsAndNoHeadersAtAll) {
  const auto cpim = parse_cpim("a: b\n\nc: d\n\ntext");
  ASSERT_TRUE(cpim);
  EXPECT_EQ(cpim->content_type, "");
  EXPECT_EQ(cpim->content, "text");
  EXPECT_TRUE(parse_cpim("\n\n"));
}

TEST(Cpim, NeedsTheEndOfBothHeaderBlocks) {
  const std::size_t content = whole.find("#join");
  for (std::size_t cut = 0; cut < content; ++cut) {
    EXPECT_FALSE(parse_cpim(whole.substr(0, cut))) << cut;
  }
  for (std::size_t cut = content; cut <= whole.size(); ++cut) {
    EXPECT_TRUE(parse_cpim(whole.substr(0, cut))) << cut;
  }
}

}  // namespace
}  // namespace imcd::parser
