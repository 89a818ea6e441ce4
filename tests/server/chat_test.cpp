// Chat: who gets it, once and in order, however the members behave.

#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {
namespace {

class Chat : public testing::Test {
 protected:
  explicit Chat(Settings settings = default_settings()) : h({.settings = settings}) {}

  void make_room(std::initializer_list<const char*> names) {
    for (const char* name : names) h.peer(name).say("chat", "#join");
    h.run_for(1s);
    for (const char* name : names) h.peer(name).forget();
  }
  Harness h;
};

TEST_F(Chat, EveryMemberButTheSenderGetsTheText) {
  make_room({"alice", "bob", "carol"});
  h.peer("alice").say("chat", "hello");
  h.run_for(1s);
  EXPECT_EQ(h.peer("alice").last_code(), 200);
  EXPECT_TRUE(h.peer("alice").requests.empty());
  for (const char* name : {"bob", "carol"}) {
    ASSERT_EQ(h.peer(name).requests.size(), 1U);
    const Heard& heard = h.peer(name).requests[0];
    EXPECT_EQ(heard.body, "<alice@example.org>: hello");
    EXPECT_EQ(heard.request_uri, h.peer(name).uri());
    EXPECT_EQ(heard.to, "<" + h.peer(name).uri() + ">");
    EXPECT_TRUE(heard.from.starts_with("\"alice@example.org\" <sip:chat@example.org>;tag="));
    EXPECT_NE(heard.bytes.find("Max-Forwards: 69\r\n"), std::string::npos);
    EXPECT_NE(heard.bytes.find("X-IMC-Loop: "), std::string::npos);
    EXPECT_EQ(heard.bytes.find("Contact"), std::string::npos);
    EXPECT_NE(heard.via.find(";rport"), std::string::npos);
  }
  EXPECT_NE(h.peer("bob").requests[0].call_id, h.peer("carol").requests[0].call_id);
  EXPECT_EQ(h.peer("bob").requests[0].call_id.size(), h.peer("carol").requests[0].call_id.size());
}

TEST_F(Chat, NonMembersAndInvitedAreRefused) {
  make_room({"alice", "bob"});
  h.peer("carol").say("chat", "hello");
  h.run_for(1s);
  EXPECT_EQ(h.peer("carol").last_code(), 403);
  h.peer("alice").say("chat", "#invite carol");
  h.run_for(1s);
  h.peer("carol").say("chat", "hello");
  h.run_for(1s);
  EXPECT_EQ(h.peer("carol").last_code(), 403);
  EXPECT_FALSE(h.peer("bob").has_heard("hello"));
  h.peer("alice").say("chat", "to members");
  h.run_for(1s);
  EXPECT_FALSE(h.peer("carol").has_heard("to members"));
  h.peer("carol").say("none", "hello");
  h.run_for(1s);
  EXPECT_EQ(h.peer("carol").last_code(), 404);
}

TEST_F(Chat, OtherContentGoesUnchanged) {
  make_room({"alice", "bob"});
  const std::string body("<x/>\0\xff\r\n\r\n#end", 14);
  h.peer("alice").say("chat", body,
                      "Content-Type: application/x-y;a=\"b c\"\r\nDate: Sat, 13 Nov "
                      "2010 23:29:00 GMT\r\n");
  h.run_for(1s);
  ASSERT_EQ(h.peer("bob").requests.size(), 1U);
  EXPECT_EQ(h.peer("bob").requests[0].body, body);
  EXPECT_EQ(h.peer("bob").requests[0].content_type, "application/x-y;a=\"b c\"");
  EXPECT_NE(h.peer("bob").requests[0].bytes.find("\r\nDate: Sat, 13"), std::string::npos);
}

TEST_F(Chat, MessageWithoutContentTypeIsPlainText) {
  make_room({"alice", "bob"});
  Peer& alice = h.peer("alice");
  alice.send(RequestText{.from = "<sip:alice@example.org>;tag=1", .body = "hello"}.text());
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 200);
  ASSERT_EQ(h.peer("bob").requests.size(), 1U);
  EXPECT_EQ(h.peer("bob").requests[0].content_type, "text/plain");
}

TEST_F(Chat, EmptyMessageIsAcceptedAndGoesNowhere) {
  make_room({"alice", "bob"});
  h.peer("alice").say("chat", "");
  h.run_for(1s);
  EXPECT_EQ(h.peer("alice").last_code(), 200);
  EXPECT_TRUE(h.peer("bob").requests.empty());
}

