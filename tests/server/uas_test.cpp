// What a UAS must answer (docs/RFC.md "RFC 3261: what we answer"), as far as it concerns UDP.

#include <gtest/gtest.h>

#include "server/harness.h"
#include "server/uas_fixture.h"

namespace imcd::server {
namespace {

TEST_F(Uas, MandatoryHeaderThatIsMissingIsNamed) {
  for (const char* name : {"From", "To", "Call-ID", "CSeq"}) {
    std::string bytes = RequestText{.body = "#create"}.text();
    const std::size_t begin = bytes.find(std::string("\r\n") + name) + 2;
    bytes.erase(begin, bytes.find("\r\n", begin) + 2 - begin);
    const Heard heard = answer(bytes);
    EXPECT_EQ(heard.code, 400) << name;
    EXPECT_NE(heard.reason.find(name), std::string::npos) << heard.reason;
  }
}

TEST_F(Uas, RequestWithoutViaIsDropped) {
  std::string bytes = RequestText{}.text();
  const std::size_t begin = bytes.find("Via");
  bytes.erase(begin, bytes.find("\r\n", begin) + 2 - begin);
  EXPECT_EQ(answer(bytes).code, 0);
  EXPECT_EQ(h.figures().datagrams_dropped.value(), 1U);
}

TEST_F(Uas, CseqMethodMustMatch) { EXPECT_EQ(answer(RequestText{.cseq = "1 OPTIONS"}).code, 400); }

TEST_F(Uas, UnknownMethodGets405WithAllow) {
  const Heard heard = answer(RequestText{.method = "INFO", .cseq = "1 INFO"});
  EXPECT_EQ(heard.code, 405);
  EXPECT_NE(heard.bytes.find("Allow: MESSAGE, OPTIONS"), std::string::npos);
}

TEST_F(Uas, AckIsNeverAnswered) {
  EXPECT_EQ(answer(RequestText{.method = "ACK", .cseq = "1 ACK"}).code, 0);
}

TEST_F(Uas, CancelOfAKnownRequestGets200AndOfAnUnknownOne481) {
  EXPECT_EQ(answer(RequestText{.method = "CANCEL", .cseq = "1 CANCEL"}).code, 481);
  answer(RequestText{.body = "#create"});
  EXPECT_EQ(answer(RequestText{.method = "CANCEL", .cseq = "1 CANCEL"}).code, 200);
}

TEST_F(Uas, OptionsIsAnsweredWhateverTheUserPartAndHops) {
  RequestText options{.method = "OPTIONS",
                      .request_uri = "sip:nobody@example.org",
                      .to = "<sip:127.0.0.1>",
                      .cseq = "1 OPTIONS",
                      .max_forwards = "0"};
  const Heard heard = answer(options);
  EXPECT_EQ(heard.code, 200);
  EXPECT_NE(heard.bytes.find("\r\nAllow: "), std::string::npos);
  EXPECT_NE(heard.bytes.find("\r\nAccept: "), std::string::npos);
  EXPECT_NE(heard.bytes.find("\r\nSupported:"), std::string::npos);
}

TEST_F(Uas, NoHopsLeftGets483) {
  EXPECT_EQ(answer(RequestText{.max_forwards = "0", .body = "#create"}).code, 483);
}

TEST_F(Uas, RequiredExtensionGets420WithUnsupported) {
  const Heard heard = answer(RequestText{.extra = "Require: foo, bar\r\n", .body = "#create"});
  EXPECT_EQ(heard.code, 420);
  EXPECT_NE(heard.bytes.find("Unsupported: foo, bar\r\n"), std::string::npos);
}

TEST_F(Uas, ToTagGets481) {
  EXPECT_EQ(answer(RequestText{.to = "<sip:chat@example.org>;tag=x", .body = "#create"}).code, 481);
}

TEST_F(Uas, SchemeThatNamesNoRoomGets416) {
  EXPECT_EQ(answer(RequestText{.request_uri = "tel:+123", .body = "#create"}).code, 416);
}

// RFC 3261 8.2.2.1: no reason for a 416, but no room either.
TEST_F(Uas, ToOfAnotherSchemeGets404) {
  EXPECT_EQ(answer(RequestText{.to = "<http://example.org>", .body = "#create"}).code, 404);
}

// RFC 4475 3.3.2 and 3.3.5.
TEST_F(Uas, OptionsIsCheckedForSchemeAndRequire) {
  RequestText ping{.method = "OPTIONS", .request_uri = "tel:+123", .cseq = "1 OPTIONS"};
  EXPECT_EQ(answer(ping).code, 416);
  ping.request_uri = "sip:127.0.0.1";
  ping.via = "SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bKb";
  ping.extra = "Require: foo\r\n";
  EXPECT_EQ(answer(ping).code, 420);
}

TEST_F(Uas, RoomWithoutUserPartGets404) {
  EXPECT_EQ(answer(RequestText{.to = "<sip:example.org>", .body = "#create"}).code, 404);
}

TEST_F(Uas, SenderWithoutIdentityGets403) {
  EXPECT_EQ(answer(RequestText{.from = "<sip:example.org>;tag=1", .body = "#create"}).code, 403);
}

TEST_F(Uas, OtherVersionGets505) {
  std::string bytes = RequestText{}.text();
  bytes.replace(bytes.find("SIP/2.0"), 7, "SIP/3.0");
  EXPECT_EQ(answer(bytes).code, 505);
}

TEST_F(Uas, BodyShorterThanContentLengthGets400AndLongerIsCut) {
  std::string bytes = RequestText{.body = "#create"}.text();
  bytes.replace(bytes.find("Length: 7"), 9, "Length: 9");
  EXPECT_EQ(answer(bytes).code, 400);
  bytes.replace(bytes.find("Length: 9"), 9, "Length: 5");
  EXPECT_EQ(answer(bytes).code, 400);  // "#crea" is no command.
  EXPECT_TRUE(alice.has_heard("\"#crea\""));
}

TEST_F(Uas, ResponseGoesToTheSourcePortWithRportAndReceived) {
  const Heard heard = answer(
      RequestText{.via = "SIP/2.0/UDP host.invalid:9999;rport;branch=z9hG4bKr", .body = "#help"});
  EXPECT_EQ(heard.code, 200);
  EXPECT_NE(heard.via.find("received=127.0.0.1"), std::string::npos) << heard.via;
  EXPECT_NE(heard.via.find("rport=6000"), std::string::npos) << heard.via;
}

TEST_F(Uas, WithoutRportTheResponseGoesToTheSentByPort) {
  Peer& other = h.peer("other");
  other.manner = Peer::Manner::silent;
  alice.send(
      RequestText{.via = "SIP/2.0/UDP 127.0.0.1:6001;branch=z9hG4bKr", .body = "#help"}.text());
  h.run_for(10ms);
  ASSERT_EQ(other.responses.size(), 1U);
}

TEST_F(Uas, AllViasComeBackInOrder) {
  const Heard heard =
      answer(RequestText{.via = "SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK1, SIP/2.0/UDP a;branch=2"
                                "\r\nv: SIP/2.0/TCP b;branch=3",
                         .body = "#help"});
  const std::size_t first = heard.bytes.find("branch=z9hG4bK1");
  const std::size_t second = heard.bytes.find("branch=2");
  const std::size_t third = heard.bytes.find("branch=3");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
}

TEST_F(Uas, UntrustedSourcesAreToldTenTimesASecondThenNothing) {
  for (int i = 0; i < 30; ++i) {
    h.deliver(Address::ipv4({192, 0, 2, 1}, 6000), RequestText{.body = "#create"}.text());
  }
  EXPECT_EQ(h.figures().responses_sent.value(), 10U);
  h.run_for(1s);
  h.deliver(Address::ipv4({192, 0, 2, 1}, 6000), RequestText{.body = "#create"}.text());
  EXPECT_EQ(h.figures().responses_sent.value(), 11U);
  EXPECT_EQ(at(h.figures().refused, RefusalCause::untrusted).value(), 31U);
  EXPECT_EQ(h.server().conference().rooms().size(), 0U);
}

// Nobody has traffic sent to a third party by naming him.
TEST_F(Uas, TheMaddrOfAnUntrustedSourceIsNotFollowed) {
  Peer& victim = h.peer("victim");
  victim.address = Address::ipv4({127, 0, 0, 1}, 7000);
  Peer& stranger = h.peer("stranger");
  stranger.address = Address::ipv4({192, 0, 2, 1}, 7000);
  const std::string via = "SIP/2.0/UDP 192.0.2.1:7000;maddr=127.0.0.1;branch=z9hG4bKs";
  const auto tell = [&](const std::string& bytes) {
    h.deliver(stranger.address, bytes);
    h.run_for(100ms);
  };
  tell(RequestText{.via = via + "1", .body = "#create"}.text());
  tell(RequestText{.via = via + "2;rport", .body = "#create"}.text());
  tell(RequestText{.method = "OPTIONS", .via = via + "3", .cseq = "1 OPTIONS"}.text());
  tell(RequestText{.via = via + "4", .cseq = "none"}.text());  // Malformed.
  EXPECT_EQ(stranger.responses.size(), 4U);
  EXPECT_TRUE(victim.responses.empty());
  // RFC 3261 18.2.2 holds for those whom we believe.
  alice.send(RequestText{.via = "SIP/2.0/UDP 127.0.0.1:7000;maddr=127.0.0.1;branch=z9hG4bKs5",
                         .body = "#help"}
                 .text());
  h.run_for(100ms);
  EXPECT_EQ(victim.responses.size(), 1U);
}

TEST_F(Uas, KeepalivesAndNoiseAreDroppedInSilence) {
  for (const char* bytes : {"", "\r\n\r\n", "\r\n", "hello", "\x01\x02\x03\x04", "SIP/2.0 ",
                            "INVITE", "SIP/2.0 200 OK\r\n\r\n"}) {
    EXPECT_EQ(answer(std::string(bytes)).code, 0) << bytes;
  }
  EXPECT_EQ(h.figures().responses_sent.value(), 0U);
}

TEST_F(Uas, SameDatagramThreeTimesIsOneExecutionAndThreeIdenticalResponses) {
  const std::string bytes = RequestText{.body = "#create"}.text();
  for (int i = 0; i < 3; ++i) {
    alice.send(bytes);
    h.run_for(1s);
  }
  ASSERT_EQ(alice.responses.size(), 3U);
  EXPECT_EQ(alice.responses[0].code, 200);
  EXPECT_EQ(alice.responses[0].bytes, alice.responses[1].bytes);
  EXPECT_EQ(alice.responses[0].bytes, alice.responses[2].bytes);
  EXPECT_EQ(alice.heard().size(), 1U);
  EXPECT_EQ(h.figures().commands_accepted.value(), 1U);
  EXPECT_EQ(h.figures().retransmissions_received.value(), 2U);
}

TEST_F(Uas, RefusalsToo) {
  for (const char* body : {"#nonsense", "hello", "#accept"}) {
    RequestText request{.body = body};
    request.via += body + 1;
    const Heard first = answer(request);
    const Heard second = answer(request);
    EXPECT_GE(first.code, 400) << body;
    EXPECT_EQ(first.bytes, second.bytes) << body;
  }
}

TEST_F(Uas, AnswerIsForgottenAfterTimerJ) {
  const std::string bytes = RequestText{.body = "#help"}.text();
  answer(bytes);
  EXPECT_EQ(h.server().server_transactions(), 1U);
  h.run_for(31s);
  EXPECT_EQ(h.server().server_transactions(), 1U);
  h.run_for(1s);
  EXPECT_EQ(h.server().server_transactions(), 0U);
}

TEST_F(Uas, RequestThatCameByAnotherWayIsMergedAndNotExecutedAgain) {
  EXPECT_EQ(answer(RequestText{.body = "#create one"}).code, 200);
  RequestText other_way{.via = "SIP/2.0/UDP 127.0.0.1:6000;rport;branch=z9hG4bKother",
                        .body = "#create two"};
  EXPECT_EQ(answer(other_way).code, 482);
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
  other_way.cseq = "2 MESSAGE";
  EXPECT_EQ(answer(other_way).code, 200);
  // Forgotten with its transaction.
  h.run_for(33s);
  EXPECT_EQ(answer(RequestText{.via = "SIP/2.0/UDP 127.0.0.1:6000;rport;branch=z9hG4bKthird",
                               .body = "#create three"})
                .code,
            200);
}

// RFC 3261 8.2.2.2 with who sent it: nobody takes the place of another's request.
TEST_F(Uas, AnotherUsersEqualIdsAreNoReasonToTakeHerRequestForMerged) {
  RequestText hers{.body = "#create one"};
  RequestText mallorys = hers;
  mallorys.via += "mallory";
  mallorys.from = "<sip:mallory@example.org>;tag=f1";
  mallorys.body = "#create two";
  EXPECT_EQ(answer(mallorys).code, 200);
  EXPECT_EQ(answer(hers).code, 200);
  EXPECT_EQ(h.server().conference().rooms().size(), 2U);
  // Her own, come by another way and spelled in another form, is merged; and so is his.
  hers.via += "other";
  hers.from = "\"Alice\" <sips:ALICE@Example.ORG:5061>;tag=f1";
  EXPECT_EQ(answer(hers).code, 482);
  mallorys.via += "other";
  EXPECT_EQ(answer(mallorys).code, 482);
}

// Who sent it is who was asserted, whatever From says.
TEST_F(Uas, MergedRequestsAreThoseOfWhomAProxyAsserts) {
  RequestText hers{.extra = "P-Asserted-Identity: <sip:alice@example.org>\r\n", .body = "#help"};
  RequestText mallorys = hers;
  mallorys.via += "mallory";
  mallorys.extra = "P-Asserted-Identity: <sip:mallory@example.org>\r\n";
  EXPECT_EQ(answer(mallorys).code, 200);
  EXPECT_EQ(answer(hers).code, 200);
  hers.via += "other";
  hers.from = "<sip:alice.liddell@example.org>;tag=f1";
  EXPECT_EQ(answer(hers).code, 482);
}

TEST_F(Uas, ContentEncodingOnACommandGets415WithAcceptEncoding) {
  const Heard heard = answer(RequestText{.extra = "Content-Encoding: gzip\r\n", .body = "#create"});
  EXPECT_EQ(heard.code, 415);
  EXPECT_NE(heard.bytes.find("Accept-Encoding: identity"), std::string::npos);
}

TEST_F(Uas, PAssertedIdentityCountsBeforeFrom) {
  answer(RequestText{.extra = "P-Asserted-Identity: \"Carol\" <sip:carol@example.org>\r\n",
                     .body = "#create"});
  EXPECT_EQ(
      h.database.of<records::MemberRow>().count({"sip:chat@example.org", "carol", "example.org"}),
      1U);
}

TEST_F(Uas, AnonymousMayNotEnter) {
  EXPECT_EQ(answer(RequestText{.extra = "Privacy: id\r\n", .body = "#create"}).code, 403);
  EXPECT_EQ(answer(RequestText{.via = "SIP/2.0/UDP 127.0.0.1:6000;rport;branch=z9hG4bKx",
                               .from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1",
                               .body = "#create"})
                .code,
            403);
  EXPECT_EQ(h.server().conference().rooms().size(), 0U);
}

TEST_F(Uas, ResponsesToNothingAreCountedOnly) {
  alice.send(
      "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKforged\r\n"
      "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 MESSAGE\r\n"
      "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(h.figures().responses_stray.value(), 1U);
  EXPECT_EQ(h.figures().responses_sent.value(), 0U);
}

TEST(Loading, RequestsGet503WithRetryAfterUntilTheRoomsAreLoaded) {
  Harness h({.load = false});
  Peer& alice = h.peer("alice");
  alice.say("chat", "#create");
  h.run_for(10ms);
  EXPECT_EQ(alice.last_code(), 503);
  EXPECT_EQ(alice.responses.back().retry_after, "5");
  alice.send(RequestText{.method = "OPTIONS", .cseq = "1 OPTIONS"}.text());
  h.run_for(10ms);
  EXPECT_EQ(alice.last_code(), 503);
}

}  // namespace
}  // namespace imcd::server
