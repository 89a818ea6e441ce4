// Loops and floods: what a room, a user or another server may not set off (DESIGN 5).

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/manners_fixture.h"

namespace imcd::server {
namespace {

// --- Loops ---------------------------------------------------------------------------------------

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
  // The room's address is known as one of a user who is reached there.
  self.own_uri = fmt::format("sip:other@{}", address_text(self.address));
  self.say("nowhere", "hello");
  alice.say("chat", fmt::format("#add {}", self.own_uri));
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

// As a proxy sends it in answer to a delivery: a room is no member of itself.
TEST_F(Manners, OfflineNoticeFromTheRoomsOwnAddressGoesNowhere) {
  RequestText notice{.via = "SIP/2.0/UDP 127.0.0.1:6001;rport;branch=z9hG4bKoff",
                     .from = "<sip:chat@example.org>;tag=1",
                     .call_id = "offline",
                     .extra = "Content-Type: text/plain\r\n",
                     .body = "[Offline message] bob is not online"};
  bob.send(notice.text());
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 403);
  EXPECT_TRUE(alice.requests.empty());
  EXPECT_TRUE(carol.requests.empty());
}

// An old database has a room at bob's address.
TEST_F(Manners, RoomOfTheUsersAddressNeverSilencesTheUser) {
  h.database.of<records::RoomRow>()[{"bob", "example.org"}] = {};
  h.restart();
  alice.say("nowhere", "hello");  // So that there is a way to reach her.
  h.run_for(1s);
  for (const std::string_view extra : {"", "Auto-Submitted: no\r\n"}) {
    bob.forget();
    bob.say("chat", "still here", extra);
    h.run_for(1s);
    EXPECT_EQ(bob.last_code(), 200);
    bob.say("chat", "#list");
    h.run_for(1s);
    EXPECT_EQ(bob.last_code(), 200);
  }
  EXPECT_TRUE(alice.has_heard("still here"));
  EXPECT_EQ(h.figures().loops_detected.value(), 0U);
  // What that room sends is known by its mark still.
  bob.say("chat", "from a room", "X-IMC-Loop: feedfeedfeedfeed;sip:bob@example.org\r\n");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 482);
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

// --- Load ----------------------------------------------------------------------------------------

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

}  // namespace
}  // namespace imcd::server
