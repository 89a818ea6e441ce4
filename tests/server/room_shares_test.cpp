// What rooms share behind a proxy: space in queues, the line to the proxy, its pace and its pauses
// (DESIGN 5 "Shares", "Hop pacing"). Whatever one room's members do, another's chat is answered 200
// and heard soon.

#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/harness.h"

namespace imcd::server {
namespace {

// How the proxy answers a delivery; nothing: never.
struct Answer {
  int code = 200;
  Duration delay = 1ms;
  std::string headers;
};

class RoomShares : public testing::Test {
 protected:
  static Settings settings(std::size_t proxies = 1) {
    Settings settings = default_settings();
    settings.deliveries.memory_max = limits::memory_max_least;
    for (std::size_t i = 0; i < proxies; ++i) {
      settings.deliveries.outbound_proxies.push_back(
          Address::ipv4({127, 0, 0, 1}, static_cast<std::uint16_t>(6000 + i)));
    }
    return settings;
  }
  // A good room with alice and bob, and an attacked one with mallory and v0, v1, ...
  explicit RoomShares(int members = 0, const Settings& its_settings = settings())
      : h({.settings = its_settings}) {
    for (const char* const name : {"alice", "bob"}) put("good", name);
    put("attacked", "mallory");
    for (int i = 0; i < members; ++i) put("attacked", fmt::format("v{}", i));
    h.restart();
    proxy.manner = Peer::Manner::silent;
    h.network = [this](const Flow& to, std::string_view bytes) { return take(to, bytes); };
  }
  void put(const std::string& room, const std::string& user) {
    h.database.put(records::RoomRow{{room, "example.org"}, 0});
    h.database.put(records::MemberRow{{"sip:" + room + "@example.org", user, "example.org"}, 0});
  }

  // A text of the user's, by way of the proxy. Its code, which comes at once.
  int say(const std::string& user, const std::string& room, const std::string& text) {
    ++number;
    proxy.forget();
    proxy.send(RequestText{.request_uri = "sip:" + room + "@example.org",
                           .via = fmt::format("SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bKs{0}, "
                                              "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKu{0}",
                                              number),
                           .from = fmt::format("<sip:{}@example.org>;tag={}", user, number),
                           .to = "<sip:" + room + "@example.org>",
                           .call_id = fmt::format("c{}", number),
                           .extra = "Content-Type: text/plain\r\n",
                           .body = text}
                   .text());
    h.run_for(0ns);
    return proxy.last_code();
  }
  // alice says it, and how long after bob hears it, if within 10 s.
  std::optional<Duration> latency(const std::string& text) {
    const MonoTime begin = h.now().mono;
    EXPECT_EQ(say("alice", "good", text), 200) << text;
    const std::string line = "<alice@example.org>: " + text;
    for (int i = 0; i < 1000; ++i) {
      for (const auto& [at, body] : heard["bob"]) {
        if (body == line) return at - begin;
      }
      h.run_for(10ms);
    }
    return std::nullopt;
  }
  std::uint64_t ended(DeliveryResult result) {
    return imcd::at(h.figures().deliveries, result).value();
  }

  std::function<std::optional<Answer>(const std::string& user)> respond = [](const std::string&) {
    return Answer{};
  };
  Harness h;
  Peer& proxy = h.peer("proxy");
  std::map<std::string, std::vector<std::pair<MonoTime, std::string>>> heard;  // Copies too.
  int number = 0;

