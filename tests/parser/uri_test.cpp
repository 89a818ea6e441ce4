#include "parser/uri.h"

#include <gtest/gtest.h>

#include "guarded_bytes.h"

namespace imcd::parser {
namespace {

struct Case {
  explicit Case(std::string_view text) : bytes(text), uri(parse_uri(bytes.view())) {}
  const Uri* operator->() const { return &uri.value(); }
  GuardedBytes bytes;
  Parsed<Uri> uri;
};

std::string key_of(std::string_view text) {
  const Case uri(text);
  std::string key;
  return uri.uri && write_address_of_record_key(key, *uri.uri) ? key : "none";
}

TEST(Uri, IsTakenApart) {
  const Case uri("sips:alice:secret@example.com:5061;transport=tcp;lr?subject=hi&priority=");
  ASSERT_TRUE(uri.uri);
  EXPECT_EQ(uri->scheme, Scheme::sips);
  EXPECT_EQ(uri->scheme_text, "sips");
  EXPECT_EQ(uri->text, uri.bytes.view());
  EXPECT_TRUE(uri->has_user);
  EXPECT_EQ(uri->user, "alice");
  EXPECT_EQ(uri->password, "secret");
  EXPECT_EQ(uri->host, "example.com");
  EXPECT_EQ(uri->port, 5061);
  EXPECT_EQ(uri->parameters, "transport=tcp;lr");
  EXPECT_EQ(uri->headers, "subject=hi&priority=");
}

TEST(Uri, AHostAloneIsEnough) {
  const Case uri("sip:example.com");
  ASSERT_TRUE(uri.uri);
  EXPECT_FALSE(uri->has_user);
  EXPECT_EQ(uri->user, "");
  EXPECT_EQ(uri->host, "example.com");
  EXPECT_EQ(uri->port, 0);
}

TEST(Uri, TheSchemeIsFoundInAnyCase) {
  EXPECT_EQ(Case("SIP:a@b")->scheme, Scheme::sip);
  EXPECT_EQ(Case("SiPs:a@b")->scheme, Scheme::sips);
  EXPECT_EQ(Case("IM:a@b")->scheme, Scheme::im);
  EXPECT_EQ(Case("pres:a@b")->scheme, Scheme::pres);
  EXPECT_EQ(Case("TEL:+1-201-555-0123;phone-context=x")->scheme, Scheme::tel);
  EXPECT_EQ(Case("http://[::1]:80/~x?y=z")->scheme, Scheme::other);
  EXPECT_EQ(Case("soap.beep://192.0.2.103:3002")->scheme_text, "soap.beep");
}

TEST(Uri, WhatFollowsAForeignSchemeStaysWhole) {
  const Case uri("tel:+1-201-555-0123;phone-context=example.com");
  ASSERT_TRUE(uri.uri);
  EXPECT_EQ(uri->opaque, "+1-201-555-0123;phone-context=example.com");
  EXPECT_EQ(uri->host, "");
  EXPECT_EQ(uri->user, "");
}

TEST(Uri, ImUrisAreTakenApartToo) {
  const Case uri("im:fred@example.com?subject=hi");
  ASSERT_TRUE(uri.uri);
  EXPECT_EQ(uri->user, "fred");
  EXPECT_EQ(uri->host, "example.com");
  EXPECT_EQ(uri->headers, "subject=hi");
}

// RFC 3261 19.1.2: semicolons and question marks may stand in a user part (RFC 4475 3.1.1.9).
TEST(Uri, TheUserEndsAtTheAtSignWhateverIsInIt) {
  const Case semicolon("sip:user;par=u%40example.net@example.com");
  ASSERT_TRUE(semicolon.uri);
  EXPECT_EQ(semicolon->user, "user;par=u%40example.net");
  EXPECT_EQ(semicolon->parameters, "");
  const Case question("sip:a?b/c&d=e+f$g,h@example.com;x=y");
  ASSERT_TRUE(question.uri);
  EXPECT_EQ(question->user, "a?b/c&d=e+f$g,h");
  EXPECT_EQ(question->headers, "");
  EXPECT_EQ(question->parameters, "x=y");
}

TEST(Uri, Utf8InTheUserIsAccepted) { EXPECT_TRUE(Case("sip:j\xc3\xbcrgen@example.com").uri); }

TEST(Uri, AnIpv6ReferenceIsAHost) {
  const Case bare("sip:user@[2001:db8::10]");
  ASSERT_TRUE(bare.uri);
  EXPECT_EQ(bare->host, "[2001:db8::10]");
  EXPECT_EQ(bare->port, 0);
  const Case with_port("sip:[2001:db8::10]:5070;lr");
  ASSERT_TRUE(with_port.uri);
  EXPECT_EQ(with_port->host, "[2001:db8::10]");
  EXPECT_EQ(with_port->port, 5070);
  EXPECT_EQ(with_port->parameters, "lr");
}

TEST(Uri, MalformedOnesAreRefused) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      "sip"sv,
                                      "sip:"sv,
                                      ":a@b"sv,
                                      "1sip:a@b"sv,
                                      "s ip:a@b"sv,
                                      " sip:a@b"sv,
                                      "sip:a@b "sv,
                                      "sip: a@b"sv,
                                      "<sip:a@b>"sv,
                                      "sip:@b"sv,
                                      "sip::x@b"sv,
                                      "sip:a@"sv,
                                      "sip:a@@b"sv,
                                      "sip:a@b@c"sv,
                                      "sip:a b@c"sv,
                                      "sip:a\0b@c"sv,
                                      "sip:a@b\0"sv,
                                      "sip:a@b\r\n"sv,
                                      "sip:a\r\n b@c"sv,
                                      "sip:a\tb@c"sv,
                                      "sip:a\x01@c"sv,
                                      "sip:a\x7f@c"sv,
                                      "sip:a<b@c"sv,
                                      "sip:a\"b@c"sv,
                                      "sip:a#b@c"sv,
                                      "sip:%@c"sv,
                                      "sip:%4@c"sv,
                                      "sip:%4g@c"sv,
                                      "sip:a%"sv,
                                      "sip:a:p:q@c"sv,
                                      "sip:a:p%z@c"sv,
                                      "sip:a@b:"sv,
                                      "sip:a@b:0"sv,
                                      "sip:a@b:65536"sv,
                                      "sip:a@b:50 60"sv,
                                      "sip:a@b:x"sv,
                                      "sip:2001:db8::10"sv,
                                      "sip:a@[::1"sv,
                                      "sip:a@[::1]5"sv,
                                      "sip:a@b;"sv,
                                      "sip:a@b;;x"sv,
                                      "sip:a@b;x="sv,
                                      "sip:a@b;=x"sv,
                                      "sip:a@b;x=y=z"sv,
                                      "sip:a@b; lr"sv,
                                      "sip:a@b;x=\xc3\xbc"sv,
                                      "sip:a@b;x=%"sv,
                                      "sip:a@b?"sv,
                                      "sip:a@b?x"sv,
                                      "sip:a@b?=x"sv,
                                      "sip:a@b?x=y&"sv,
                                      "sip:a@b?x=y;z"sv,
                                      "sip:a@\xc3\xbc"sv,
                                      "tel:"sv,
                                      "tel:+1 2"sv,
                                      "isbn:"sv,
                                      "http://a<b"sv,
                                      "http://a%2"sv}) {
    const Case uri(text);
    ASSERT_FALSE(uri.uri) << text;
    EXPECT_EQ(uri.uri.error().fault, Fault::bad_uri);
    EXPECT_LE(uri.uri.error().offset, text.size());
  }
}

