// Settings that change while the server runs: each acts from then on, and what needs a restart is
// not heeded.

#include <gtest/gtest.h>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

class Apply : public Commands {
 protected:
  // Applies the settings of the start with this change.
  template <class Change>
  void apply(Change&& change) {
    Settings settings = h.options.settings;
    change(settings);
    h.apply(settings);
  }
  int status_of_options() {
    RequestText request;
    request.method = "OPTIONS";
    request.cseq = "1 OPTIONS";
    alice.forget();
    alice.send(request.text());
    h.run_for(1s);
    return alice.last_code();
  }
};

TEST_F(Apply, TrustedSourcesAreOthers) {
  EXPECT_EQ(status_of_options(), 200);
  apply([](Settings& settings) { settings.server.trusted = {*parse_network("192.0.2.0/24")}; });
  EXPECT_EQ(code(alice, "chat", "#create"), 403);
  apply([](Settings&) {});
  EXPECT_EQ(code(alice, "chat", "#create"), 200);
}

TEST_F(Apply, CommandsBeginWithAnotherCharacter) {
  apply([](Settings& settings) { settings.conference.command_prefix = '/'; });
  EXPECT_EQ(code(alice, "chat", "/create"), 200);
  EXPECT_EQ(code(bob, "chat", "#join"), 403);  // Chat of somebody who is no member.
  EXPECT_EQ(code(bob, "chat", "/join"), 200);
}

TEST_F(Apply, RoomsTakeFewerMembers) {
  make_room();
  apply([](Settings& settings) { settings.conference.max_members = 2; });
  EXPECT_EQ(code(carol, "chat", "#join"), 480);
  apply([](Settings& settings) { settings.conference.max_members = 3; });
  EXPECT_EQ(code(carol, "chat", "#join"), 200);
}

TEST_F(Apply, UserRateBeginsAndEnds) {
  make_room();
  apply([](Settings& settings) { settings.conference.user_rate = 1; });
  alice.say("chat", "one");
  alice.say("chat", "two");
  h.run_for(100ms);
  EXPECT_EQ(alice.last_code(), 480);
  apply([](Settings&) {});
  alice.say("chat", "three");
  h.run_for(100ms);
  EXPECT_EQ(alice.last_code(), 200);
}

TEST_F(Apply, RoomRateBegins) {
  make_room();
  apply([](Settings& settings) { settings.conference.room_rate = 1; });
  alice.say("chat", "one");
  bob.say("chat", "two");
  h.run_for(100ms);
  EXPECT_EQ(alice.last_code(), 200);
  EXPECT_EQ(bob.last_code(), 480);
}

TEST_F(Apply, ExtraHeadersStandInTheNextMessage) {
  make_room();
  apply([](Settings& settings) { settings.conference.extra_headers = "X-Extra: yes\r\n"; });
  EXPECT_EQ(code(alice, "chat", "hello"), 200);
  ASSERT_FALSE(bob.requests.empty());
  EXPECT_TRUE(bob.requests.back().bytes.contains("\r\nX-Extra: yes\r\n"));
}

TEST_F(Apply, AnswersWaitForTheDatabaseNoLonger) {
  h.database_hangs = true;
  apply([](Settings& settings) { settings.server.relaxed_durability = true; });
  EXPECT_EQ(code(alice, "chat", "#create"), 200);
}

TEST_F(Apply, DatabaseMayTakeLonger) {
  h.database_hangs = true;
  apply([](Settings& settings) { settings.journal.timeout = 20s; });
  alice.forget();
  alice.say("chat", "#create");
  h.run_for(19s);
  EXPECT_EQ(alice.last_code(), 0);
  h.run_for(2s);
  EXPECT_EQ(alice.last_code(), 504);
}

TEST_F(Apply, DeliveryWindowIsWider) {
  make_room();
  bob.manner = Peer::Manner::silent;
  apply([](Settings& settings) { settings.deliveries.delivery_window = 2; });
  for (const char* text : {"one", "two", "three"}) alice.say("chat", text);
  h.run_for(100ms);
  EXPECT_EQ(bob.heard().size(), 2U);
}

TEST_F(Apply, DrainTimeoutIsThatOfTheMomentOfTheStop) {
  make_room();
  bob.manner = Peer::Manner::silent;
  alice.say("chat", "one");
  h.run_for(10ms);
  apply([](Settings& settings) { settings.server.drain_timeout = 3s; });
  h.order(Order::stop);
  h.run_for(2s);
  EXPECT_EQ(h.exit_code, std::nullopt);
  h.run_for(2s);
  EXPECT_EQ(h.exit_code, 0);
}

TEST_F(Apply, WhatNeedsARestartIsNotHeeded) {
  make_room();
  apply([](Settings& settings) {
    settings.conference.domains = {"elsewhere.example", "example.org"};
    settings.deliveries.outbound_proxies = {Address::ipv4({127, 0, 0, 1}, 7000)};
  });
  EXPECT_EQ(code(alice, "chat", "hello"), 200);
  EXPECT_TRUE(bob.has_heard("hello"));
}

}  // namespace
}  // namespace imcd::server
