// Deliveries' manners towards users and next hops (DESIGN 5), loops, and load.

#include <deque>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {
namespace {

class Manners : public testing::Test {
 protected:
  explicit Manners(Settings settings = default_settings()) : h({.settings = settings}) {
    for (Peer* const who : {&alice, &bob, &carol}) who->say("chat", "#join");
    h.run_for(1s);
    for (Peer* const who : {&alice, &bob, &carol}) who->forget();
  }
  Harness h;
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
  Peer& carol = h.peer("carol");
};

// --- Users who are away
// ---------------------------------------------------------------------------

TEST_F(Manners, UserAnswering480IsAwayAndGetsTheNewestMessageAfterTheDelay) {
  bob.answer_code = 480;
  for (int i = 0; i < 5; ++i) {
    alice.say("chat", std::to_string(i));
    h.run_for(100ms);
  }
  EXPECT_EQ(bob.heard(), std::vector<std::string>{"<alice@example.org>: 0"});
  EXPECT_EQ(h.figures().users_away.value(), 1);
  bob.answer_code = 200;
  h.run_for(29s);
  EXPECT_EQ(bob.heard().size(), 1U);
  h.run_for(2s);
  // The newest, then one word about what was missed.
  EXPECT_EQ(bob.heard(), (std::vector<std::string>{
                             "<alice@example.org>: 0", "<alice@example.org>: 4",
                             "*** Messages that you missed while you could not be reached: 3."}));
  EXPECT_EQ(h.figures().users_away.value(), 0);
  alice.say("chat", "back");
  h.run_for(1s);
  EXPECT_TRUE(bob.has_heard("back"));
}

TEST_F(Manners, DelaysDoubleUpToTenMinutes) {
  bob.answer_code = 404;
  std::vector<MonoTime> tries;
  for (int i = 0; i < 3000; ++i) {
    alice.say("chat", std::to_string(i));
    h.run_for(1s);
  }
  for (const Heard& heard : bob.requests) tries.push_back(heard.at);
  ASSERT_GE(tries.size(), 7U);
  const auto gap = [&](std::size_t i) {
    return std::chrono::round<std::chrono::seconds>(tries[i + 1] - tries[i]);
  };
  EXPECT_EQ(gap(0), 30s);
  EXPECT_EQ(gap(1), 60s);
  EXPECT_EQ(gap(2), 120s);
  EXPECT_EQ(gap(4), 480s);
  EXPECT_EQ(gap(5), 600s);
}

TEST_F(Manners, ThreeTimeoutsInARowMakeAway) {
  bob.manner = Peer::Manner::silent;
  for (int i = 0; i < 6; ++i) alice.say("chat", std::to_string(i));
  h.run_for(90s);
  EXPECT_EQ(h.figures().users_away.value(), 0);
  EXPECT_EQ(bob.heard().size(), 3U);
  h.run_for(7s);
  EXPECT_EQ(h.figures().users_away.value(), 1);
  EXPECT_EQ(h.server().deliveries().queued(), 1U);
}

TEST_F(Manners, AnswerBetweenTimeoutsStartsTheCountAgain) {
  bob.manner = Peer::Manner::silent;
  alice.say("chat", "1");
  alice.say("chat", "2");
  h.run_for(70s);
  bob.manner = Peer::Manner::answers;
  alice.say("chat", "3");
  h.run_for(1s);
  bob.manner = Peer::Manner::silent;
  alice.say("chat", "4");
  alice.say("chat", "5");
  h.run_for(70s);
  EXPECT_EQ(h.figures().users_away.value(), 0);
}

TEST_F(Manners, MessageFromTheUserEndsItsAbsence) {
  bob.answer_code = 480;
  alice.say("chat", "1");
  h.run_for(1s);
  alice.say("chat", "2");
  h.run_for(1s);
  EXPECT_EQ(bob.heard().size(), 1U);
  bob.answer_code = 200;
  bob.say("chat", "I am back");
  h.run_for(1s);
  EXPECT_TRUE(bob.has_heard("2"));
  EXPECT_EQ(h.figures().users_away.value(), 0);
}

TEST_F(Manners, RetryAfterOfAUserIsHonoured) {
  bob.answer_code = 480;
  bob.answer_headers = "Retry-After: 90 (lunch)\r\n";
  alice.say("chat", "1");
  h.run_for(1s);
  alice.say("chat", "2");
  bob.answer_code = 200;
  h.run_for(88s);
  EXPECT_FALSE(bob.has_heard("2"));
  h.run_for(3s);
  EXPECT_TRUE(bob.has_heard("2"));
}

TEST_F(Manners, AbsenceIsForgottenInTheEnd) {
  bob.answer_code = 410;
  alice.say("chat", "1");
  h.run_for(1s);
  EXPECT_EQ(h.server().deliveries().resting_users(), 1U);
  h.run_for(20min);
  EXPECT_EQ(h.server().deliveries().resting_users(), 0U);
  EXPECT_EQ(h.figures().users_away.value(), 0);
  EXPECT_FALSE(h.server().next_deadline());
}

TEST_F(Manners, FullQueueIsToldOnceOnReturn) {
  bob.answer_delay = 20s;
  for (std::size_t i = 0; i < limits::user_queue_max + 10; ++i) {
    alice.say("chat", "x");
    h.run_for(1ms);
  }
  h.run_for(19s);
  bob.answer_delay = 1ms;
  h.run_for(60s);
  std::size_t told = 0;
  for (const std::string& body : bob.heard()) {
    if (body.starts_with("*** Messages that you missed")) {
      ++told;
      EXPECT_TRUE(body.ends_with(" 9.")) << body;
    }
  }
  EXPECT_EQ(told, 1U);
}

// --- Next hops
// ------------------------------------------------------------------------------------

class TwoProxies : public testing::Test {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.deliveries.outbound_proxies = {Address::ipv4({127, 0, 0, 1}, 6000),
                                            Address::ipv4({127, 0, 0, 1}, 6001)};
    return settings;
  }
  TwoProxies() : h({.settings = settings()}) {
    alice.say("chat", "#join");
    h.peer("bob").say("chat", "#join");
    h.run_for(2s);
    first.forget();
    second.forget();
  }
  Harness h;
  Peer& first = h.peer("first");
  Peer& second = h.peer("second");
  Peer& alice = h.peer("alice");
};

