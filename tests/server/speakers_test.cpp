// Nobody speaks in another's name: neither by a room at their address, nor by what a text looks
// like.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

// --- Rooms at users' addresses -------------------------------------------------------------------

class Addresses : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.domains = {"example.org", "example.net"};
    return settings;
  }
  Addresses() : Commands(settings()) {}
};

TEST_F(Addresses, RoomAtTheAddressOfWhoHasSpokenIsRefusedAndTold) {
  for (const std::string_view command :
       {"#create bob@example.org", "#join bob", "#create sip:%62OB@EXAMPLE.org:5080",
        "#create bob@example.net", "#create bob private"}) {
    EXPECT_EQ(code(alice, "chat", command), 403) << command;
    EXPECT_EQ(alice.last_reason(), "Address Of A User") << command;
    EXPECT_TRUE(alice.has_heard("is the address of a user, so it can't be a room's.")) << command;
  }
  EXPECT_EQ(code(alice, "bob", "#create"), 403);
  EXPECT_EQ(code(alice, "bob", "#join"), 403);
  EXPECT_EQ(h.server().conference().rooms().size(), 0U);
  EXPECT_EQ(code(alice, "chat", "#create"), 200);
}

TEST_F(Addresses, NobodyMakesARoomOfTheOwnAddress) {
  Peer& dave = h.peer("dave");
  EXPECT_EQ(code(dave, "chat", "#join dave"), 403);
  EXPECT_EQ(code(dave, "dave", "#create"), 403);
  EXPECT_EQ(code(dave, "chat", "#create"), 200);
}

TEST_F(Addresses, UserOfAnAliasKeepsTheAddressToo) {
  Peer& dave = h.peer("dave");
  dave.own_uri = "sip:dave@example.net";
  EXPECT_EQ(code(dave, "chat", "#help"), 200);
  EXPECT_EQ(code(alice, "dave", "#create"), 403);
}

TEST_F(Addresses, MemberKeepsTheAddressAcrossARestart) {
  make_room();
  h.restart();
  EXPECT_EQ(code(alice, "chat", "#create bob"), 403);
  // Who was only heard of in an earlier life is nobody's member, and a room may be there.
  EXPECT_EQ(code(alice, "chat", "#create carol"), 200);
}

TEST_F(Addresses, OperatorMakesNoneAtAUsersAddressEither) {
  Outbox out;
  for (const std::string_view room : {"bob", "dave", "hall"}) {
    h.server().on_mi_bytes(
        fmt::format(":imc_create_room:\nsip:{}@example.org\nsip:dave@example.org\npublic\n\n",
                    room),
        h.now(), out);
    h.run_for(1s);
  }
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
  EXPECT_TRUE(room_stored("hall"));
}

TEST_F(Addresses, RoomOfThatAddressIsUsedOnWhoeverSpeaks) {
  make_room();
  Peer& chat = h.peer("chat");
  EXPECT_EQ(code(chat, "nowhere", "hello"), 404);
  EXPECT_EQ(code(carol, "chat", "#join"), 200);
  EXPECT_EQ(code(chat, "chat", "#join"), 200);
  EXPECT_EQ(code(chat, "chat", "I am chat"), 200);
  EXPECT_TRUE(alice.has_heard("<chat@example.org>: I am chat"));
}

}  // namespace
}  // namespace imcd::server
