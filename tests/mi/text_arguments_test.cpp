#include "mi/text_arguments.h"

#include <gtest/gtest.h>
#include <initializer_list>
#include <string>
#include <utility>

namespace imcd::mi {
namespace {

using Pair = std::pair<std::string, std::string>;

// Name and value of the arguments in these lines; "malformed" when a line is, "unfinished" when a
// quoted value does not end.
std::vector<Pair> read(std::initializer_list<std::string_view> lines) {
  TextArguments arguments;
  for (std::string_view line : lines) {
    if (!arguments.add_line(line)) return {{"malformed", ""}};
  }
  if (arguments.unfinished()) return {{"unfinished", ""}};
  std::vector<Pair> pairs;
  for (Argument& argument : arguments.take()) {
    pairs.emplace_back(std::move(argument.name), std::move(argument.value));
  }
  return pairs;
}

using Pairs = std::vector<Pair>;
const Pairs malformed = {{"malformed", ""}};

TEST(TextArguments, ALineIsAValueWithoutTheBlanksAroundIt) {
  EXPECT_EQ(read({"sip:chat@example.org"}), (Pairs{{"", "sip:chat@example.org"}}));
  EXPECT_EQ(read({" \t sip:chat@example.org \t"}), (Pairs{{"", "sip:chat@example.org"}}));
  EXPECT_EQ(read({"two words", "more"}), (Pairs{{"", "two words"}, {"", "more"}}));
}

TEST(TextArguments, LinesOfBlanksAreNoArguments) {
  EXPECT_EQ(read({"  ", "\t"}), Pairs{});
  EXPECT_EQ(read({}), Pairs{});
}

TEST(TextArguments, AValueMayHaveAName) {
  EXPECT_EQ(read({"room:: sip:chat@example.org"}), (Pairs{{"room", "sip:chat@example.org"}}));
  EXPECT_EQ(read({" my room ::sip:chat@example.org"}),
            (Pairs{{"my room", "sip:chat@example.org"}}));
  EXPECT_EQ(read({"room:: \"a \\\"b\\\"\""}), (Pairs{{"room", "a \"b\""}}));
  EXPECT_EQ(read({"room::"}), (Pairs{{"room", ""}}));
  EXPECT_EQ(read({":: value"}), (Pairs{{"", "value"}}));
}

TEST(TextArguments, AnAddressWithTheColonsOfIPv6NeedsNoQuotes) {
  EXPECT_EQ(read({"sip:chat@[2001:db8::1]"}), (Pairs{{"", "sip:chat@[2001:db8::1]"}}));
  EXPECT_EQ(read({"chat@[::1]"}), (Pairs{{"", "chat@[::1]"}}));
  EXPECT_EQ(read({"\"sip:chat@[2001:db8::1]\""}), (Pairs{{"", "sip:chat@[2001:db8::1]"}}));
  EXPECT_EQ(read({"room:: sip:chat@[2001:db8::1]"}), (Pairs{{"room", "sip:chat@[2001:db8::1]"}}));
}

TEST(TextArguments, AQuotedValueKeepsBlanksAndColons) {
  EXPECT_EQ(read({"\" a::b \"  "}), (Pairs{{"", " a::b "}}));
  EXPECT_EQ(read({"\"\""}), (Pairs{{"", ""}}));
}

TEST(TextArguments, ABackslashEscapesAQuoteAndItselfAndNothingElse) {
  EXPECT_EQ(read({R"("say \"hi\"")"}), (Pairs{{"", R"(say "hi")"}}));
  EXPECT_EQ(read({R"("C:\\")"}), (Pairs{{"", R"(C:\)"}}));
  EXPECT_EQ(read({R"("a\nb")"}), (Pairs{{"", R"(a\nb)"}}));
  EXPECT_EQ(read({R"(plain\value)"}), (Pairs{{"", R"(plain\value)"}}));
}

TEST(TextArguments, AQuotedValueMayGoOnOverLines) {
  EXPECT_EQ(read({"\"one", "  two", "three\"", "four"}),
            (Pairs{{"", "one\n  two\nthree"}, {"", "four"}}));
  EXPECT_EQ(read({"\"a\\", "b\""}), (Pairs{{"", "a\\\nb"}}));
}

TEST(TextArguments, AQuotedValueThatDoesNotEndIsUnfinished) {
  EXPECT_EQ(read({"\"one", "two"}), (Pairs{{"unfinished", ""}}));
  EXPECT_EQ(read({"\"one\\\""}), (Pairs{{"unfinished", ""}}));
}

TEST(TextArguments, AQuoteWhereNoneMayBeIsMalformed) {
  EXPECT_EQ(read({"a\"b"}), malformed);
  EXPECT_EQ(read({"a\""}), malformed);
  EXPECT_EQ(read({"room:: a\"b\""}), malformed);
  EXPECT_EQ(read({"\"a\" b"}), malformed);
  EXPECT_EQ(read({"\"a\"\""}), malformed);
  EXPECT_EQ(read({"\"a", "b\" c"}), malformed);
}

TEST(TextArguments, ControlCharactersAreMalformed) {
  EXPECT_EQ(read({std::string_view("a\0b", 3)}), malformed);
  EXPECT_EQ(read({"a\rb"}), malformed);
  EXPECT_EQ(read({"\"a\x1b\""}), malformed);
  EXPECT_EQ(read({"a\x7f"}), malformed);
  EXPECT_EQ(read({"stra\xc3\x9f"
                  "e"}),
            (Pairs{{"",
                    "stra\xc3\x9f"
                    "e"}}));
}

TEST(TextArguments, TakingStartsAnew) {
  TextArguments arguments;
  EXPECT_TRUE(arguments.add_line("\"one"));
  EXPECT_EQ(arguments.take().size(), 1U);
  EXPECT_FALSE(arguments.unfinished());
  EXPECT_TRUE(arguments.add_line("two"));
  const std::vector<Argument> second = arguments.take();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].value, "two");
}

}  // namespace
}  // namespace imcd::mi
