// Which addresses can be rooms: option room_names.

#include <gtest/gtest.h>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

class RoomNameRules : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.room_names = {"chat-*", "*@rooms.example.org"};
    return settings;
  }
  RoomNameRules() : Commands(settings()) {}
};

TEST_F(RoomNameRules, OtherRoomsAreRefusedAndToldHowRoomsAreCalled) {
  for (const std::string_view command :
       {"#create hall", "#join hall", "#create sip:hall@example.com:5080", "#create hall private",
        "#create <sips:%68all@example.org>", "#join chat@rooms.example.com"}) {
    EXPECT_EQ(code(alice, "nowhere", command), 403) << command;
    EXPECT_EQ(alice.last_reason(), "Not A Name For A Room") << command;
    EXPECT_TRUE(alice.has_heard("can't be a room: rooms are called chat-* or *@rooms.example.org."))
        << command;
  }
  EXPECT_EQ(code(alice, "hall", "#create"), 403);
  EXPECT_EQ(code(alice, "hall", "#join"), 403);
  EXPECT_EQ(h.server().conference().rooms().size(), 0U);
}

TEST_F(RoomNameRules, ThoseThatFitAreMade) {
  EXPECT_EQ(code(alice, "chat-1", "#create"), 200);
  EXPECT_EQ(code(alice, "nowhere", "#join CHAT-2"), 200);
  EXPECT_EQ(code(alice, "nowhere", "#create sip:%63hat-3@example.com:5080"), 200);
  EXPECT_EQ(code(alice, "nowhere", "#create hall@rooms.example.org"), 200);
}

TEST_F(RoomNameRules, RoomsThatAreThereWorkOnWhateverTheyAreCalled) {
  Settings any = settings();
  any.conference.room_names = {"*"};
  h.apply(any);
  ASSERT_EQ(code(alice, "hall", "#create"), 200);
  h.apply(settings());
  h.restart();
  EXPECT_EQ(code(bob, "hall", "#join"), 200);
  EXPECT_EQ(code(alice, "nowhere", "#add carol hall"), 200);
  EXPECT_EQ(code(alice, "hall", "hello"), 200);
  EXPECT_TRUE(bob.has_heard(": hello"));
  // Once it has ended it is a name like any.
  EXPECT_EQ(code(alice, "hall", "#destroy"), 200);
  EXPECT_EQ(code(alice, "hall", "#create"), 403);
}

TEST_F(RoomNameRules, NoPatternMeansNoNewRooms) {
  Settings none = settings();
  none.conference.room_names.clear();
  h.apply(none);
  EXPECT_EQ(code(alice, "chat-1", "#create"), 403);
  EXPECT_TRUE(alice.has_heard("no further rooms are made here."));
}

TEST_F(RoomNameRules, OperatorsMakeRoomsOfAnyName) {
  Outbox out;
  h.server().on_mi_bytes(
      ":imc_create_room:\nsip:hall@example.org\nsip:alice@example.org\npublic\n\n", h.now(), out);
  h.run_for(1s);
  EXPECT_TRUE(room_stored("hall"));
}

class RoomNameAliases : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.domains = {"example.org", "rooms.example.org"};
    settings.conference.room_names = {"*@rooms.example.org"};
    return settings;
  }
  RoomNameAliases() : Commands(settings()) {}
};

TEST_F(RoomNameAliases, PatternOfAnAliasFitsTheRoomsHome) {
  EXPECT_EQ(code(alice, "hall", "#create"), 200);
  EXPECT_EQ(code(alice, "hall", "#create hall2@rooms.example.org"), 200);
  EXPECT_EQ(code(alice, "hall", "#create hall@example.com"), 403);
}

}  // namespace
}  // namespace imcd::server
