// Proxies by address: which one is used, how fast it is given deliveries, and what its load
// refuses.

#include <deque>
#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {
namespace {

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
    h.database.put(records::RoomRow{{"chat", "example.org"}, 0});
    for (int i = 0; i < members; ++i) {
      h.database.put(
          records::MemberRow{{"sip:chat@example.org", "m" + std::to_string(i), "example.org"}, 0});
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
