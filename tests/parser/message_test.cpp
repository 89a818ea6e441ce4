#include "parser/message.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "message_fixture.h"
#include "parser/request_fields.h"

namespace imcd::parser {
namespace {

using namespace std::string_view_literals;

TEST(Message, ARequestIsCutIntoViews) {
  const MessageCase message(request(start, {via, "Call-ID: a@b", "Content-Length: 2"}, "hi"));
  ASSERT_TRUE(message.parsed);
  EXPECT_TRUE(message->is_request);
  EXPECT_EQ(message->method, Method::message);
  EXPECT_EQ(message->method_text, "MESSAGE");
  EXPECT_EQ(message->request_uri, "sip:room@example.com");
  EXPECT_EQ(message->header_count, 3U);
  EXPECT_EQ(message.value(HeaderName::call_id), "a@b");
  EXPECT_EQ(message->body, "hi");
}

TEST(Message, AResponseIsCutIntoViews) {
  const MessageCase message(request("SIP/2.0 200 All is well", {via, "l: 0"}));
  ASSERT_TRUE(message.parsed);
  EXPECT_FALSE(message->is_request);
  EXPECT_EQ(message->status, 200);
  EXPECT_EQ(message->reason, "All is well");
  EXPECT_EQ(message->header_count, 2U);
}

TEST(Message, AResponseMayLackItsReason) {
  for (const std::string_view line : {"SIP/2.0 100 ", "SIP/2.0 100"}) {
    const MessageCase message(request(line, {via}));
    ASSERT_TRUE(message.parsed) << line;
    EXPECT_EQ(message->status, 100);
    EXPECT_EQ(message->reason, "");
  }
}

TEST(Message, AReasonMayBeUtf8AndTheVersionInAnyCase) {
  const MessageCase message(request("sip/2.0 699 \xd0\xbd\xd0\xbe", {via}));
  ASSERT_TRUE(message.parsed);
  EXPECT_EQ(message->status, 699);
  EXPECT_EQ(message->reason, "\xd0\xbd\xd0\xbe");
}

TEST(Message, StatusLinesThatAreNoneAreRefused) {
  for (const std::string_view line :
       {"SIP/2.0"sv, "SIP/2.0 "sv, "SIP/2.0 20"sv, "SIP/2.0 20 OK"sv, "SIP/2.0 2000 OK"sv,
        "SIP/2.0 099 x"sv, "SIP/2.0 700 x"sv, "SIP/2.0 4294967301 x"sv, "SIP/2.0 -20 x"sv,
        "SIP/2.0 2x0 x"sv, "SIP/2.0  200 OK"sv, "SIP/2.0\t200 OK"sv, "SIP/3.0 200 OK"sv,
        "SIP/2.00 200 OK"sv, "SIP/ 200 OK"sv, "SIP/2.0 200 O\0K"sv, "SIP/2.0 200 O\rK"sv,
        "SIP/2.0 200 O\nK"sv}) {
    const MessageCase message(request(line, {via}));
    EXPECT_EQ(message.fault(), Fault::bad_status_line) << line;
    EXPECT_EQ(message->status, 0) << line;
    EXPECT_FALSE(is_answerable(*message.view));
  }
}

TEST(Message, MethodsCompareWithCase) {
  EXPECT_EQ(find_method("MESSAGE"), Method::message);
  EXPECT_EQ(find_method("OPTIONS"), Method::options);
  EXPECT_EQ(find_method("CANCEL"), Method::cancel);
  EXPECT_EQ(find_method("ACK"), Method::ack);
  for (const std::string_view text : {"", "message", "Message", "MESSAGES", "MESSAG", "INVITE"}) {
    EXPECT_EQ(find_method(text), Method::other) << text;
  }
}

TEST(Message, HeaderNamesComeInAnyCaseCompactAndWithBlanksBeforeTheColon) {
  const MessageCase message(
      request(start, {"vIa: a", "F \t: b", "TO:c", "i:d", "X-Other : e", "cseq:"}));
  ASSERT_TRUE(message.parsed);
  EXPECT_EQ(message.value(HeaderName::via), "a");
  EXPECT_EQ(message.value(HeaderName::from), "b");
  EXPECT_EQ(message.value(HeaderName::to), "c");
  EXPECT_EQ(message.value(HeaderName::call_id), "d");
  EXPECT_EQ(message.value(HeaderName::cseq), "");
  EXPECT_EQ(message.value(HeaderName::date), "<none>");
  EXPECT_EQ(message->headers[4].name, HeaderName::other);
  EXPECT_EQ(message->headers[4].name_text, "X-Other");
  EXPECT_EQ(message->headers[4].value, "e");
}

TEST(Message, OfRepeatedFieldsTheFirstIsFoundAndAllAreCounted) {
  const MessageCase message(request(start, {"Via: a", "X: b", "v: c", "Via: d"}));
  EXPECT_EQ(message.value(HeaderName::via), "a");
  EXPECT_EQ(message.count(HeaderName::via), 3);
  EXPECT_EQ(message.count(HeaderName::other), 1);
  EXPECT_EQ(message.count(HeaderName::date), 0);
}

TEST(Message, AFoldedValueIsOneValue) {
  const MessageCase message(
      request(start, {"Date: one\r\n  two \r\n\tthree  ", "To:\r\n sip:a@b"}));
  ASSERT_TRUE(message.parsed);
  EXPECT_EQ(message.value(HeaderName::date), "one\r\n  two \r\n\tthree");
  EXPECT_TRUE(message->headers[0].folded);
  EXPECT_EQ(message.value(HeaderName::to), "sip:a@b");
  EXPECT_FALSE(message->headers[1].folded) << "nothing of the fold is left in the value";
}

// RFC 3261 7.5.
TEST(Message, EmptyLinesBeforeTheStartLineAreSkipped) {
  const MessageCase message("\r\n\r\n" + request(start, {via}));
  ASSERT_TRUE(message.parsed);
  EXPECT_EQ(message->method, Method::message);
}

TEST(Message, NothingButEmptyLinesIsAKeepalive) {
  for (const std::string_view text : {"", "\r\n", "\r\n\r\n"}) {
    EXPECT_EQ(MessageCase(text).fault(), Fault::empty);
  }
}

TEST(Message, StunIsToldFromNoise) {
  const auto binding =
      "\x00\x01\x00\x00\x21\x12\xa4\x42\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"sv;
  EXPECT_EQ(MessageCase(binding).fault(), Fault::stun);
  EXPECT_EQ(MessageCase(binding.substr(0, 19)).fault(), Fault::not_sip);
}

TEST(Message, NoiseIsNotSip) {
  for (const std::string_view text :
       {"\0\x01"sv, "\rx"sv, "jaK"sv, "hello world\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n"sv, "MESSAGE\r\n\r\n"sv, "MESSAGE sip:a@b\r\n\r\n"sv,
        "MES<SAGE sip:a@b SIP/2.0\r\n\r\n"sv, " MESSAGE sip:a@b SIP/2.0\r\n\r\n"sv,
        "MESSAGE\tsip:a@b SIP/2.0\r\n\r\n"sv, "MESSAGE sip:a@bSIP/2.0\r\n\r\n"sv,
        "\r\n\rMESSAGE sip:a@b SIP/2.0\r\n\r\n"sv, "Via: SIP/2.0/UDP h\r\n\r\n"sv}) {
    const MessageCase message(text);
    EXPECT_EQ(message.fault(), Fault::not_sip) << text;
    EXPECT_FALSE(message->is_request);
    EXPECT_FALSE(is_answerable(*message.view));
  }
}

// What keeps a NAT open: nothing is wrong with it.
TEST(Message, NulsAndLineEndsAreKeepalives) {
  for (const std::string_view text : {"\n"sv, "\r"sv, "\0"sv, "\0\0\0\0"sv, " "sv, "\r\n\0"sv}) {
    EXPECT_EQ(MessageCase(text).fault(), Fault::empty);
  }
}

TEST(Message, ABadRequestLineLeavesTheRequestAnswerable) {
  for (const std::string_view line :
       {"MESSAGE  sip:a@b SIP/2.0", "MESSAGE sip:a@b  SIP/2.0", "MESSAGE sip:a@b SIP/2.0 ",
        "MESSAGE sip:a@b; lr SIP/2.0", "MESSAGE sip:a\tb SIP/2.0", "MESSAGE SIP/2.0",
        "MESSAGE  SIP/2.0", "MESSAGE sip:a@b SIP/2", "MESSAGE sip:a@b SIP/2.",
        "MESSAGE sip:a@b SIP/.0", "MESSAGE sip:a@b SIP/2.0x", "MESSAGE sip:a@b SIP/two",
        "MESSAGE sip:a@b SIP/-2.0"}) {
    const MessageCase message(request(line, {via, "Call-ID: x"}));
    EXPECT_EQ(message.fault(), Fault::bad_request_line) << line;
    EXPECT_TRUE(message->is_request);
    EXPECT_EQ(message->method, Method::message);
    EXPECT_EQ(message->request_uri, "");
    EXPECT_EQ(message.value(HeaderName::call_id), "x");
    EXPECT_TRUE(is_answerable(*message.view)) << line;
  }
}

TEST(Message, AnotherVersionIsAnswerableToo) {
  for (const std::string_view line :
       {"MESSAGE sip:a@b SIP/7.0", "MESSAGE sip:a@b SIP/2.1", "MESSAGE sip:a@b SIP/02.0",
        "MESSAGE sip:a@b SIP/99999999999999999999.0"}) {
    const MessageCase message(request(line, {via}));
    EXPECT_EQ(message.fault(), Fault::bad_version) << line;
    EXPECT_TRUE(is_answerable(*message.view));
  }
  EXPECT_TRUE(MessageCase(request("MESSAGE sip:a@b sip/2.0", {via})).parsed);
}

TEST(Message, AControlCharacterInTheRequestLineIsAFault) {
  for (const std::string_view line :
       {"MESSAGE sip:a\0b SIP/2.0"sv, "MESSAGE sip:a\rb SIP/2.0"sv, "MESSAGE sip:a\nb SIP/2.0"sv,
        "MESSAGE sip:a@b SIP/2.0\r"sv, "MESSAGE sip:a@b SIP/2.0\n"sv}) {
    const MessageCase message(request(line, {via}));
    EXPECT_EQ(message.fault(), Fault::control_character) << line;
    EXPECT_TRUE(is_answerable(*message.view));
  }
}

// A line end is CRLF and nothing else (RFC 3261 7), or two readers of one message could see two.
TEST(Message, LineFeedsAloneAreNoLineEnds) {
  const MessageCase message("MESSAGE sip:a@b SIP/2.0\nVia: SIP/2.0/UDP h\n\n");
  EXPECT_EQ(message.fault(), Fault::control_character);
  EXPECT_FALSE(is_answerable(*message.view));
}

TEST(Message, TheFirstFaultIsTheOneReported) {
  const MessageCase message(request("MESSAGE sip:a@b SIP/3.0", {"l 1", "X: \n", "l: -1"}));
  EXPECT_EQ(message.fault(), Fault::bad_version);
  EXPECT_EQ(MessageCase(request(start, {"l: -1", "l 1"})).fault(), Fault::bad_header_line);
}

TEST(Message, AFaultTellsItsPlace) {
  const MessageCase message("\r\n" + request("A b:c SIP/2.0", {"x: y", "l 1"}));
  ASSERT_FALSE(message.parsed);
  EXPECT_EQ(message.parsed.error().offset, 2U + 15U + 6U);
}

TEST(Message, TheEmptyLineMustBeThere) {
  std::string text = request(start, {via, "Call-ID: x"});
  text.resize(text.size() - 2);
  const MessageCase message(text);
  EXPECT_EQ(message.fault(), Fault::header_not_ended);
  EXPECT_EQ(message.value(HeaderName::call_id), "x");
  EXPECT_EQ(message->body, "");
  EXPECT_EQ(MessageCase(start).fault(), Fault::header_not_ended);
  EXPECT_EQ(MessageCase("SIP/2.0 200 OK").fault(), Fault::header_not_ended);
}

TEST(Message, AMessageMayHaveNoHeaderFields) {
  const MessageCase message(request(start, {}));
  ASSERT_TRUE(message.parsed);
  EXPECT_EQ(message->header_count, 0U);
  EXPECT_FALSE(is_answerable(*message.view));
}

TEST(Message, HeaderFieldsHaveABound) {
  std::string text = std::string(start) + "\r\n" + std::string(via) + "\r\n";
  for (std::size_t i = 1; i < limits::header_fields_max; ++i) text += "X: y\r\n";
  const MessageCase most(text + "\r\nbody");
  ASSERT_TRUE(most.parsed);
  EXPECT_EQ(most->header_count, limits::header_fields_max);
  EXPECT_EQ(most->body, "body");
  const MessageCase too_many(text + "X: y\r\n\r\nbody");
  EXPECT_EQ(too_many.fault(), Fault::too_many_headers);
  EXPECT_EQ(too_many->header_count, limits::header_fields_max);
  EXPECT_TRUE(is_answerable(*too_many.view));
}

TEST(Message, OneHeaderFieldHasABound) {
  const std::string longest = "X: " + std::string(limits::header_field_bytes_max - 3, 'x');
  EXPECT_TRUE(MessageCase(request(start, {longest})).parsed);
  const MessageCase too_long(request(start, {longest + "x", via}));
  EXPECT_EQ(too_long.fault(), Fault::header_too_long);
  EXPECT_TRUE(is_answerable(*too_long.view));
  EXPECT_FALSE(is_answerable(
      *MessageCase(request(start, {"v: SIP/2.0/UDP h;x=" + longest.substr(3)})).view));
}

// RFC 3261 18.3.
TEST(Message, WithoutContentLengthTheBodyGoesToTheEnd) {
  const MessageCase message(request(start, {via}, "a\0b\r\n\r\n"sv));
  ASSERT_TRUE(message.parsed);
  EXPECT_EQ(message->body, "a\0b\r\n\r\n"sv);
}

TEST(Message, BytesBeyondContentLengthAreDropped) {
  EXPECT_EQ(MessageCase(request(start, {"l: 2"}, "abc"))->body, "ab");
  EXPECT_EQ(MessageCase(request(start, {"l: 0"}, "abc"))->body, "");
  EXPECT_EQ(MessageCase(request(start, {"l:\r\n 0003 \r\n "}, "abc"))->body, "abc");
}

TEST(Message, FewerBytesThanContentLengthAreAFault) {
  for (const std::string_view length :
       {"4", "4294967296", "4294967299", "18446744073709551616", "18446744073709551619",
        "99999999999999999999999999999999999999999999"}) {
    const MessageCase message(
        request(start, {via, "Content-Length: " + std::string(length)}, "abc"));
    EXPECT_EQ(message.fault(), Fault::content_length_beyond) << length;
    EXPECT_EQ(message->body, "");
    EXPECT_TRUE(is_answerable(*message.view));
  }
}

TEST(Message, AContentLengthThatIsNoNumberIsAFault) {
  for (const std::string_view length :
       {"", "-1", "-999", "+1", "1 2", "0x1", "1.0", "one", "1,1", "1;a"}) {
    const MessageCase message(request(start, {"Content-Length: " + std::string(length)}, "abc"));
    EXPECT_EQ(message.fault(), Fault::bad_content_length) << length;
    EXPECT_EQ(message->body, "");
  }
}

TEST(Message, ContentLengthMayBeThereOnce) {
  EXPECT_EQ(MessageCase(request(start, {"l: 1", "Content-Length: 2"}, "abc")).fault(),
            Fault::repeated_content_length);
  EXPECT_EQ(MessageCase(request(start, {"l: 1", "l: 1"}, "abc")).fault(),
            Fault::repeated_content_length);
}

TEST(Message, AResponseIsHeldToItsContentLengthToo) {
  EXPECT_EQ(MessageCase(request("SIP/2.0 200 OK", {"l: 4"}, "abc")).fault(),
            Fault::content_length_beyond);
}

TEST(Message, AViewIsUsedAgain) {
  MessageView view;
  EXPECT_EQ(view.find(HeaderName::via), std::nullopt);
  ASSERT_TRUE(parse_message(request(start, {via, "Date: x"}, "abc"), view));
  ASSERT_TRUE(parse_message("SIP/2.0 200 OK\r\nX: y\r\n\r\n", view));
  EXPECT_FALSE(view.is_request);
  EXPECT_EQ(view.method, Method::other);
  EXPECT_EQ(view.method_text, "");
  EXPECT_EQ(view.request_uri, "");
  EXPECT_EQ(view.body, "");
  EXPECT_EQ(view.header_count, 1U);
  EXPECT_FALSE(view.find(HeaderName::via));
  ASSERT_FALSE(parse_message("", view));
  EXPECT_EQ(view.status, 0);
  EXPECT_EQ(view.header_count, 0U);
}

TEST(Message, AFullDatagramIsCut) {
  const std::string head = request(start, {via});
  const MessageCase message(head + std::string(limits::datagram_bytes_max - head.size(), '\r'));
  ASSERT_TRUE(message.parsed);
  EXPECT_EQ(message->body.size(), limits::datagram_bytes_max - head.size());
}

}  // namespace
}  // namespace imcd::parser
