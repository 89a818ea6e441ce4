#include "parser/header.h"

#include <gtest/gtest.h>
#include <string>

#include "base/text.h"

namespace imcd::parser {
namespace {

constexpr auto other = static_cast<std::size_t>(HeaderName::other);

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

TEST(HeaderName, EveryNameIsFoundInAnyCase) {
  for (std::size_t i = 0; i < other; ++i) {
    const auto name = static_cast<HeaderName>(i);
    const std::string_view text = header_name_text(name);
    ASSERT_FALSE(text.empty()) << i;
    EXPECT_EQ(find_header_name(text), name) << text;
    EXPECT_EQ(find_header_name(to_lower(text)), name) << text;
    EXPECT_EQ(find_header_name(upper(text)), name) << text;
  }
}

TEST(HeaderName, CompactFormsAreFoundInAnyCase) {
  const std::pair<std::string_view, HeaderName> forms[] = {
      {"v", HeaderName::via},
      {"f", HeaderName::from},
      {"t", HeaderName::to},
      {"i", HeaderName::call_id},
      {"l", HeaderName::content_length},
      {"c", HeaderName::content_type},
      {"e", HeaderName::content_encoding},
      {"m", HeaderName::contact},
  };
  for (const auto& [text, name] : forms) {
    EXPECT_EQ(find_header_name(text), name) << text;
    EXPECT_EQ(find_header_name(upper(text)), name) << text;
  }
}

TEST(HeaderName, AllElseIsOther) {
  for (const std::string_view text : {"", "x", "o", "\x80", "Vi", "Viaa", "Fro", "Call_ID",
                                      "Call-IC", "C%6Fntact", "Content-Lengti", "\xff\xff"}) {
    EXPECT_EQ(find_header_name(text), HeaderName::other) << text;
  }
  EXPECT_TRUE(header_name_text(HeaderName::other).empty());
  EXPECT_TRUE(header_name_text(HeaderName::count).empty());
}

// One byte off in any place, also with the first and last byte and the length kept, is no match.
TEST(HeaderName, AChangedByteIsNoMatch) {
  for (std::size_t i = 0; i < other; ++i) {
    const std::string_view text = header_name_text(static_cast<HeaderName>(i));
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::string changed(text);
      changed[at] = '!';
      EXPECT_EQ(find_header_name(changed), HeaderName::other) << changed;
    }
  }
}

}  // namespace
}  // namespace imcd::parser
