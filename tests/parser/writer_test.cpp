#include "parser/writer.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "guarded_bytes.h"

namespace imcd::parser {
namespace {

using namespace std::string_view_literals;

std::string line_text(std::string_view text) {
  const GuardedBytes guarded(text);
  ByteBuffer out;
  write_line_text(out, guarded.view());
  return std::string(out.view());
}

std::string quoted_text(std::string_view text, std::size_t bytes_max = 1000) {
  const GuardedBytes guarded(text);
  ByteBuffer out;
  write_quoted_text(out, guarded.view(), bytes_max);
  return std::string(out.view());
}

const Address source = *parse_address("192.0.2.1:5070");

std::string response_to(std::string_view request, const Address& from = source,
                        std::string_view to_tag = "ours") {
  const GuardedBytes guarded(request);
  const auto view = std::make_unique<MessageView>();
  static_cast<void>(parse_message(guarded.view(), *view));
  ByteBuffer out;
  write_response_head(out, *view, from, {200, "OK"}, to_tag);
  end_without_body(out);
  return std::string(out.view());
}

// The Via fields of the response to a request that has these.
std::string vias_for(std::string_view vias, const Address& from = source) {
  const std::string response =
      response_to("OPTIONS sip:a@b SIP/2.0\r\n" + std::string(vias) + "\r\n\r\n", from);
  constexpr std::string_view before = "SIP/2.0 200 OK\r\n";
  constexpr std::string_view after = "\r\nContent-Length: 0\r\n\r\n";
  EXPECT_TRUE(response.starts_with(before) && response.ends_with(after)) << response;
  return response.substr(before.size(), response.size() - before.size() - after.size());
}

TEST(LineText, OrdinaryTextIsUnchanged) {
  EXPECT_EQ(line_text(""), "");
  EXPECT_EQ(line_text("a \tb  c \xc3\xbc\xff"), "a \tb  c \xc3\xbc\xff");
}

TEST(LineText, AFoldIsOneBlank) {
  EXPECT_EQ(line_text("a\r\n b"), "a b");
  EXPECT_EQ(line_text("a  \r\n\t b"), "a  b");
  EXPECT_EQ(line_text("a\r\n \r\n b"), "a b");
}

TEST(LineText, NoControlCharacterGetsThrough) {
  EXPECT_EQ(line_text("a\0b"sv), "a b");
  EXPECT_EQ(line_text("a\rb\nc\r\nd"), "a b c d");
  EXPECT_EQ(line_text("\r\n\r\nVia: x"), " Via: x");
  EXPECT_EQ(line_text("\x01\x1f\x7f"), "   ");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (const char c : line_text(all)) {
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\t');
    EXPECT_NE(c, '\x7f');
  }
}

TEST(QuotedText, QuotesAndBackslashesAreEscaped) {
  EXPECT_EQ(quoted_text(R"(a"b\c)"), R"(a\"b\\c)");
  EXPECT_EQ(quoted_text(""), "");
}

TEST(QuotedText, ControlCharactersAreBlanks) {
  EXPECT_EQ(quoted_text("a\0b\r\n c\nd\te"sv), "a b c d\te");
}

TEST(QuotedText, BrokenUtf8IsReplaced) {
  EXPECT_EQ(quoted_text("\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80"),
            "\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(quoted_text("\xff\x80"), "??");
  EXPECT_EQ(quoted_text("\xc3"), "?");
  EXPECT_EQ(quoted_text("\xc3("), "?(");
  EXPECT_EQ(quoted_text("\xc0\xaf"), "??") << "overlong";
  EXPECT_EQ(quoted_text("\xe0\x80\xaf"), "???") << "overlong";
  EXPECT_EQ(quoted_text("\xf0\x80\x80\xaf"), "????") << "overlong";
  EXPECT_EQ(quoted_text("\xed\xa0\x80"), "???") << "a surrogate";
  EXPECT_EQ(quoted_text("\xf4\x90\x80\x80"), "????") << "beyond U+10FFFF";
  EXPECT_EQ(quoted_text("\xe2\x82"), "??");
  EXPECT_EQ(quoted_text("\xf0\x9f\x98"), "???");
}

TEST(QuotedText, IsCutBetweenCodePointsAndEscapes) {
  EXPECT_EQ(quoted_text("abc", 2), "ab");
  EXPECT_EQ(quoted_text("a\xc3\xbc", 2), "a");
  EXPECT_EQ(quoted_text("a\xc3\xbc", 3), "a\xc3\xbc");
  EXPECT_EQ(quoted_text("a\xe2\x82\xac", 3), "a");
  EXPECT_EQ(quoted_text("a\"b", 2), "a");
  EXPECT_EQ(quoted_text("a\"b", 3), "a\\\"");
  EXPECT_EQ(quoted_text("abc", 0), "");
}

TEST(ResponseHead, CopiesWhatRfc3261Names) {
  EXPECT_EQ(response_to("MESSAGE sip:room@b SIP/2.0\r\n"
                        "Subject: not copied\r\n"
                        "i: 1@b\r\n"
                        "v: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1\r\n"
                        "CSEQ: 7 \r\n MESSAGE\r\n"
                        "t: <sip:room@b>\r\n"
                        "f: \"A\" <sip:a@b>;tag=1\r\n"
                        "Via: SIP/2.0/TCP c, SIP/2.0/TCP d;received=192.0.2.9\r\n"
                        "\r\nbody"),
            "SIP/2.0 200 OK\r\n"
            "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1\r\n"
            "Via: SIP/2.0/TCP c, SIP/2.0/TCP d;received=192.0.2.9\r\n"
            "From: \"A\" <sip:a@b>;tag=1\r\n"
            "To: <sip:room@b>;tag=ours\r\n"
            "Call-ID: 1@b\r\n"
            "CSeq: 7 MESSAGE\r\n"
            "Content-Length: 0\r\n\r\n");
}

std::string to_for(std::string_view to, std::string_view to_tag = "ours") {
  const std::string response =
      response_to("OPTIONS sip:a@b SIP/2.0\r\nTo: " + std::string(to) + "\r\n\r\n", source, to_tag);
  const std::size_t begin = response.find("To: ") + 4;
  return response.substr(begin, response.find("\r\n", begin) - begin);
}

TEST(ResponseHead, ATagIsAddedWhereToHasNone) {
  EXPECT_EQ(to_for("sip:a@b"), "sip:a@b;tag=ours");
  EXPECT_EQ(to_for("<sip:a@b;tag=x>"), "<sip:a@b;tag=x>;tag=ours");
  EXPECT_EQ(to_for("\";tag=x\" <sip:a@b>"), "\";tag=x\" <sip:a@b>;tag=ours");
  EXPECT_EQ(to_for("<sip:a@b>;tag=x"), "<sip:a@b>;tag=x");
  EXPECT_EQ(to_for("<sip:a@b> ; TAG = x"), "<sip:a@b> ; TAG = x");
  EXPECT_EQ(to_for("<sip:a@b>", ""), "<sip:a@b>");
  EXPECT_EQ(to_for("<sip:a@b>\r\n ;x=y"), "<sip:a@b> ;x=y;tag=ours");
}

TEST(ResponseHead, AToThatCannotBeParsedGetsATagUnlessItSeemsToHaveOne) {
  EXPECT_EQ(to_for("< sip:a@b >"), "< sip:a@b >;tag=ours");
  EXPECT_EQ(to_for("< sip:a@b >; tag=x"), "< sip:a@b >; tag=x");
}

// RFC 3261 18.2.1.
TEST(ResponseHead, ReceivedIsAddedWhenTheSourceIsNotSentBy) {
  EXPECT_EQ(vias_for("Via: SIP/2.0/UDP 192.0.2.1"), "Via: SIP/2.0/UDP 192.0.2.1");
  EXPECT_EQ(vias_for("Via: SIP/2.0/UDP 192.0.2.9;branch=x"),
            "Via: SIP/2.0/UDP 192.0.2.9;branch=x;received=192.0.2.1");
  EXPECT_EQ(vias_for("Via: SIP/2.0/UDP host.example.com:5070"),
            "Via: SIP/2.0/UDP host.example.com:5070;received=192.0.2.1");
}

// RFC 3581 4: then both are added, even when the source is sent-by.
TEST(ResponseHead, RportIsFilledWhenItIsAskedFor) {
  EXPECT_EQ(vias_for("Via: SIP/2.0/UDP 192.0.2.1;rport;branch=x"),
            "Via: SIP/2.0/UDP 192.0.2.1;branch=x;received=192.0.2.1;rport=5070");
}

TEST(ResponseHead, WhatThePeerClaimsAboutItsSourceIsReplaced) {
  EXPECT_EQ(vias_for("Via: SIP/2.0/UDP h;Received=192.0.2.77;RPORT=1;x"),
            "Via: SIP/2.0/UDP h;x;received=192.0.2.1;rport=5070");
  EXPECT_EQ(vias_for("Via: SIP/2.0/UDP 192.0.2.1;received=192.0.2.77"),
            "Via: SIP/2.0/UDP 192.0.2.1");
}

TEST(ResponseHead, OnlyTheTopViaIsChanged) {
  EXPECT_EQ(
      vias_for("Via: SIP/2.0/UDP a;rport ,\r\n SIP/2.0/UDP b;rport\r\nVia: SIP/2.0/UDP c;rport"),
      "Via: SIP/2.0/UDP a;received=192.0.2.1;rport=5070, SIP/2.0/UDP b;rport\r\n"
      "Via: SIP/2.0/UDP c;rport");
}

// RFC 3261 25.1, via-received: no brackets there.
TEST(ResponseHead, AnIpv6SourceIsWrittenWithoutBrackets) {
  const Address ipv6 = *parse_address("[2001:db8::9]:5061");
  EXPECT_EQ(vias_for("Via: SIP/2.0/UDP [2001:db8::1];rport", ipv6),
            "Via: SIP/2.0/UDP [2001:db8::1];received=2001:db8::9;rport=5061");
  EXPECT_EQ(vias_for("Via: SIP/2.0/UDP [2001:DB8:0::9]", ipv6), "Via: SIP/2.0/UDP [2001:DB8:0::9]");
}

TEST(ResponseHead, OfAMalformedTopViaTheUsablePartIsWritten) {
  EXPECT_EQ(vias_for("Via: SIP/2.0/UDP 192.0.2.15;branch=x;;,;,,"),
            "Via: SIP/2.0/UDP 192.0.2.15;branch=x;received=192.0.2.1");
}

// No caller should ask for it, but if one does, it does no harm.
TEST(ResponseHead, AnUnusableTopViaIsOneCleanLine) {
  EXPECT_EQ(vias_for("Via: nonsense\nFrom: x"), "Via: nonsense From: x");
}

TEST(ResponseHead, FoldsAndOddSpacingBecomeOneLine) {
  EXPECT_EQ(vias_for("Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.1;branch\r\n = 390skdjuw"),
            "Via: SIP  /   2.0 /UDP 192.0.2.1;branch = 390skdjuw");
}

TEST(ResponseHead, WhatIsMissingIsLeftOut) {
  EXPECT_EQ(response_to("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n\r\n"),
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(response_to(""), "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseHead, WithoutASourceNothingIsAdded) {
  EXPECT_EQ(vias_for("Via: SIP/2.0/UDP h;rport", Address{}), "Via: SIP/2.0/UDP h");
}

TEST(ResponseHead, TheSameRequestGivesTheSameBytes) {
  const std::string request =
      "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;rport\r\nTo: sip:a@b\r\n\r\n";
  EXPECT_EQ(response_to(request), response_to(request));
}

TEST(WriteField, WritesTextAndNumbers) {
  ByteBuffer out;
  write_field(out, "Allow", "MESSAGE, OPTIONS");
  write_field(out, "Retry-After", 30);
  write_field(out, "Max", UINT64_MAX);
  end_without_body(out);
  EXPECT_EQ(out.view(),
            "Allow: MESSAGE, OPTIONS\r\nRetry-After: 30\r\nMax: 18446744073709551615\r\n"
            "Content-Length: 0\r\n\r\n");
}

std::string target_of(std::string_view via, std::string_view from = "192.0.2.1:40000") {
  const auto parsed = parse_via(via);
  return parsed ? address_text(response_target(*parsed, *parse_address(from))) : "bad via";
}

// RFC 3261 18.2.2.
TEST(ResponseTarget, IsTheSourceAddressWithTheSentByPort) {
  EXPECT_EQ(target_of("SIP/2.0/UDP 192.0.2.9:5070"), "192.0.2.1:5070");
  EXPECT_EQ(target_of("SIP/2.0/UDP host.example.com"), "192.0.2.1:5060");
  EXPECT_EQ(target_of("SIP/2.0/UDP h;received=192.0.2.9"), "192.0.2.1:5060");
  EXPECT_EQ(target_of("SIP/2.0/UDP [::1]:5071", "[2001:db8::1]:1"), "[2001:db8::1]:5071");
}

TEST(ResponseTarget, IsTheSourceWithItsPortWhenRportIsAskedFor) {
  EXPECT_EQ(target_of("SIP/2.0/UDP h:5070;rport"), "192.0.2.1:40000");
}

TEST(ResponseTarget, IsMaddrWhenThatIsAnAddress) {
  EXPECT_EQ(target_of("SIP/2.0/UDP h:5070;maddr=192.0.2.77;rport"), "192.0.2.77:5070");
  EXPECT_EQ(target_of("SIP/2.0/UDP h;maddr=[2001:db8::7]"), "[2001:db8::7]:5060");
  EXPECT_EQ(target_of("SIP/2.0/UDP h:5070;maddr=host.example.com"), "192.0.2.1:5070");
}

}  // namespace
}  // namespace imcd::parser