 private:
  bool take(const Flow& to, std::string_view bytes) {
    if (to.peer != proxy.address || !bytes.starts_with("MESSAGE sip:")) return true;
    const std::string user(bytes.substr(12, bytes.find('@') - 12));
    heard[user].emplace_back(h.now().mono, bytes.substr(bytes.find("\r\n\r\n") + 4));
    if (const auto answer = respond(user)) {
      h.at(answer->delay, [this, text = answer_to(bytes, answer->code, answer->headers)] {
        h.deliver(proxy.address, text);
      });
    }
    return false;
  }
};

bool is_good(const std::string& user) { return user == "alice" || user == "bob"; }

// --- Space

class GiantSilentRoom : public RoomShares {
 protected:
  GiantSilentRoom() : RoomShares(5000) {
    respond = [](const std::string& user) {
      return is_good(user) ? std::optional(Answer{}) : std::nullopt;
    };
  }
};

TEST_F(GiantSilentRoom, TakesItsShareAndOthersAreHeard) {
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 70; ++i) {
    const int code = say("mallory", "attacked", fmt::format("text {}", i));
    (code == 200 ? accepted : refused) += 1;
    if (code != 200) {
      EXPECT_EQ(code, 503);
      EXPECT_EQ(proxy.responses.back().retry_after, "");
    }
    h.run_for(20ms);
    if (i % 10 == 9) {
      const auto after = latency(fmt::format("good {}", i));
      ASSERT_TRUE(after);
      EXPECT_LT(*after, 100ms);
    }
  }
  EXPECT_GT(accepted, 20);
  EXPECT_GT(refused, 10);
  EXPECT_EQ(ended(DeliveryResult::dropped), 0U) << "a 200 is not followed by a drop";
  EXPECT_LT(h.server().deliveries().queued(),
            Shares(limits::memory_max_least).places(Share::queues, 20) * 6 / 10);
}

TEST_F(GiantSilentRoom, SoDoesItWithWhatItSaysBesideChat) {
  for (int i = 0; i < 200; ++i) {
    say("carol", "attacked", i % 2 == 0 ? "#join" : "#exit");
    h.run_for(20ms);
  }
  const auto after = latency("good");
  ASSERT_TRUE(after);
  EXPECT_LT(*after, 100ms);
  for (std::size_t i = 0; i < static_cast<std::size_t>(Share::count); ++i) {
    const auto share = static_cast<Share>(i);
    EXPECT_LE(h.figures().memory_used[share].value(), h.figures().memory_shares[share].value())
        << i;
  }
}

// --- The line to the proxy

class GiantRoom : public RoomShares {
 protected:
  GiantRoom() : RoomShares(20000) {
    respond = [](const std::string&) { return Answer{.delay = 20ms}; };
  }
};

// 64 each 2 ms: the giant room's text takes 625 ms.
TEST_F(GiantRoom, OneTextThereDelaysAnotherRoomByMilliseconds) {
  ASSERT_EQ(say("mallory", "attacked", "hello all"), 200);
  h.run_for(10ms);
  const auto after = latency("hello bob");
  ASSERT_TRUE(after);
  EXPECT_LE(*after, 10ms);
  EXPECT_LT(h.server().deliveries().in_flight() + heard.size(), 20000U) << "it is under way still";
  h.run_for(2s);
  EXPECT_EQ(heard.size(), 20001U);
  EXPECT_EQ(ended(DeliveryResult::accepted), 20001U);
}

// --- The pace

class SlowMembers : public RoomShares {
 protected:
  SlowMembers() : RoomShares(600) {
    respond = [this](const std::string& user) {
      const bool is_slow = user.starts_with("v") && (user.back() < '3');
      return Answer{.delay = is_slow ? slow : Duration(2ms)};
    };
  }
  Duration slow = 600ms;
};

TEST_F(SlowMembers, AreNoReasonToSlowOrRefuseAnybody) {
  for (const Duration how_slow : {Duration(600ms), Duration(750ms), Duration(1200ms)}) {
    slow = how_slow;
    for (int i = 0; i < 30; ++i) {
      EXPECT_EQ(say("mallory", "attacked", fmt::format("text {}", i)), 200);
      h.run_for(300ms);
      const auto after = latency(fmt::format("good {} {}", how_slow / 1ms, i));
      ASSERT_TRUE(after);
      EXPECT_LT(*after, 100ms);
      h.run_for(700ms);
    }
  }
  // The pace is what it was: a text is with all who are not slow at once.
  h.run_for(10s);
  heard.clear();
  const MonoTime begin = h.now().mono;
  EXPECT_EQ(say("mallory", "attacked", "last"), 200);
  h.run_for(5s);
  for (const auto& [user, copies] : heard) EXPECT_LT(copies.front().first - begin, 50ms) << user;
  EXPECT_EQ(heard.size(), 600U);
}

// --- Pauses

class Refusing : public RoomShares {
 protected:
  explicit Refusing(std::size_t proxies = 1) : RoomShares(10, settings(proxies)) {}
  void refuse(std::function<bool(const std::string&)> who) {
    respond = [who = std::move(who)](const std::string& user) {
      return who(user) ? Answer{.code = 503, .headers = "Retry-After: 60\r\n"} : Answer{};
    };
  }
};

TEST_F(Refusing, OneMembers503PausesHimAlone) {
  refuse([](const std::string& user) { return user == "v0"; });
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(say("mallory", "attacked", fmt::format("text {}", i)), 200);
    h.run_for(500ms);
    const auto after = latency(fmt::format("good {}", i));
    ASSERT_TRUE(after);
    EXPECT_LT(*after, 50ms);
  }
  EXPECT_EQ(heard["v0"].size(), 1U);
  EXPECT_EQ(heard["v5"].size(), 10U);
  respond = [](const std::string&) { return Answer{}; };
  h.run_for(60s);
  EXPECT_EQ(heard["v0"].size(), 11U) << "all of them, the first a second time";
}

