// Header fields that are malformed: which are ignored (RFC 3261 8.2.2), and which are faults.

#include <gtest/gtest.h>
#include <string>

#include "message_fixture.h"
#include "parser/request_fields.h"

namespace imcd::parser {
namespace {

using namespace std::string_view_literals;

TEST(MalformedFields, AControlCharacterInAHeaderFieldIsAFault) {
  for (const std::string_view line :
       {"X: a\0b"sv, "X: a\rb"sv, "X: a\r"sv, "X: \\\0"sv, "X: \"a\\\r\""sv, "X: \"\0\""sv}) {
    const MessageCase message(request(start, {line, via}));
    EXPECT_EQ(message.fault(), Fault::control_character) << line;
    EXPECT_EQ(message->header_count, 2U);
    EXPECT_TRUE(message->headers[0].unclean);
    EXPECT_TRUE(is_answerable(*message.view)) << line;
  }
  EXPECT_EQ(MessageCase(request(start, {"X\0: a"sv})).fault(), Fault::control_character);
}

// What follows is the next line, as it is for most servers.
TEST(MalformedFields, ANeedlessFieldThatABareLfEndsIsIgnored) {
  for (const std::string_view line : {"X: a\nCall-ID: x", "X\nCall-ID: x", "Date: a\nY: b\ni: x",
                                      "X: a\r\n b\nCall-ID: x", "m: a\nCall-ID:\r\n x"}) {
    const MessageCase message(request(start, {line, via}));
    EXPECT_TRUE(message.parsed) << line;
    EXPECT_EQ(message.value(HeaderName::call_id), "x") << line;
    EXPECT_EQ(message->header_count, 2U) << line;
    EXPECT_GE(message->ignored_fields, 1U) << line;
  }
  const MessageCase continued(request(start, {"X: a\n Call-ID: x", via}));
  EXPECT_TRUE(continued.parsed);
  EXPECT_EQ(continued->header_count, 1U);
}

// What stands behind the LF may be hidden from a stricter peer in front of us, or from us.
TEST(MalformedFields, ABareLfIsAFaultWhereItCouldMislead) {
  for (const std::string_view line :
       {"X: a\nVia: b", "X: a\nv: b", "X: a\nP-Asserted-Identity: <sip:a@b>", "X: a\nPrivacy: id",
        "X: a\nRoute: <sip:a>", "X: a\nX-IMC-Loop: a", "To: a\nX: b", "l: 1\nX: b", "X:\n",
        "X: a\n\nY: b", "\nY: b", "Call-ID x\nY: b"}) {
    const MessageCase message(request(start, {line, via}));
    EXPECT_EQ(message.fault(), Fault::control_character) << line;
  }
}

TEST(MalformedFields, ANulInAFieldThatABareLfEndsIsAFault) {
  EXPECT_EQ(MessageCase(request(start, {"X: a\0\nY: b"sv, via})).fault(), Fault::control_character);
}

// RFC 3261 25.1, quoted-pair; RFC 4475 3.1.1.2 has one.
TEST(MalformedFields, AnEscapedNulInAQuotedStringIsNone) {
  const MessageCase message(request(start, {"To: \"a\\\0\" <sip:a@b>"sv, "Via: a"}));
  EXPECT_TRUE(message.parsed);
  EXPECT_FALSE(message->headers[0].unclean);
  EXPECT_EQ(MessageCase(request(start, {"To: \"a\\\0\" \0<sip:a@b>"sv})).fault(),
            Fault::control_character);
}

// RFC 3261 8.2.2: malformed fields that are not needed are ignored.
TEST(MalformedFields, AHeaderLineWithoutANameOrAColonIsIgnored) {
  for (const std::string_view line :
       {"no colon", ": value", "a b: c", "a\r\n : b", "a(b): c", "\xc3\xbc: a", "\"a\": b"}) {
    const MessageCase message(request(start, {via, line, "Call-ID: x"}));
    EXPECT_TRUE(message.parsed) << line;
    EXPECT_EQ(message->ignored_fields, 1U) << line;
    EXPECT_EQ(message.value(HeaderName::call_id), "x") << line;
    EXPECT_EQ(message->header_count, 2U) << line;
  }
}

TEST(MalformedFields, OneThatWouldBeNeededIsAFault) {
  for (const std::string_view line :
       {"Via a", "From <sip:a@b>", "P-Asserted-Identity <sip:a@b>", "Content-Length 5",
        "Privacy(id): x", "f a", "Call-ID\x01: x"}) {
    const MessageCase message(request(start, {via, line, "Call-ID: x"}));
    EXPECT_EQ(message.fault(), Fault::bad_header_line) << line;
    EXPECT_EQ(message->ignored_fields, 0U) << line;
  }
  EXPECT_EQ(MessageCase(request(start, {" folded start: x", via})).fault(), Fault::bad_header_line);
}

}  // namespace
}  // namespace imcd::parser
