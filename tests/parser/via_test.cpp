#include "parser/via.h"

#include <gtest/gtest.h>

#include "guarded_bytes.h"

namespace imcd::parser {
namespace {

struct Case {
  explicit Case(std::string_view text)
      : bytes(text), via(parse_via(bytes.view())), usable(usable_via(bytes.view())) {}
  const Via* operator->() const { return &via.value(); }
  GuardedBytes bytes;
  Parsed<Via> via;
  std::optional<Via> usable;
};

TEST(Via, IsTakenApart) {
  const Case via(
      "SIP/2.0/UDP "
      "host.example.com:5070;branch=z9hG4bKabc;rport;received=192.0.2.1;maddr=192.0.2.2;"
      "ttl=16;x=\"a;b,c\"");
  ASSERT_TRUE(via.via);
  EXPECT_EQ(via->transport, "UDP");
  EXPECT_EQ(via->host, "host.example.com");
  EXPECT_EQ(via->port, 5070);
  EXPECT_EQ(via->branch, "z9hG4bKabc");
  EXPECT_TRUE(via->has_branch_cookie);
  EXPECT_TRUE(via->has_rport);
  EXPECT_EQ(via->received, "192.0.2.1");
  EXPECT_EQ(via->maddr, "192.0.2.2");
  EXPECT_EQ(via->text, via.bytes.view());
  EXPECT_EQ(via->sent, "SIP/2.0/UDP host.example.com:5070");
  EXPECT_EQ(std::string(via->sent) + std::string(via->parameters), via->text);
  EXPECT_EQ(via->next, via.bytes.view().size());
}

TEST(Via, ParametersMayBeMissing) {
  const Case via("SIP/2.0/TCP 192.0.2.1");
  ASSERT_TRUE(via.via);
  EXPECT_EQ(via->port, 0);
  EXPECT_EQ(via->branch, "");
  EXPECT_FALSE(via->has_branch_cookie);
  EXPECT_FALSE(via->has_rport);
  EXPECT_EQ(via->parameters, "");
}

TEST(Via, NamesAreFoundInAnyCase) {
  const Case via("sip/2.0/udp h;BRANCH=Z9HG4BKx;RPort=5062;Received=1.2.3.4;MADDR=h");
  ASSERT_TRUE(via.via);
  EXPECT_EQ(via->branch, "Z9HG4BKx");
  EXPECT_TRUE(via->has_branch_cookie);
  EXPECT_TRUE(via->has_rport);
  EXPECT_EQ(via->received, "1.2.3.4");
  EXPECT_EQ(via->maddr, "h");
}

// RFC 4475 3.2.1: the cookie without more identifies nothing.
TEST(Via, TheCookieAloneIsNoTransactionIdentifier) {
  EXPECT_FALSE(Case("SIP/2.0/UDP h;branch=z9hG4bK")->has_branch_cookie);
  EXPECT_FALSE(Case("SIP/2.0/UDP h;branch=390skdjuw")->has_branch_cookie);
  EXPECT_FALSE(Case("SIP/2.0/UDP h;branch=z9hG4b")->has_branch_cookie);
  EXPECT_TRUE(Case("SIP/2.0/UDP h;branch=z9hG4bK1")->has_branch_cookie);
}

// RFC 4475 3.1.1.1.
TEST(Via, WhiteSpaceAndFoldsMayStandAroundSeparators) {
  const Case via(
      "SIP  / 2.0\r\n /\tUDP\r\n    192.0.2.2 : 5061 ;\r\n  branch  =   z9hG4bK9ikj8 ; x  ");
  ASSERT_TRUE(via.via);
  EXPECT_EQ(via->transport, "UDP");
  EXPECT_EQ(via->host, "192.0.2.2");
  EXPECT_EQ(via->port, 5061);
  EXPECT_EQ(via->branch, "z9hG4bK9ikj8");
  EXPECT_EQ(via->text.back(), 'x');
  EXPECT_EQ(via->next, via.bytes.view().size());
}

TEST(Via, AListGoesOnBehindTheComma) {
  const Case list("SIP/2.0/TCP a;x=\",\" ,\r\n SIP/2.0/UDP b:5070;branch=z9hG4bK2");
  ASSERT_TRUE(list.via);
  EXPECT_EQ(list->host, "a");
  EXPECT_EQ(list->text, "SIP/2.0/TCP a;x=\",\"");
  const Case second(list.bytes.view().substr(list->next));
  ASSERT_TRUE(second.via);
  EXPECT_EQ(second->host, "b");
  EXPECT_EQ(second->branch, "z9hG4bK2");
}

TEST(Via, Ipv6StandsInBracketsAndInReceivedWithoutToo) {
  const Case bare("SIP/2.0/UDP [2001:db8::9:1]:5070;received=2001:db8::9:255;branch=z9hG4bKas3");
  ASSERT_TRUE(bare.via);
  EXPECT_EQ(bare->host, "[2001:db8::9:1]");
  EXPECT_EQ(bare->port, 5070);
  EXPECT_EQ(bare->received, "2001:db8::9:255");
  EXPECT_EQ(bare->branch, "z9hG4bKas3");
  EXPECT_EQ(Case("SIP/2.0/UDP [::1];received=[2001:db8::9:255]")->received, "[2001:db8::9:255]");
  EXPECT_EQ(Case("SIP/2.0/UDP [::1];maddr=[2001:db8::1]")->maddr, "[2001:db8::1]");
}

// RFC 3261 20.42: any version is read, so that a request of another one can be refused.
TEST(Via, ProtocolNameAndVersionAreNotJudged) { EXPECT_TRUE(Case("SIP/7.0/X-NEW h").via); }

TEST(Via, MalformedOnesAreRefused) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      " "sv,
                                      "SIP"sv,
                                      "SIP/2.0"sv,
                                      "SIP/2.0/UDP"sv,
                                      "SIP/2.0/UDP "sv,
                                      "SIP/2.0/ h"sv,
                                      "SIP//UDP h"sv,
                                      "/2.0/UDP h"sv,
                                      "SIP/2.0/UDP;h"sv,
                                      "SIP/2.0/UDP h x"sv,
                                      "SIP/2.0/UDP h:"sv,
                                      "SIP/2.0/UDP h:0"sv,
                                      "SIP/2.0/UDP h:65536"sv,
                                      "SIP/2.0/UDP h:x"sv,
                                      "SIP/2.0/UDP 2001:db8::1"sv,
                                      "SIP/2.0/UDP [::1"sv,
                                      "SIP/2.0/UDP 192.0.2"sv,
                                      "SIP/2.0/UDP a_@b"sv,
                                      "SIP/2.0/UDP h;"sv,
                                      "SIP/2.0/UDP h;;branch=x"sv,
                                      "SIP/2.0/UDP h;branch"sv,
                                      "SIP/2.0/UDP h;branch="sv,
                                      "SIP/2.0/UDP h;branch=\"x\""sv,
                                      "SIP/2.0/UDP h;branch=a:b"sv,
                                      "SIP/2.0/UDP h;branch=a b"sv,
                                      "SIP/2.0/UDP h;branch=a@b"sv,
                                      "SIP/2.0/UDP h;branch=a;branch=a"sv,
                                      "SIP/2.0/UDP h;rport=x"sv,
                                      "SIP/2.0/UDP h;rport="sv,
                                      "SIP/2.0/UDP h;rport=65536"sv,
                                      "SIP/2.0/UDP h;rport=\"1\""sv,
                                      "SIP/2.0/UDP h;rport;rport"sv,
                                      "SIP/2.0/UDP h;received"sv,
                                      "SIP/2.0/UDP h;received=\"a\""sv,
                                      "SIP/2.0/UDP h;received=1.2.3.4;received=1.2.3.5"sv,
                                      "SIP/2.0/UDP h;maddr"sv,
                                      "SIP/2.0/UDP h;maddr=::1"sv,
                                      "SIP/2.0/UDP h;maddr=\"h\""sv,
                                      "SIP/2.0/UDP h;maddr=a;maddr=b"sv,
                                      "SIP/2.0/UDP h;ttl"sv,
                                      "SIP/2.0/UDP h;ttl=256"sv,
                                      "SIP/2.0/UDP h;ttl=0001"sv,
                                      "SIP/2.0/UDP h;ttl=-1"sv,
                                      "SIP/2.0/UDP h;x=\"open"sv,
                                      "SIP/2.0/UDP h;x=\"a\\"sv,
                                      "SIP/2.0/UDP h;x=\"a\r\nb\""sv,
                                      "SIP/2.0/UDP h;x=\"\\\r\n b\""sv,
                                      "SIP/2.0/UDP h;x=\"a\0\""sv,
                                      "SIP/2.0/UDP h;\0"sv,
                                      "SIP/2.0/UDP h\r\n;x"sv,
                                      "SIP/2.0/UDP\r\nh"sv,
                                      "SIP/2.0/UDP h,"sv,
                                      "SIP/2.0/UDP h, "sv,
                                      "SIP/2.0/UDP h,,SIP/2.0/UDP b"sv,
                                      ",SIP/2.0/UDP h"sv}) {
    const Case via(text);
    ASSERT_FALSE(via.via) << text;
    EXPECT_EQ(via.via.error().fault, Fault::bad_via);
    EXPECT_LE(via.via.error().offset, text.size());
  }
}