TEST_F(Chat, OneMessageWaitsForTheAnswerToTheOneBefore) {
  make_room({"alice", "bob"});
  Peer& bob = h.peer("bob");
  bob.answer_delay = 400ms;
  for (const char* text : {"1", "2", "3"}) h.peer("alice").say("chat", text);
  h.run_for(300ms);
  EXPECT_EQ(bob.requests.size(), 1U);
  h.run_for(400ms);
  EXPECT_EQ(bob.requests.size(), 2U);
  h.run_for(1s);
  EXPECT_EQ(bob.heard(),
            (std::vector<std::string>{"<alice@example.org>: 1", "<alice@example.org>: 2",
                                      "<alice@example.org>: 3"}));
}

TEST_F(Chat, LostRequestIsSentAgainByTimerEAndHeardOnce) {
  make_room({"alice", "bob"});
  Peer& bob = h.peer("bob");
  int lost = 0;
  h.network = [&](const Flow& to, std::string_view) {
    return !(to.peer == bob.address && lost++ < 3);
  };
  h.peer("alice").say("chat", "hello");
  h.run_for(10s);
  EXPECT_EQ(bob.heard(), (std::vector<std::string>{"<alice@example.org>: hello"}));
  EXPECT_EQ(h.figures().retransmissions_sent.value(), 3U);  // At 0.5, 1.5 and 3.5 s.
  EXPECT_EQ(h.server().deliveries().in_flight(), 0U);
}

TEST_F(Chat, RetransmissionIsTheSameDatagram) {
  make_room({"alice", "bob"});
  Peer& bob = h.peer("bob");
  bob.manner = Peer::Manner::silent;
  h.peer("alice").say("chat", "hello");
  h.run_for(40s);
  ASSERT_EQ(bob.requests.size(), 11U);  // RFC 3261 17.1.2.2: 0, 0.5, 1.5, 3.5, 7.5 ... 31.5 s.
  for (const Heard& heard : bob.requests) EXPECT_EQ(heard.bytes, bob.requests[0].bytes);
  EXPECT_EQ(at(h.figures().deliveries, DeliveryResult::timed_out).value(), 1U);
}

TEST_F(Chat, LateAnswerOfAnEndedTransactionIsCountedOnly) {
  make_room({"alice", "bob"});
  Peer& bob = h.peer("bob");
  bob.answer_delay = 40s;
  h.peer("alice").say("chat", "hello");
  h.run_for(120s);
  EXPECT_EQ(h.figures().responses_stray.value(), 11U);
  EXPECT_EQ(at(h.figures().deliveries, DeliveryResult::accepted).value() +
                at(h.figures().deliveries, DeliveryResult::timed_out).value(),
            4U);  // Three notices of the two joins too.
}

TEST_F(Chat, MemberThatIsGoneDoesNotHoldUpTheOthers) {
  make_room({"alice", "bob", "carol", "dave"});
  h.peer("bob").manner = Peer::Manner::silent;
  h.peer("carol").answer_code = 480;
  for (int i = 0; i < 5; ++i) h.peer("alice").say("chat", std::to_string(i));
  h.run_for(1s);
  EXPECT_EQ(h.peer("dave").heard().size(), 5U);
  EXPECT_EQ(h.peer("carol").heard().size(), 1U);  // She is away, says her proxy.
  EXPECT_EQ(h.peer("bob").heard().size(), 1U);
}

TEST_F(Chat, QueueOfAUserIsBoundedAndTheSenderIsStillAnswered) {
  make_room({"alice", "bob"});
  h.peer("bob").manner = Peer::Manner::silent;
  for (std::size_t i = 0; i < limits::user_queue_max + 10; ++i) {
    h.peer("alice").say("chat", "x");
    h.run_for(1ms);
  }
  EXPECT_EQ(h.peer("alice").last_code(), 200);
  // One is under way.
  EXPECT_EQ(h.server().deliveries().queued(), limits::user_queue_max);
  EXPECT_EQ(at(h.figures().deliveries, DeliveryResult::dropped).value(), 9U);
}

TEST_F(Chat, ExpiredMessageIsNotDelivered) {
  make_room({"alice", "bob"});
  h.peer("bob").answer_delay = 20s;
  h.peer("alice").say("chat", "first");
  h.peer("alice").say("chat", "late", "Expires: 10\r\nContent-Type: text/plain\r\n");
  h.peer("alice").say("chat", "last");
  h.run_for(100s);
  EXPECT_FALSE(h.peer("bob").has_heard("late"));
  EXPECT_TRUE(h.peer("bob").has_heard("last"));
}