TEST_F(TwoProxies, TheFirstTakesEverythingWhileItLives) {
  h.run_for(60s);
  alice.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(first.has_heard("hello"));
  EXPECT_FALSE(second.has_heard("hello"));
}

TEST_F(TwoProxies, SilenceToOptionsPassesItOverUntilItAnswersAgain) {
  first.manner = Peer::Manner::silent;
  h.run_for(10s);
  EXPECT_EQ(h.figures().proxies_down.value(), 1);
  alice.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(second.has_heard("hello"));
  first.manner = Peer::Manner::answers;
  h.run_for(4s);
  alice.say("chat", "again");
  h.run_for(1s);
  EXPECT_TRUE(first.has_heard("again"));
}

TEST_F(TwoProxies, AClosedPortPassesItOverAtOnceUntilItAnswersAgain) {
  h.run_for(10s);
  first.manner = Peer::Manner::silent;
  h.refuse(first.address);
  alice.say("chat", "hello");
  h.run_for(100ms);
  EXPECT_TRUE(second.has_heard("hello"));
  EXPECT_FALSE(first.has_heard("hello"));
  first.manner = Peer::Manner::answers;
  h.run_for(4s);
  alice.say("chat", "again");
  h.run_for(1s);
  EXPECT_TRUE(first.has_heard("again"));
}