TEST_F(Refusing, MembersWhoRefuseAmongOthersWhoDoNotPauseThemselves) {
  refuse([](const std::string& user) { return user.starts_with("v") && user.back() % 2 == 0; });
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(say("mallory", "attacked", fmt::format("text {}", i)), 200);
    h.run_for(200ms);
  }
  EXPECT_EQ(heard["v1"].size(), 10U);
  EXPECT_EQ(heard["v2"].size(), 1U);
}

TEST_F(Refusing, When503IsAllThatComesTheHopPauses) {
  refuse([](const std::string&) { return true; });
  EXPECT_EQ(say("mallory", "attacked", "text"), 200);
  h.run_for(500ms);
  const std::size_t first = heard.size();
  EXPECT_EQ(say("alice", "good", "hello"), 200);
  h.run_for(400ms);
  EXPECT_FALSE(heard.contains("bob")) << "it is left alone";
  EXPECT_LE(first, 10U);
  respond = [](const std::string&) { return Answer{}; };
  h.run_for(2s);
  EXPECT_TRUE(heard.contains("bob"));
  h.run_for(60s);
  EXPECT_EQ(ended(DeliveryResult::accepted), 11U);
}

// Three who lie in a quiet hour.
TEST_F(Refusing, LiarsHoldNobodyUpForLong) {
  refuse([](const std::string& user) { return user.starts_with("v"); });
  for (int i = 0; i < 5; ++i) {
    say("mallory", "attacked", fmt::format("text {}", i));
    h.run_for(100ms);
    const auto after = latency(fmt::format("good {}", i));
    ASSERT_TRUE(after);
    EXPECT_LE(*after, 1s);
    h.run_for(5s);
  }
}

class RefusingToTwo : public Refusing {
 protected:
  RefusingToTwo() : Refusing(2) {}
};

TEST_F(RefusingToTwo, AProxyThatAnswersOptionsWith503IsSpared) {
  Peer& first = proxy;
  Peer& second = h.peer("second");
  first.manner = Peer::Manner::answers;
  first.answer_code = 503;
  first.answer_headers = "Retry-After: 30\r\n";
  h.run_for(7s);
  second.forget();
  say("alice", "good", "hello");
  h.run_for(1s);
  EXPECT_TRUE(second.has_heard("hello"));
  EXPECT_FALSE(heard.contains("bob"));
}

}  // namespace
}  // namespace imcd::server
