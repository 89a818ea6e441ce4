// A DNS of the test's own, which answers out of `zone` or is silent, and a room whose members are
// reached by what it says.
#pragma once

#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/harness.h"

namespace imcd::server {

inline NameAnswer addresses(std::initializer_list<const char*> list, Duration ttl = 60s) {
  NameAnswer answer{.outcome = NameAnswer::Outcome::found, .ttl = ttl};
  for (const char* text : list) answer.addresses.push_back(*parse_ip(text));
  return answer;
}

inline NameAnswer services(std::vector<Service> list, Duration ttl = 60s) {
  return {.outcome = NameAnswer::Outcome::found, .services = std::move(list), .ttl = ttl};
}

inline const NameAnswer no_such_name{.outcome = NameAnswer::Outcome::none};
inline const NameAnswer no_answer{.outcome = NameAnswer::Outcome::failed};

class Names : public testing::Test {
 protected:
  explicit Names(Settings settings = default_settings())
      : h({.settings = settings, .load = false}) {
    h.dns = [this](const NameQuestion& question) -> std::optional<NameAnswer> {
      if (is_silent) return std::nullopt;
      const auto found = zone.find(question.name);
      return found != zone.end() ? found->second : no_such_name;
    };
    h.network = [this](const Flow& to, std::string_view bytes) {
      if (bytes.starts_with("MESSAGE")) sent_to.push_back(address_text(to.peer));
      return true;
    };
  }

  // Rooms `chat` with members at hosts, read from the database.
  void load(std::initializer_list<const char*> hosts) {
    h.database.put(records::RoomRow{{"chat", "example.org"}, 0});
    h.database.put(records::MemberRow{{"sip:chat@example.org", "alice", "example.org"}, 0});
    for (const char* host : hosts) {
      h.database.put(records::MemberRow{{"sip:chat@example.org", "ghost", host}, 0});
    }
    h.restart();
    h.options.load = true;
    h.restart();
  }
  // Both come straight to us, so that each has been heard of.
  void bob_joins(const char* uri) {
    alice.say("chat", "#list");
    h.run_for(1s);
    bob.own_uri = uri;
    bob.say("chat", "#join");
    h.run_for(1s);
  }
  void say(std::string_view text) {
    alice.say("chat", text);
    h.run_for(100ms);
  }
  [[nodiscard]] std::uint64_t unroutable() {
    return at(h.figures().deliveries, DeliveryResult::unroutable).value();
  }
  [[nodiscard]] std::size_t times_asked(const std::string& name) const {
    return static_cast<std::size_t>(std::ranges::count(h.questions, name, &NameQuestion::name));
  }

  Harness h;
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
  std::map<std::string, NameAnswer> zone;
  bool is_silent = false;
  std::vector<std::string> sent_to;  // Peers of MESSAGE requests, retransmissions too.
};

}  // namespace imcd::server