TEST_F(TwoProxies, A503SendsTheMessageToTheOther) {
  first.answer_code = 503;
  alice.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(first.has_heard("hello"));
  EXPECT_TRUE(second.has_heard("hello"));
  EXPECT_EQ(h.figures().deliveries_retried.value(), 1U);
  alice.say("chat", "more");
  h.run_for(100ms);
  EXPECT_TRUE(second.has_heard("more"));
}

TEST_F(TwoProxies, MessageThatTimedOutIsNotSentElsewhere) {
  first.manner = Peer::Manner::silent;
  alice.say("chat", "hello");
  h.run_for(60s);
  EXPECT_TRUE(first.has_heard("hello"));
  EXPECT_FALSE(second.has_heard("hello"));
}

class OneProxy : public testing::Test {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.deliveries.outbound_proxies = {Address::ipv4({127, 0, 0, 1}, 6000)};
    return settings;
  }
  explicit OneProxy(int members = 2) : h({.settings = settings()}) {
    h.database.rooms[{"chat", "example.org"}] = 0;
    for (int i = 0; i < members; ++i) {
      h.database.members[{"sip:chat@example.org", "m" + std::to_string(i), "example.org"}] = 0;
    }
    h.restart();
  }
  Harness h;
  Peer& proxy = h.peer("proxy");
  Peer& sender = h.peer("m0");
};

TEST_F(OneProxy, IsUsedAlthoughItsPortWasClosed) {
  h.refuse(proxy.address);
  sender.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(proxy.has_heard("hello"));
}

TEST_F(OneProxy, RetryAfterOfTheProxyPausesAllAndLosesNothing) {
  proxy.answer_code = 503;
  proxy.answer_headers = "Retry-After: 7\r\n";
  sender.say("chat", "hello");
  h.run_for(1s);
  EXPECT_EQ(proxy.requests.size(), 1U);
  proxy.answer_code = 200;
  sender.say("chat", "more");
  h.run_for(5500ms);
  EXPECT_EQ(proxy.requests.size(), 1U);
  h.run_for(2s);
  EXPECT_EQ(proxy.heard(),
            (std::vector<std::string>{"<m0@example.org>: hello", "<m0@example.org>: hello",
                                      "<m0@example.org>: more"}));
}

TEST_F(OneProxy, A503WithoutRetryAfterIsARefusal) {
  proxy.answer_code = 503;
  sender.say("chat", "hello");
  h.run_for(60s);
  EXPECT_EQ(proxy.requests.size(), 1U);
  EXPECT_EQ(at(h.figures().deliveries, DeliveryResult::refused).value(), 1U);
}

TEST_F(OneProxy, MessageIsTriedThreeTimesAtMost) {
  proxy.answer_code = 503;
  proxy.answer_headers = "Retry-After: 1\r\n";
  sender.say("chat", "hello");
  h.run_for(60s);
  EXPECT_EQ(proxy.requests.size(), limits::delivery_tries_max);
  EXPECT_TRUE(h.server().is_idle());
}

// A proxy with the receive buffer of a default socket: 212,992 bytes hold 166 datagrams of 560
// bytes; it takes one every so often, and what does not fit is lost.
class SlowProxy : public OneProxy {
 protected:
  SlowProxy() : OneProxy(1000) { proxy.manner = Peer::Manner::silent; }

  void serve(Duration interval) {
    h.network = [this](const Flow& to, std::string_view bytes) {
      if (to.peer != proxy.address) return true;
      if (buffer.size() >= 166) {
        ++lost;
      } else {
        buffer.emplace_back(bytes);
      }
      return false;
    };
    take(interval);
  }
  void take(Duration interval) {
    h.at(interval, [this, interval] {
      if (!buffer.empty()) {
        const std::string bytes = buffer.front();
        buffer.pop_front();
        ++taken;
        const auto line = [&](const char* name) {
          const std::size_t begin = bytes.find(name);
          return bytes.substr(begin, bytes.find("\r\n", begin) + 2 - begin);
        };
        proxy.send("SIP/2.0 200 OK\r\n" + line("Via: ") + line("From: ") + line("To: ") +
                   line("Call-ID: ") + "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n");
      }
      take(interval);
    });
  }
  std::deque<std::string> buffer;
  std::size_t lost = 0;
  std::size_t taken = 0;
};

