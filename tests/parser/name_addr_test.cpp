#include "parser/name_addr.h"

#include <gtest/gtest.h>

#include "guarded_bytes.h"

namespace imcd::parser {
namespace {

struct Case {
  explicit Case(std::string_view text)
      : bytes(text), parsed(parse_name_addr(bytes.view(), Fault::bad_from)) {}
  const NameAddr* operator->() const { return &parsed.value(); }
  GuardedBytes bytes;
  Parsed<NameAddr> parsed;
};

TEST(NameAddr, AQuotedDisplayNameKeepsItsEscapes) {
  const Case value(R"("J \"Rosen\" \\<a,b;c>" <sip:a@b>;tag=x)");
  ASSERT_TRUE(value.parsed);
  EXPECT_EQ(value->display, R"(J \"Rosen\" \\<a,b;c>)");
  EXPECT_EQ(value->uri.text, "sip:a@b");
  EXPECT_EQ(value->tag, "x");
  EXPECT_TRUE(value->has_tag);
  EXPECT_EQ(value->next, value.bytes.view().size());
}

TEST(NameAddr, AnUnquotedDisplayNameIsTokens) {
  EXPECT_EQ(Case("A. Bell <sip:a@b>")->display, "A. Bell");
  EXPECT_EQ(Case("caller<sip:a@b>")->display, "caller");
  EXPECT_EQ(Case("  A\r\n  B  <sip:a@b>")->display, "A\r\n  B");
  EXPECT_EQ(Case("J\xc3\xbcrgen <sip:a@b>")->display, "J\xc3\xbcrgen");
  EXPECT_EQ(Case("<sip:a@b>")->display, "");
  EXPECT_EQ(Case("\"\" <sip:a@b>")->display, "");
}

// RFC 3261 20: without brackets what follows a semicolon is the header field's.
TEST(NameAddr, WithoutBracketsParametersBelongToTheField) {
  const Case bare("sip:alice@example.com:5070;transport=tcp;tag=x");
  ASSERT_TRUE(bare.parsed);
  EXPECT_EQ(bare->uri.text, "sip:alice@example.com:5070");
  EXPECT_EQ(bare->uri.parameters, "");
  EXPECT_EQ(bare->tag, "x");
  const Case bracketed("<sip:alice@example.com;transport=tcp?a=b>;tag=x");
  ASSERT_TRUE(bracketed.parsed);
  EXPECT_EQ(bracketed->uri.parameters, "transport=tcp");
  EXPECT_EQ(bracketed->uri.headers, "a=b");
  EXPECT_EQ(bracketed->tag, "x");
}

TEST(NameAddr, TheTagIsFoundAmongOtherParameters) {
  const Case value("<sip:a@b> ; x=\"tag=no;\" ;\r\n TAG = yes ; y");
  ASSERT_TRUE(value.parsed);
  EXPECT_EQ(value->tag, "yes");
  const Case none("<sip:a@b>;tags=x");
  ASSERT_TRUE(none.parsed);
  EXPECT_FALSE(none->has_tag);
  EXPECT_EQ(none->tag, "");
}

TEST(NameAddr, AListGoesOnBehindTheComma) {
  const Case list("\"a, b\" <sip:a@b> , tel:+123");
  ASSERT_TRUE(list.parsed);
  EXPECT_EQ(list->uri.text, "sip:a@b");
  const Case second(list.bytes.view().substr(list->next));
  ASSERT_TRUE(second.parsed);
  EXPECT_EQ(second->uri.scheme, Scheme::tel);
  EXPECT_EQ(second->uri.opaque, "+123");
  EXPECT_EQ(second->next, second.bytes.view().size());
  const Case bare("sip:a@b,sip:c@d");
  ASSERT_TRUE(bare.parsed);
  EXPECT_EQ(bare->uri.text, "sip:a@b");
  EXPECT_EQ(bare->next, 8U);
}

TEST(NameAddr, ForeignSchemesAreAccepted) {
  EXPECT_EQ(Case("isbn:2983792873")->uri.scheme, Scheme::other);
  EXPECT_EQ(Case("<http://www.example.com>;tag=3234233")->tag, "3234233");
}

// RFC 4475 3.1.1.2: quoted-pair lets even a NUL through.
TEST(NameAddr, AnEscapedNulIsPartOfAQuotedName) {
  using namespace std::string_view_literals;
  EXPECT_EQ(Case("\"BEL:\\\a NUL:\\\0\" <sip:a@b>"sv)->display, "BEL:\\\a NUL:\\\0"sv);
}

TEST(NameAddr, MalformedOnesAreRefusedWithTheFaultOfTheField) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      " "sv,
                                      "alice"sv,
                                      "<>"sv,
                                      "<sip:a@b"sv,
                                      "sip:a@b>"sv,
                                      "< sip:a@b >"sv,
                                      "<sip:a@b >"sv,
                                      "<sip:a@b> x"sv,
                                      "<sip:a@b><sip:c@d>"sv,
                                      "Bell, Alexander <sip:a@b>"sv,
                                      "a@b <sip:a@b>"sv,
                                      "(a) <sip:a@b>"sv,
                                      "\"open <sip:a@b>"sv,
                                      "\"a\" b <sip:a@b>"sv,
                                      "\"a\" sip:a@b"sv,
                                      "\"a\\\" <sip:a@b>"sv,
                                      "\"a\0\" <sip:a@b>"sv,
                                      "\"a\x01\" <sip:a@b>"sv,
                                      "\"a\r\nb\" <sip:a@b>"sv,
                                      "\"a\\\r\n b\" <sip:a@b>"sv,
                                      "a\0 <sip:a@b>"sv,
                                      "<sip:a\0@b>"sv,
                                      "sip:a@b?x=y"sv,
                                      "sip:user;x=y@b"sv,
                                      "sip:a@b\r\n"sv,
                                      "sip:a@b;"sv,
                                      "sip:a@b;;tag=x"sv,
                                      "sip:a@b;tag"sv,
                                      "sip:a@b;tag="sv,
                                      "sip:a@b;tag=\"x\""sv,
                                      "sip:a@b;tag=[x]"sv,
                                      "sip:a@b;tag=x y"sv,
                                      "sip:a@b;tag=x;tag=x"sv,
                                      "sip:a@b;tag=x\0"sv,
                                      "<sip:a@b>,"sv,
                                      "<sip:a@b> , "sv,
                                      ",<sip:a@b>"sv,
                                      "*"sv}) {
    const Case value(text);
    ASSERT_FALSE(value.parsed) << text;
    EXPECT_EQ(value.parsed.error().fault, Fault::bad_from);
    EXPECT_LE(value.parsed.error().offset, text.size());
  }
  EXPECT_EQ(parse_name_addr("", Fault::bad_p_asserted_identity).error().fault,
            Fault::bad_p_asserted_identity);
}

}  // namespace
}  // namespace imcd::parser
