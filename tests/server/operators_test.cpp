// What operators change over the management FIFO.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {
namespace {

class Operators : public testing::Test {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.anyone_creates_rooms = false;
    settings.conference.max_rooms = 2;
    return settings;
  }
  Operators() {
    for (Peer* const who : {&alice, &bob}) who->say("nowhere", "hello");
    h.run_for(1s);
    alice.forget();
  }
  // Without a reply: what it does is seen in the rooms.
  void make(std::string_view room, std::string_view owner, std::string_view visibility) {
    Outbox out;
    h.server().on_mi_bytes(
        fmt::format(":imc_create_room:\n{}\n{}\n{}\n\n", room, owner, visibility), h.now(), out);
    h.run_for(1s);
  }
  [[nodiscard]] std::size_t rooms() { return h.server().conference().rooms().size(); }

  Harness h{{.settings = settings()}};
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
};

TEST_F(Operators, RoomIsStoredAndItsOwnerToldAndInCharge) {
  make("sip:hall@example.org", "sip:alice@example.org", "private");
  EXPECT_EQ((h.database.of<records::RoomRow>().at({"hall", "example.org"}).flags),
            records::room_flag::is_private);
  EXPECT_EQ((h.database.of<records::MemberRow>()
                 .at({"sip:hall@example.org", "alice", "example.org"})
                 .flags),
            records::member_flag::owner);
  EXPECT_TRUE(alice.has_heard("The operators made the private room hall@example.org"));
  bob.say("hall", "#join");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 403);
  alice.say("hall", "#invite bob");
  h.run_for(1s);
  bob.say("hall", "#accept");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 200);
  bob.say("hall", "thanks");
  h.run_for(1s);
  EXPECT_TRUE(alice.has_heard("thanks"));
}

TEST_F(Operators, UsersCannotMakeRoomsThen) {
  alice.say("mine", "#create");
  h.run_for(1s);
  EXPECT_EQ(alice.last_code(), 403);
  EXPECT_EQ(rooms(), 0U);
}

TEST_F(Operators, BadNamesAndTooManyRoomsAreRefused) {
  make("hall", "sip:alice@example.org", "public");
  make("sip:example.org", "sip:alice@example.org", "public");
  make("sip:hall@example.org", "alice", "public");
  make("sip:" + std::string(65, 'x') + "@example.org", "sip:alice@example.org", "public");
  make("sip:hall@example.org", "sip:alice@example.org", "hidden");
  EXPECT_EQ(rooms(), 0U);
  for (const char* const name : {"a", "b", "c", "a"}) {
    make(fmt::format("sip:{}@example.org", name), "sip:alice@example.org", "public");
  }
  EXPECT_EQ(rooms(), 2U);
  EXPECT_EQ(h.figures().mi_requests_failed.value(), 7U);
}

TEST_F(Operators, AddressesAreReadAsUsersWriteThem) {
  make("im:hall@example.org", "alice@example.org", "public");
  EXPECT_EQ(rooms(), 1U);
  EXPECT_TRUE(h.database.of<records::RoomRow>().contains({"hall", "example.org"}));
  EXPECT_TRUE(h.database.of<records::MemberRow>().contains(
      {"sip:hall@example.org", "alice", "example.org"}));
  const std::uint64_t failed = h.figures().mi_requests_failed.value();
  make("tel:+15551234", "sip:alice@example.org", "public");
  make("pres:b@example.org", "sip:alice@example.org", "public");
  make("b:x@example.org", "sip:alice@example.org", "public");
  make("sip:b@example.org", "tel:+15551234", "public");
  make("sip:b@example.org", "mailto:alice@example.org", "public");
  EXPECT_EQ(rooms(), 1U);
  EXPECT_EQ(h.figures().mi_requests_failed.value(), failed + 5);
}

TEST_F(Operators, RoomsAreFoundByAnySpellingOfTheirAddress) {
  make("sip:hall@example.org", "sip:alice@example.org", "public");
  server::Control control(h.server().conference(), h.figures(), "test", h.now());
  for (const char* const text : {"sip:hall@example.org", "hall@example.org", "im:Hall@Example.org",
                                 "<sips:hall@example.org:5070>"}) {
    const auto room = control.find_room(text);
    ASSERT_TRUE(room) << text;
    EXPECT_EQ(room->uri, "sip:hall@example.org");
  }
  EXPECT_EQ(control.find_room("hall").error().code, 404);
  EXPECT_EQ(control.find_room("sip:none@example.org").error().code, 404);
  for (const char* const text :
       {"tel:+1", "pres:hall@example.org", "hall:x", "xmpp:hall@example.org"}) {
    const auto room = control.find_room(text);
    ASSERT_FALSE(room) << text;
    EXPECT_EQ(room.error().code, 400);
    EXPECT_EQ(room.error().reason,
              "room is of a scheme that is not understood; sip, sips and im are");
  }
}

TEST_F(Operators, RoomThatTheDatabaseRefusesGoesAgain) {
  h.database.faults.refuses = [](const records::Record& record) {
    return std::holds_alternative<records::Put<records::RoomRow>>(record);
  };
  make("sip:hall@example.org", "sip:alice@example.org", "public");
  EXPECT_EQ(rooms(), 0U);
  EXPECT_TRUE(alice.requests.empty());
}

}  // namespace
}  // namespace imcd::server
