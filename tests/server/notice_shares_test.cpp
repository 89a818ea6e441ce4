// What waits for one user of the notices of rooms has a bound (DESIGN 5 "Shares"), whoever causes
// them to be sent.

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "config/load.h"
#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

class NoticeShares : public Commands {
 protected:
  using Commands::Commands;

  // Codes of so many commands, one after the other.
  std::vector<int> codes(Peer& who, std::string_view room, std::string_view body, int count) {
    std::vector<int> all;
    for (int i = 0; i < count; ++i) {
      who.say(room, body);
      h.run_for(1ms);
      all.push_back(who.last_code());
    }
    return all;
  }
  std::int64_t notices() { return h.figures().memory_used[Share::notices].value(); }
  std::uint64_t refused() { return imcd::at(h.figures().refused, RefusalCause::notices).value(); }
};

// One is under way, 32 wait.
constexpr int places = static_cast<int>(limits::user_notices_max) + 1;

TEST_F(NoticeShares, CommandsOfOneWhoTakesNoNoticesAreRefusedBeforeTheyDoAnything) {
  alice.manner = Peer::Manner::silent;
  const auto all = codes(alice, "chat", "#nonsense", 100);
  EXPECT_EQ(std::ranges::count(all, 400), places);
  EXPECT_EQ(std::ranges::count(all, 480), 100 - places);
  EXPECT_EQ(alice.last_reason(), "Too Many Notices Wait For You");
  EXPECT_EQ(alice.responses.back().retry_after, "10");
  EXPECT_EQ(refused(), 100U - places);
  EXPECT_EQ(code(alice, "hers", "#create"), 480);
  EXPECT_FALSE(room_stored("hers"));
  EXPECT_EQ(imcd::at(h.figures().deliveries, DeliveryResult::dropped).value(), 0U);
}

TEST_F(NoticeShares, OthersAreToldAsBefore) {
  alice.manner = Peer::Manner::silent;
  codes(alice, "chat", "#help", 300);
  EXPECT_LT(notices(), 128 << 10);
  EXPECT_EQ(code(bob, "his", "#create"), 200);
  EXPECT_TRUE(bob.has_heard("his@example.org"));
  EXPECT_EQ(code(bob, "his", "#invite carol"), 200);
  EXPECT_TRUE(carol.has_heard("invites you"));
}

TEST_F(NoticeShares, CommandsPassAgainWhenTheNoticesAreTaken) {
  alice.manner = Peer::Manner::silent;
  codes(alice, "chat", "#nonsense", 40);
  EXPECT_EQ(alice.last_code(), 480);
  alice.manner = Peer::Manner::answers;
  h.run_for(10s);
  EXPECT_EQ(code(alice, "chat", "#create"), 200);
}

TEST_F(NoticeShares, ChatOfSuchAUserPasses) {
  make_room();
  alice.manner = Peer::Manner::silent;
  codes(alice, "chat", "#nonsense", 40);
  EXPECT_EQ(code(alice, "chat", "hello"), 200);
  EXPECT_TRUE(bob.has_heard("hello"));
}

TEST_F(NoticeShares, AListEndsWhereTheShareOfItsReaderDoes) {
  Settings settings = default_settings();
  settings.conference.unasked_rate = 0;
  h.apply(settings);
  make_room();
  for (int i = 0; i < 150; ++i) {
    code(alice, "chat", fmt::format("#add u{:03}{}", i, std::string(58, 'x')));
  }
  h.run_for(60s);
  bob.forget();
  bob.manner = Peer::Manner::silent;
  codes(bob, "chat", "#nonsense", places - 4);
  bob.say("chat", "#list");
  h.run_for(1ms);
  EXPECT_EQ(bob.last_code(), 200);
  EXPECT_EQ(h.server().deliveries().notice_places(
                *h.server().identities().find(*parser::parse_uri("sip:bob@example.org"))),
            0U);
  const std::uint64_t dropped = imcd::at(h.figures().deliveries, DeliveryResult::dropped).value();
  bob.manner = Peer::Manner::answers;
  h.run_for(60s);
  EXPECT_EQ(imcd::at(h.figures().deliveries, DeliveryResult::dropped).value(), dropped);
  EXPECT_TRUE(bob.has_heard("and 1")) << "so many more";
}

TEST_F(NoticeShares, WhatOthersCauseToBeSaidBeyondIsMissedAndTold) {
  make_room();
  bob.manner = Peer::Manner::silent;
  for (int i = 0; i < 30; ++i) {
    carol.say("chat", "#join");
    h.run_for(50ms);
    carol.say("chat", "#exit");
    h.run_for(50ms);
  }
  EXPECT_EQ(carol.last_code(), 200);
  const auto* const who = h.server().identities().find(*parser::parse_uri("sip:bob@example.org"));
  EXPECT_LE(h.server().deliveries().queued_for(*who), limits::user_notices_max);
  const std::uint64_t dropped = imcd::at(h.figures().deliveries, DeliveryResult::dropped).value();
  EXPECT_EQ(dropped, 60U - places);
  bob.manner = Peer::Manner::answers;
  h.run_for(60s);
  EXPECT_TRUE(
      bob.has_heard(fmt::format("Messages that you missed while you could not be reached: "
                                "{}.",
                                dropped)));
}

class DefaultRate : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    const ConferenceSettings defaults = config::default_settings().conference;
    settings.conference.user_rate = defaults.user_rate;
    settings.conference.user_burst = defaults.user_burst;
    settings.conference.room_rate = defaults.room_rate;
    return settings;
  }
  DefaultRate() : Commands(settings()) { make_room(); }

  // Texts that are accepted when so many are sent at once.
  std::size_t accepted(Peer& who, int count) {
    who.forget();
    for (int i = 0; i < count; ++i) who.say("chat", "x");
    h.run_for(1ms);
    return static_cast<std::size_t>(std::ranges::count(who.responses, 200, &Heard::code));
  }
};

TEST_F(DefaultRate, AUserSendsTwentyASecondAndAHundredAtOnce) {
  h.run_for(60s);
  alice.forget();
  for (int i = 0; i < 150; ++i) alice.say("nowhere", "x");
  h.run_for(1ms);
  EXPECT_EQ(std::ranges::count(alice.responses, 404, &Heard::code), 100);
  EXPECT_EQ(std::ranges::count(alice.responses, 480, &Heard::code), 50);
  EXPECT_EQ(imcd::at(h.figures().refused, RefusalCause::user_rate).value(), 50U);
  h.run_for(1s);
  EXPECT_EQ(accepted(alice, 30), 20U);
}

TEST_F(DefaultRate, ARoomTakesFiftyTextsASecond) {
  h.run_for(60s);
  EXPECT_EQ(accepted(alice, 60), 50U);
  EXPECT_EQ(alice.last_reason(), "Room Gets Too Many Messages");
  EXPECT_EQ(imcd::at(h.figures().refused, RefusalCause::room_rate).value(), 10U);
  EXPECT_EQ(accepted(bob, 5), 0U);
  h.run_for(500ms);
  EXPECT_EQ(accepted(bob, 30), 25U);
}

}  // namespace
}  // namespace imcd::server
