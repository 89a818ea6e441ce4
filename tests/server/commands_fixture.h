// What the tests of chat commands begin with: alice, bob and carol, whom the server has heard of,
// and what they see and what is stored after a command.
#pragma once

#include <gtest/gtest.h>
#include <optional>
#include <string>

#include "server/harness.h"

namespace imcd::server {

class Commands : public testing::Test {
 protected:
  // Everybody says something first, so that there is a way to reach them.
  explicit Commands(Settings settings = default_settings()) : h({.settings = settings}) {
    for (Peer* const who : {&alice, &bob, &carol}) who->say("nowhere", "hello");
    h.run_for(1s);
  }

  // Says it and gives the final code once everything has settled.
  int code(Peer& who, std::string_view room, std::string_view body) {
    who.forget();
    who.say(room, body);
    h.run_for(1s);
    return who.last_code();
  }
  // The stored flags; nothing when there is no such row.
  std::optional<std::uint32_t> stored(const std::string& user, const std::string& room = "chat") {
    const auto row = h.database.of<records::MemberRow>().find(
        {"sip:" + room + "@example.org", user, "example.org"});
    if (row == h.database.of<records::MemberRow>().end()) return std::nullopt;
    return row->second.flags;
  }
  bool room_stored(const std::string& name) {
    return h.database.of<records::RoomRow>().count({name, "example.org"}) == 1;
  }
  // A room of alice's with bob in it.
  void make_room(std::string_view extra = "") {
    ASSERT_EQ(code(alice, "chat", std::string("#create ") + std::string(extra)), 200);
    if (extra.empty()) {
      ASSERT_EQ(code(bob, "chat", "#join"), 200);
    }
    alice.forget();
    bob.forget();
  }

  Harness h;
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
  Peer& carol = h.peer("carol");
};

}  // namespace imcd::server
