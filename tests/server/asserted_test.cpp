// Who a request is from, where a trusted peer asserts it (RFC 3325 9.1).

#include <gtest/gtest.h>

#include "server/harness.h"
#include "server/uas_fixture.h"

namespace imcd::server {
namespace {

// Commands of From's alice for whom a trusted peer says something. Each is a request of its own.
class Asserted : public Uas {
 protected:
  Heard answer_to_create(std::string_view fields) {
    const std::string number = std::to_string(++count);
    return answer(RequestText{.via = "SIP/2.0/UDP 127.0.0.1:6000;rport;branch=z9hG4bKa" + number,
                              .call_id = "asserted" + number,
                              .extra = std::string(fields),
                              .body = "#create room" + number});
  }
  int count = 0;
};

TEST_F(Asserted, AssertedIdentityThatCannotBeReadIsRefusedNotPassedOver) {
  const Heard heard =
      answer(RequestText{.extra = "P-Asserted-Identity: <sip:carol@\r\n", .body = "#create"});
  EXPECT_EQ(heard.code, 403);
  EXPECT_NE(heard.reason.find("P-Asserted-Identity"), std::string::npos);
  EXPECT_TRUE(h.database.of<records::MemberRow>().empty());
}

// RFC 3325 9.1: one SIP value, and one tel beside it.
TEST_F(Asserted, OneSipValueAndOneTelInAnyOrderNameTheSipUser) {
  for (const std::string_view fields : {
           "P-Asserted-Identity: <sip:carol@example.org>, <tel:+15550100>\r\n",
           "P-Asserted-Identity: tel:+15550100, sips:carol@example.org\r\n",
           "P-Asserted-Identity: tel:+15550100\r\nP-Asserted-Identity: sip:carol@example.org\r\n",
           "P-Asserted-Identity:\r\nP-Asserted-Identity: \"C\" <sip:carol@example.org>\r\n",
       }) {
    EXPECT_EQ(answer_to_create(fields).code, 200) << fields;
    EXPECT_EQ(h.database.of<records::MemberRow>().count(
                  {"sip:room" + std::to_string(count) + "@example.org", "carol", "example.org"}),
              1U)
        << fields;
  }
}

TEST_F(Asserted, TwoSipValuesAreRefusedInOneFieldOrTwo) {
  for (const std::string_view fields : {
           "P-Asserted-Identity: <sip:alice@example.org>, <sip:carol@example.org>\r\n",
           "P-Asserted-Identity: <sip:carol@example.org>, <sips:alice@example.org>\r\n",
           "P-Asserted-Identity: sip:carol@example.org, tel:+15550100, sip:carol@example.org\r\n",
           "P-Asserted-Identity: sip:alice@example.org\r\nP-Asserted-Identity: "
           "im:carol@example.org\r\n",
           "P-Asserted-Identity: sip:192.0.2.7:5090\r\nP-Asserted-Identity: "
           "sip:alice@example.org\r\n",
       }) {
    const Heard heard = answer_to_create(fields);
    EXPECT_EQ(heard.code, 403) << fields;
    EXPECT_EQ(heard.reason, "Two SIP Identities In P-Asserted-Identity") << fields;
  }
  EXPECT_TRUE(h.database.of<records::MemberRow>().empty());
}

TEST_F(Asserted, WhatNamesNoRoomUserIsNeverAReasonToBelieveFrom) {
  const std::string overlong =
      "P-Asserted-Identity: <sip:" + std::string(65, 'a') + "@example.org>\r\n";
  const std::string long_host =
      "P-Asserted-Identity: <sip:alice@" + std::string(125, 'h') + ".org>\r\n";
  for (const std::string_view fields : {
           std::string_view("P-Asserted-Identity: tel:+15550100\r\n"),
           std::string_view("P-Asserted-Identity: <sip:192.0.2.7:5090>\r\n"),
           std::string_view("P-Asserted-Identity: <sip:192.0.2.7:5090>\r\nP-Asserted-Identity: "
                            "tel:+15550100\r\n"),
           std::string_view("P-Asserted-Identity: <mailto:alice@example.org>\r\n"),
           std::string_view("P-Asserted-Identity: <pres:alice@example.org>\r\n"),
           std::string_view("P-Asserted-Identity:\r\n"),
           std::string_view("P-Asserted-Identity: \r\nP-Asserted-Identity:\r\n"),
           std::string_view("P-Asserted-Identity: ,\r\n"),
           std::string_view("P-Asserted-Identity: <sip:alice@example.org>,\r\n"),
           std::string_view("P-Asserted-Identity: alice\r\n"),
           std::string_view("P-Asserted-Identity: <sip:anonymous@anonymous.invalid>\r\n"),
           std::string_view("Privacy: id\r\nP-Asserted-Identity: tel:+15550100\r\n"),
           std::string_view(overlong),
           std::string_view(long_host),
       }) {
    EXPECT_EQ(answer_to_create(fields).code, 403) << fields;
  }
  EXPECT_TRUE(h.database.of<records::MemberRow>().empty());
}

}  // namespace
}  // namespace imcd::server