TEST(Uri, AFaultTellsItsPlace) {
  EXPECT_EQ(Case("sip:alice@example.com:x").uri.error().offset, 22U);
  EXPECT_EQ(Case("sip:alice@example.com;lr x").uri.error().offset, 24U);
}

TEST(Uri, AVeryLongOneIsAccepted) {
  const std::string user(60000, 'u');
  const Case uri("sip:" + user + "@example.com");
  ASSERT_TRUE(uri.uri);
  EXPECT_EQ(uri->user.size(), user.size());
}

TEST(AddressOfRecordKey, CaseEscapesPortAndParametersMakeNoDifference) {
  const std::string key = "alice@example.com";
  EXPECT_EQ(key_of("sip:alice@example.com"), key);
  EXPECT_EQ(key_of("SIPS:ALICE@Example.COM:5061;transport=tcp?x=y"), key);
  EXPECT_EQ(key_of("sip:%61%4Cice:secret@example.com."), key);
  EXPECT_EQ(key_of("im:Alice@example.com"), key);
}

// RFC 3261 19.1.4: an escaped reserved character is not the bare one.
TEST(AddressOfRecordKey, EscapesOfReservedCharactersStay) {
  EXPECT_EQ(key_of("sip:a%40B@c"), "a%40b@c");
  EXPECT_EQ(key_of("sip:a%3bb@c"), "a%3Bb@c");
  EXPECT_EQ(key_of("sip:a;b@c"), "a;b@c");
  EXPECT_EQ(key_of("sip:a+b@c"), "a+b@c");
  EXPECT_EQ(key_of("sip:a%2Bb@c"), "a%2Bb@c");
  EXPECT_EQ(key_of("sip:a%00b%0d%0A@c"), "a%00b%0D%0A@c");
  EXPECT_EQ(key_of("sip:a%2Db@c"), "a-b@c");
}

TEST(AddressOfRecordKey, Utf8IsTheSameEscapedAndNot) {
  EXPECT_EQ(key_of("sip:\xc3\xbc@c"), "%C3%BC@c");
  EXPECT_EQ(key_of("sip:%c3%BC@c"), "%C3%BC@c");
}

TEST(AddressOfRecordKey, AnIpv6HostIsSpelledOneWay) {
  EXPECT_EQ(key_of("sip:a@[2001:DB8:0:0::1]"), "a@[2001:db8::1]");
  EXPECT_EQ(key_of("sip:a@[2001:db8::1]:5060"), "a@[2001:db8::1]");
}

TEST(AddressOfRecordKey, WithoutUserOrHostThereIsNone) {
  for (const std::string_view text : {"sip:example.com", "tel:+123", "http://a@b"}) {
    const Case uri(text);
    ASSERT_TRUE(uri.uri) << text;
    std::string out = "before";
    EXPECT_FALSE(write_address_of_record_key(out, *uri.uri));
    EXPECT_EQ(out, "before");
  }
}

// Text that no parse_uri has seen, such as a command's argument.
TEST(AddressOfRecordKey, WhateverIsNoUserCharacterIsEscaped) {
  using namespace std::string_view_literals;
  std::string out;
  write_user_key(out, "a b\r\n\0<%4%41%"sv);
  EXPECT_EQ(out, "a%20b%0D%0A%00%3C%254a%25");
  out.clear();
  write_user_key(out, "");
  write_host_key(out, "");
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace imcd::parser
