// Proxies that are reached over TCP and answer what they are sent, and what members heard through
// them.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "server/harness.h"

namespace imcd::server {

inline const Address first_proxy = Address::ipv4({127, 0, 0, 1}, 7001);
inline const Address second_proxy = Address::ipv4({127, 0, 0, 1}, 7002);

// A room of alice and bob behind proxies over TCP; what they say comes by UDP, as if another one of
// the proxy's workers had sent it.
class OverTcp : public testing::Test {
 protected:
  static Settings settings(std::vector<NextHop> proxies) {
    Settings settings = default_settings();
    settings.deliveries.outbound_proxies = std::move(proxies);
    settings.conference.room_rate = 0;
    settings.conference.user_rate = 0;
    return settings;
  }
  explicit OverTcp(std::vector<NextHop> proxies = {{first_proxy, Transport::tcp}})
      : h({.settings = settings(std::move(proxies))}) {
    h.on_sent = [this](Harness::Stream& stream, std::string_view bytes) { on_sent(stream, bytes); };
  }

  void on_sent(Harness::Stream& stream, std::string_view bytes) {
    if (bytes.starts_with("\r\n")) return pings.push_back(std::string(bytes));
    if (bytes.starts_with("OPTIONS") && !answers_options) return;
    if (bytes.starts_with("MESSAGE")) {
      requests.emplace_back(bytes);
      const std::string to = field(bytes, "\r\nTo: <sip:");
      heard[to.substr(0, to.find('@'))].push_back(
          std::string(bytes.substr(bytes.find("\r\n\r\n") + 4)));
      if (!answers_messages) return;
    }
    h.at(1ms, [this, id = stream.flow.stream, text = answer_to(bytes, 200)] {
      h.feed(h.stream(id), text);
    });
  }

  // Both are members, all is quiet, and the first stream is open.
  Harness::Stream& begin() {
    h.peer("alice").say("chat", "#create");
    h.peer("bob").say("chat", "#join");
    h.run_for(1s);
    EXPECT_EQ(h.asked_for.size(), 1U);
    Harness::Stream& stream = h.accept(h.asked_for.at(0));
    h.run_for(1s);
    forget();
    return stream;
  }
  void forget() {
    requests.clear();
    heard.clear();
  }
  void say(int number) { h.peer("alice").say("chat", std::to_string(number)); }
  [[nodiscard]] std::vector<std::string> bob_heard() { return heard["bob"]; }
  static std::string line(int number) { return fmt::format("<alice@example.org>: {}", number); }

  Harness h;
  bool answers_messages = true;
  bool answers_options = true;
  std::vector<std::string> requests;
  std::vector<std::string> pings;
  std::map<std::string, std::vector<std::string>> heard;
};

}  // namespace imcd::server