TEST_F(SlowProxy, FanOutToADefaultBufferLosesAndRetransmitsNothing) {
  serve(25us);  // 40,000 a second.
  for (int i = 0; i < 10; ++i) sender.say("chat", std::to_string(i));
  h.run_for(3s);
  EXPECT_EQ(taken, 9990U);
  EXPECT_EQ(lost, 0U);
  EXPECT_EQ(h.figures().retransmissions_sent.value(), 0U);
}

TEST_F(SlowProxy, PaceSlowsForAProxyThatLosesUntilItLosesNoMore) {
  serve(500us);  // 2,000 a second: far less than 64 each 2 ms.
  for (int second = 0; second < 60; ++second) {
    sender.say("chat", std::to_string(second));
    h.run_for(1s);
  }
  const std::size_t lost_before = lost;
  const std::size_t taken_before = taken;
  for (int second = 0; second < 10; ++second) {
    sender.say("chat", std::to_string(second));
    h.run_for(1s);
  }
  EXPECT_LT((lost - lost_before) * 20, taken - taken_before);
}

// --- Loops
// ----------------------------------------------------------------------------------------

TEST_F(Manners, RoomAsMemberOfARoomStopsAtOnce) {
  Peer& self = h.peer("self");
  // Deliveries to a room's address come back to us, as they would through a proxy.
  h.network = [&](const Flow& to, std::string_view bytes) {
    if (to.peer == self.address && bytes.starts_with("MESSAGE")) {
      h.at(1ms, [&h = h, &self, text = std::string(bytes)] { h.deliver(self.address, text); });
    }
    return true;
  };
  self.manner = Peer::Manner::silent;
  carol.say("other", "#create");
  h.run_for(1s);
  alice.say("chat", fmt::format("#add sip:other@{}", address_text(self.address)));
  h.run_for(1s);
  const std::uint64_t before = h.figures().requests_sent.value();
  alice.say("chat", "round and round");
  h.run_for(10s);
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_LE(h.figures().requests_sent.value() - before, 3U);
  EXPECT_GE(h.figures().loops_detected.value(), 1U);
  EXPECT_TRUE(bob.has_heard("round and round"));
}

TEST_F(Manners, MessageFromAnotherServersRoomGoesNowhere) {
  bob.say("chat", "from afar",
          "X-IMC-Loop: feedfeedfeedfeed;sip:far@example.net\r\nContent-Type: text/plain\r\n");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 482);
  EXPECT_FALSE(alice.has_heard("from afar"));
}

TEST_F(Manners, OfflineNoticeFromTheRoomsOwnAddressGoesNowhere) {
  RequestText notice{.via = "SIP/2.0/UDP 127.0.0.1:6001;rport;branch=z9hG4bKoff",
                     .from = "<sip:chat@example.org>;tag=1",
                     .call_id = "offline",
                     .extra = "Content-Type: text/plain\r\n",
                     .body = "[Offline message] bob is not online"};
  bob.send(notice.text());
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 482);
  EXPECT_TRUE(alice.requests.empty());
  EXPECT_TRUE(carol.requests.empty());
  EXPECT_EQ(h.figures().loops_detected.value(), 1U);
}

class RoomRate : public Manners {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.room_rate = 10;
    settings.conference.max_rooms = 2;
    return settings;
  }
  RoomRate() : Manners(settings()) {}
};