TEST_F(Chat, RemovedMemberGetsNothingFromTheCommandOn) {
  make_room({"alice", "bob", "carol"});
  h.peer("alice").say("chat", "#remove bob");
  h.peer("alice").say("chat", "without bob");  // Before the commit.
  h.run_for(1s);
  EXPECT_FALSE(h.peer("bob").has_heard("without bob"));
  EXPECT_TRUE(h.peer("carol").has_heard("without bob"));
}

TEST_F(Chat, NewMemberGetsChatFromTheCommitOnAndMaySpeakBefore) {
  make_room({"alice", "bob"});
  h.peer("carol").say("chat", "#join");
  h.peer("alice").say("chat", "early");
  h.peer("carol").say("chat", "from carol");
  h.run_for(1s);
  EXPECT_FALSE(h.peer("carol").has_heard("early"));
  EXPECT_TRUE(h.peer("alice").has_heard("from carol"));
  h.peer("alice").say("chat", "later");
  h.run_for(1s);
  EXPECT_TRUE(h.peer("carol").has_heard("later"));
}

TEST_F(Chat, MessageFromOneOfOurRoomsIsNotFannedOutAgain) {
  make_room({"alice", "bob"});
  h.peer("alice").say("chat", "hello");
  h.run_for(1s);
  const std::string& relayed = h.peer("bob").requests[0].bytes;
  const std::size_t marker = relayed.find("X-IMC-Loop");
  const std::string line = relayed.substr(marker, relayed.find("\r\n", marker) + 2 - marker);
  h.peer("bob").say("chat", "again", line + "Content-Type: text/plain\r\n");
  h.run_for(1s);
  EXPECT_EQ(h.peer("bob").last_code(), 482);
  EXPECT_FALSE(h.peer("alice").has_heard("again"));
  EXPECT_EQ(h.figures().loops_detected.value(), 1U);
}

TEST_F(Chat, AutomaticAnswerGoesNowhere) {
  make_room({"alice", "bob"});
  h.peer("bob").say("chat", "I am offline",
                    "Auto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n");
  h.run_for(1s);
  EXPECT_EQ(h.peer("bob").last_code(), 200);
  EXPECT_TRUE(h.peer("alice").requests.empty());
}

TEST_F(Chat, TextTooLongForUdpIsRefusedWith513) {
  make_room({"alice", "bob"});
  h.peer("alice").say("chat", std::string(400, 'x'));
  h.run_for(1s);
  EXPECT_EQ(h.peer("alice").last_code(), 200);
  h.peer("alice").say("chat", std::string(1400, 'x'));
  h.run_for(1s);
  EXPECT_EQ(h.peer("alice").last_code(), 513);
  ASSERT_EQ(h.peer("bob").requests.size(), 1U);
  EXPECT_LE(h.peer("bob").requests[0].bytes.size(), limits::udp_request_bytes_max);
}

TEST_F(Chat, MemberWithoutAWayIsCountedAsUnroutable) {
  h.database.put(records::RoomRow{{"chat", "example.org"}, 0});
  h.database.put(records::MemberRow{{"sip:chat@example.org", "ghost", "nowhere.example"}, 0});
  h.restart();
  make_room({"alice"});
  h.peer("alice").say("chat", "anybody?");
  h.run_for(1s);
  EXPECT_EQ(h.peer("alice").last_code(), 200);
  EXPECT_GE(at(h.figures().deliveries, DeliveryResult::unroutable).value(), 1U);
  EXPECT_EQ(h.server().deliveries().pending_users(), 0U);
}

TEST_F(Chat, WithoutAProxyBranchesAreNotPadded) {
  make_room({"alice", "bob"});
  h.peer("alice").say("chat", "x");
  h.run_for(1s);
  ASSERT_FALSE(h.peer("bob").requests.empty());
  EXPECT_TRUE(h.peer("bob").requests.back().via.find("--") == std::string::npos);
}

class BehindAProxy : public Chat {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.deliveries.outbound_proxies = {Address::ipv4({127, 0, 0, 1}, 6000)};
    return settings;
  }
  BehindAProxy() : Chat(settings()), proxy(h.peer("proxy")) {}
  Peer& proxy;
};

TEST_F(BehindAProxy, AllDeliveriesGoToTheProxy) {
  make_room({"alice", "bob", "carol"});
  proxy.forget();
  h.peer("alice").say("chat", "hello");
  h.run_for(1s);
  EXPECT_EQ(proxy.requests.size(), 2U);
  EXPECT_TRUE(h.peer("bob").requests.empty());
}

