// When an invitation was made: kept over restarts, and forgotten with the invitation.

#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {
namespace {

class InvitationTimes : public testing::Test {
 protected:
  // It is 2024-10-04 when alice invites bob.
  InvitationTimes() : h({.settings = default_settings()}) {
    alice.say("chat", "#create");
    bob.say("nowhere", "hello");
    h.run_for(1s);
    alice.say("chat", "#invite bob");
    h.run_for(1s);
    EXPECT_EQ(rows().size(), 1U);
  }

  db::MemoryDatabase::Table<records::InvitationRow>& rows() {
    return h.database.of<records::InvitationRow>();
  }
  // What the owner sees of bob.
  std::string listed() {
    alice.forget();
    alice.say("chat", "#list");
    h.run_for(1s);
    const std::string& text = alice.requests.back().body;
    return text.substr(text.rfind("\r\n") + 2);
  }
  void expect_ended() {
    h.run_for(1s);
    EXPECT_TRUE(rows().empty());
    h.restart();
    EXPECT_EQ(h.figures().invitations_pending.value(), 0);
  }

  Harness h;
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
};

TEST_F(InvitationTimes, AreKeptOverARestart) {
  const auto stored = rows();
  EXPECT_EQ(stored.begin()->first.room, "sip:chat@example.org");
  EXPECT_EQ(stored.begin()->first.user, "bob");
  EXPECT_EQ(stored.begin()->second.made_at, 480000 * 3600 + 1);
  EXPECT_EQ(listed(), "bob@example.org (invited 2024-10-04)");
  h.run_for(72h);
  h.restart();
  EXPECT_EQ(listed(), "bob@example.org (invited 2024-10-04)");
  EXPECT_EQ(rows(), stored);
}

TEST_F(InvitationTimes, AreThoseOfTheStartWhereNobodyWroteThemDown) {
  rows().clear();
  h.run_for(72h);
  h.restart();
  h.run_for(48h);
  EXPECT_EQ(listed(), "bob@example.org (invited 2024-10-07)");
}

TEST_F(InvitationTimes, GoWhenTheInvitationIsAccepted) {
  bob.say("chat", "#accept");
  expect_ended();
}

TEST_F(InvitationTimes, GoWhenTheInvitedJoinsWithoutAWord) {
  bob.say("chat", "#join");
  expect_ended();
}

TEST_F(InvitationTimes, GoWhenTheInvitationIsDenied) {
  bob.say("chat", "#deny");
  expect_ended();
}

TEST_F(InvitationTimes, GoWhenTheInvitationIsWithdrawn) {
  alice.say("chat", "#remove bob");
  expect_ended();
}

TEST_F(InvitationTimes, GoWhenTheInvitedIsAdded) {
  alice.say("chat", "#add bob");
  expect_ended();
}

TEST_F(InvitationTimes, GoWithTheRoom) {
  alice.say("chat", "#destroy");
  expect_ended();
}

TEST_F(InvitationTimes, GoWhenTheInvitationCannotBeDelivered) {
  Peer& carol = h.peer("carol");
  carol.say("nowhere", "hello");
  h.run_for(1s);
  carol.answer_code = 404;
  alice.say("chat", "#invite carol");
  h.run_for(1s);
  EXPECT_EQ(rows().size(), 1U);
  EXPECT_EQ(rows().begin()->first.user, "bob");
}

TEST_F(InvitationTimes, AreNewWithANewInvitation) {
  bob.say("chat", "#deny");
  h.run_for(72h);
  alice.say("chat", "#invite bob");
  h.run_for(1s);
  EXPECT_EQ(listed(), "bob@example.org (invited 2024-10-07)");
}

TEST_F(InvitationTimes, OfNobodyWhoIsInvitedAreDeletedAtTheStart) {
  const auto good = rows();
  h.database.put(
      records::InvitationRow{{"sip:chat@example.org", "alice", "example.org"}, 5});  // A member.
  h.database.put(
      records::InvitationRow{{"sip:chat@example.org", "carol", "example.org"}, 5});  // Nobody.
  h.database.put(
      records::InvitationRow{{"sip:nowhere@example.org", "carol", "example.org"}, 5});  // No room.
  h.restart();
  h.run_for(1s);
  EXPECT_EQ(rows(), good);
}

TEST_F(InvitationTimes, SurviveARefusalOfAnotherChange) {
  h.database.faults.refuses = [](const records::Record& record) { return names(record, "carol"); };
  h.run_for(72h);
  h.peer("carol").say("chat", "#join");
  h.run_for(1s);
  EXPECT_EQ(h.peer("carol").last_code(), 500);
  EXPECT_EQ(listed(), "bob@example.org (invited 2024-10-04)");
  // And the inviter is still known.
  bob.say("chat", "#deny");
  h.run_for(1s);
  EXPECT_TRUE(alice.has_heard("bob@example.org declined the invitation"));
}

}  // namespace
}  // namespace imcd::server