// Two clients send all they hear back to the room, as their own.
TEST_F(RoomRate, StormThatCarriesNoMarkIsHeldToTheRoomsRate) {
  h.network = [&](const Flow& to, std::string_view bytes) {
    if ((to.peer == bob.address || to.peer == carol.address) && bytes.starts_with("MESSAGE")) {
      Peer& who = to.peer == bob.address ? bob : carol;
      h.at(1ms, [&who] { who.say("chat", "again"); });
    }
    return true;
  };
  const std::uint64_t before = h.figures().room_messages_accepted.value();
  alice.say("chat", "begin");
  h.run_for(10s);
  // What is refused comes back to nobody, so the storm is over.
  EXPECT_LE(h.figures().room_messages_accepted.value() - before, 11U);
  EXPECT_GE(h.figures().room_messages_refused.value(), 1U);
}

TEST_F(RoomRate, CommandsPassWhileTheRoomIsAtItsRate) {
  for (int i = 0; i < 15; ++i) alice.say("chat", "x");
  h.run_for(10ms);
  EXPECT_EQ(alice.last_code(), 480);
  EXPECT_EQ(alice.last_reason(), "Room Gets Too Many Messages");
  EXPECT_EQ(alice.responses.back().retry_after, "1");
  alice.say("chat", "#list");
  h.run_for(10ms);
  EXPECT_EQ(alice.last_code(), 200);
  h.run_for(1s);
  alice.say("chat", "x");
  h.run_for(10ms);
  EXPECT_EQ(alice.last_code(), 200);
}

TEST_F(RoomRate, RoomBeyondTheMostIsRefused) {
  alice.say("second", "#create");
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 200);
  alice.say("third", "#create");
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 503);
  EXPECT_EQ(alice.last_reason(), "No Space For Another Room");
  alice.say("second", "#destroy");
  h.run_for(1s);
  alice.say("third", "#create");
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 200);
}

// --- Load
// -----------------------------------------------------------------------------------------

class UserRate : public Manners {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.user_rate = 2;
    settings.conference.user_burst = 4;
    return settings;
  }
  UserRate() : Manners(settings()) {}
};

TEST_F(UserRate, UserBeyondRateAndBurstGets480WithRetryAfter) {
  h.run_for(5s);
  for (int i = 0; i < 4; ++i) {
    alice.say("chat", "x");
    h.run_for(1ms);
    EXPECT_EQ(alice.last_code(), 200) << i;
  }
  alice.say("chat", "x");
  h.run_for(1ms);
  EXPECT_EQ(alice.last_code(), 480);
  EXPECT_EQ(alice.responses.back().retry_after, "1");
  bob.say("chat", "x");
  h.run_for(1ms);
  EXPECT_EQ(bob.last_code(), 200);
  h.run_for(600ms);
  alice.say("chat", "x");
  h.run_for(1ms);
  EXPECT_EQ(alice.last_code(), 200);
}

TEST_F(SlowProxy, ChatBeyondCapacityIsRefusedEarlyAndGoodputStays) {
  serve(100us);  // 10,000 deliveries a second: ten messages to this room.
  const auto offer = [&](int a_second, int seconds) {
    const std::size_t before = taken;
    for (int i = 0; i < a_second * seconds; ++i) {
      sender.say("chat", "x");
      h.run_for(Duration(1s) / a_second);
    }
    return (taken - before) / static_cast<std::size_t>(seconds);
  };
  offer(10, 4);
  const std::size_t at_capacity = offer(10, 4);
  EXPECT_GT(at_capacity, 9000U);
  for (const int times : {2, 5, 10}) {
    offer(10 * times, 4);
    EXPECT_GT(offer(10 * times, 4), at_capacity * 9 / 10) << times;
  }
  EXPECT_GT(at(h.figures().refused, RefusalCause::overload).value(), 0U);
  EXPECT_EQ(sender.last_code(), 503);
  EXPECT_EQ(sender.responses.back().retry_after, "");
}

}  // namespace
}  // namespace imcd::server