TEST(UsableVia, IsTheSameAsParsedWhenNothingIsWrong) {
  const Case via("SIP/2.0/UDP h;branch=z9hG4bKa;rport, SIP/2.0/UDP b");
  ASSERT_TRUE(via.via);
  ASSERT_TRUE(via.usable);
  EXPECT_EQ(via.usable->text, via->text);
  EXPECT_EQ(via.usable->branch, via->branch);
  EXPECT_EQ(via.usable->next, via->next);
}

// RFC 4475 3.1.2.1: such a request is answered, so sent-by must be found.
TEST(UsableVia, EndsBeforeTheFault) {
  const Case empty_parameters("SIP/2.0/UDP 192.0.2.15;;,;,,");
  ASSERT_TRUE(empty_parameters.usable);
  EXPECT_EQ(empty_parameters.usable->text, "SIP/2.0/UDP 192.0.2.15");
  EXPECT_EQ(empty_parameters.usable->next, empty_parameters.bytes.view().size());
  const Case bad_rport("SIP/2.0/UDP h:5070;branch=z9hG4bKa;rport=x;maddr=b");
  ASSERT_TRUE(bad_rport.usable);
  EXPECT_EQ(bad_rport.usable->text, "SIP/2.0/UDP h:5070;branch=z9hG4bKa");
  EXPECT_EQ(bad_rport.usable->branch, "z9hG4bKa");
  EXPECT_FALSE(bad_rport.usable->has_rport);
  EXPECT_EQ(bad_rport.usable->maddr, "");
  const Case bad_list("SIP/2.0/UDP h;rport,,SIP/2.0/UDP b");
  ASSERT_TRUE(bad_list.usable);
  EXPECT_TRUE(bad_list.usable->has_rport);
  EXPECT_EQ(bad_list.usable->next, bad_list.bytes.view().size());
}

TEST(UsableVia, NeedsAWholeSentBy) {
  for (const std::string_view text : {"", "SIP/2.0/UDP", "SIP/2.0/UDP ;branch=x", "SIP/2.0/UDP h:x",
                                      "SIP/2.0/UDP [::1", "UDP h"}) {
    EXPECT_FALSE(Case(text).usable) << text;
  }
}

}  // namespace
}  // namespace imcd::parser