// So that the kernel takes a fan-out as runs of datagrams of one size.
TEST_F(BehindAProxy, DeliveriesOfAMessageHaveOneSizeForUrisOfManyLengths) {
  h.database.put(records::RoomRow{{"big", "example.org"}, 0});
  const std::string name(40, 'n');
  for (std::size_t bytes = 1; bytes <= 40; ++bytes) {
    h.database.put(
        records::MemberRow{{"sip:big@example.org", name.substr(0, bytes), "example.org"}, 0});
  }
  h.restart();
  proxy.forget();
  h.peer("n").say("big", "hello");
  h.run_for(1s);
  std::map<std::size_t, int> sizes;
  for (const Heard& request : proxy.requests) {
    ++sizes[request.bytes.size()];
    EXPECT_LE(request.bytes.size(), limits::udp_request_bytes_max);
  }
  EXPECT_EQ(proxy.requests.size(), 39U);
  // `sip:` and `@example.org` take 16 bytes: up to 32 in all, and up to 64.
  EXPECT_EQ(sizes.size(), 2U);
  EXPECT_EQ(h.figures().responses_stray.value(), 0U);
  EXPECT_EQ(h.server().deliveries().in_flight(), 0U);
}

TEST_F(BehindAProxy, HopWindowBoundsWhatIsUnansweredAndYoung) {
  std::vector<std::string> names;
  h.database.put(records::RoomRow{{"big", "example.org"}, 0});
  for (int i = 0; i < 500; ++i) {
    h.database.put(
        records::MemberRow{{"sip:big@example.org", "m" + std::to_string(i), "example.org"}, 0});
  }
  h.restart();
  proxy.manner = Peer::Manner::silent;
  h.peer("m0").say("big", "hello");
  h.run_for(1ms);
  EXPECT_EQ(proxy.requests.size(), 64U);
  h.run_for(1ms);
  EXPECT_EQ(proxy.requests.size(), 128U);  // The first are older than hop_pace now.
  h.run_for(100ms);
  EXPECT_EQ(proxy.requests.size(), 499U);
}

TEST_F(BehindAProxy, RoomOfAThousandGetsEachTextOnceAndInOrderInAnyWeather) {
  h.database.put(records::RoomRow{{"big", "example.org"}, 0});
  for (int i = 0; i < 1000; ++i) {
    h.database.put(
        records::MemberRow{{"sip:big@example.org", "m" + std::to_string(i), "example.org"}, 0});
  }
  h.restart();
  // What each member got, by its R-URI; and how each behaves.
  std::map<std::string, std::vector<std::string>> heard;
  std::map<std::string, bool> seen;
  proxy.manner = Peer::Manner::silent;
  h.network = [&](const Flow& to, std::string_view bytes) {
    if (to.peer != proxy.address || !bytes.starts_with("MESSAGE ")) return true;
    const std::string text(bytes);
    const std::string uri = text.substr(8, text.find(' ', 8) - 8);
    const int number = std::stoi(uri.substr(5));
    const auto line = [&](const char* name) {
      const std::size_t begin = text.find(name);
      return text.substr(begin, text.find("\r\n", begin) + 2 - begin);
    };
    if (!seen[line("Via: ")]) heard[uri].push_back(text.substr(text.find("\r\n\r\n") + 4));
    seen[line("Via: ")] = true;
    if (number % 10 == 3) return true;  // Never answers.
    const int code = number % 10 == 2 ? 480 : 200;
    const Duration delay = number % 10 == 1 ? 700ms : 1ms;  // Late: after a retransmission.
    const std::string response = "SIP/2.0 " + std::to_string(code) + " X\r\n" + line("Via: ") +
                                 line("From: ") + line("To: ") + line("Call-ID: ") +
                                 "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n";
    h.at(delay, [this, response] { proxy.send(response); });
    return true;
  };
  constexpr int texts = 4;
  for (int i = 0; i < texts; ++i) h.peer("m0").say("big", std::to_string(i));
  h.run_for(300s);
  EXPECT_EQ(heard.size(), 999U);
  for (const auto& [uri, bodies] : heard) {
    // Who answers 480 counts as away after the first text, and then only the newest is tried.
    const bool away = uri.substr(5, uri.find('@') - 5).back() == '2';
    const std::vector<int> expected = away ? std::vector{0, texts - 1} : std::vector{0, 1, 2, 3};
    ASSERT_EQ(bodies.size(), expected.size()) << uri;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(bodies[i], "<m0@example.org>: " + std::to_string(expected[i])) << uri;
    }
  }
  EXPECT_FALSE(heard.contains("sip:m0@example.org"));
  EXPECT_TRUE(h.server().is_idle());
  EXPECT_EQ(h.server().deliveries().pending_users(), 0U);
}

}  // namespace
}  // namespace imcd::server
