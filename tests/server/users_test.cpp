// Where deliveries to a user go, where user and host of a member row don't say it (DESIGN 7,
// imcd_users): kept over restarts, changed when the user enters from elsewhere, forgotten at last.

#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {
namespace {

class Users : public testing::Test {
 protected:
  Users() {
    alice.own_uri = uri_of(alice);
    bob.own_uri = uri_of(bob);
  }
  // No proxy, and the port is in no member row: it is the user's own URI or nothing.
  static Settings settings() {
    Settings settings = default_settings();
    settings.deliveries.reply_to_source = ReplyToSource::off;
    return settings;
  }
  static std::string uri_of(const Peer& peer) {
    return "sip:" + peer.name + "@127.0.0.1:" + std::to_string(peer.address.port);
  }
  void say(Peer& peer, std::string_view body) {
    peer.say("chat", body);
    h.run_for(1s);
  }
  [[nodiscard]] std::string stored_uri(const std::string& key) {
    const auto row = h.database.of<records::UserRow>().find({key});
    return row == h.database.of<records::UserRow>().end() ? "" : row->second.uri;
  }

  Harness h{{.settings = settings()}};
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
};

TEST_F(Users, PortOfAMemberOutlivesARestart) {
  say(alice, "#create");
  say(bob, "#join");
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), bob.own_uri);
  h.restart();
  h.run_for(1s);
  bob.forget();
  say(alice, "after the restart");
  ASSERT_TRUE(bob.has_heard("after the restart"));
  EXPECT_EQ(bob.requests.back().request_uri, bob.own_uri);
}

TEST_F(Users, UriWithoutPortNeedsNoRow) {
  alice.own_uri = "sip:alice@127.0.0.1";
  say(alice, "#create");
  EXPECT_EQ(h.database.of<records::MemberRow>().size(), 1U);
  EXPECT_TRUE(h.database.of<records::UserRow>().empty());
}

TEST_F(Users, SchemeOutlivesARestart) {
  say(alice, "#create");
  bob.own_uri = "sips:bob@127.0.0.1:" + std::to_string(bob.address.port);
  say(bob, "#join");
  h.restart();
  h.run_for(1s);
  bob.forget();
  say(alice, "hello");
  ASSERT_TRUE(bob.has_heard("hello"));
  EXPECT_EQ(bob.requests.back().request_uri, bob.own_uri);
}

TEST_F(Users, InvitedWithoutAPortIsReachedAtThePortOfTheAccept) {
  say(alice, "#create");
  say(alice, "#invite sip:bob@127.0.0.1");
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), "");
  say(bob, "#accept");
  EXPECT_EQ(bob.last_code(), 200);
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), bob.own_uri);
  say(alice, "welcome");
  h.run_for(32s);  // The invitation was under way to port 5060.
  EXPECT_TRUE(bob.has_heard("welcome"));
}

TEST_F(Users, WhatIsUnderWayWhenTheUserMovesIsRepeatedAsItWas) {
  say(alice, "#create");
  say(bob, "#join");
  bob.forget();
  bob.manner = Peer::Manner::silent;
  say(alice, "one");
  say(alice, "two");
  Peer& phone = h.peer("phone");
  phone.own_uri = "sip:bob@127.0.0.1:" + std::to_string(phone.address.port);
  say(phone, "#join");
  h.run_for(5s);
  EXPECT_TRUE(phone.requests.empty());
  ASSERT_GT(bob.requests.size(), 2U);
  for (const Heard& request : bob.requests) EXPECT_EQ(request.bytes, bob.requests[0].bytes);
  bob.manner = Peer::Manner::answers;
  h.run_for(5s);
  ASSERT_FALSE(phone.heard().empty());
  EXPECT_TRUE(phone.heard()[0].ends_with("two"));
}

TEST_F(Users, WhoEntersFromAnotherPortIsReachedThere) {
  say(alice, "#create");
  say(bob, "#join");
  Peer& phone = h.peer("phone");
  phone.own_uri = "sip:bob@127.0.0.1:" + std::to_string(phone.address.port);
  say(phone, "#join");
  EXPECT_EQ(phone.last_code(), 200);
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), phone.own_uri);
  bob.forget();
  say(alice, "where are you?");
  EXPECT_TRUE(phone.has_heard("where are you?"));
  EXPECT_FALSE(bob.has_heard("where are you?"));
  EXPECT_EQ(h.database.of<records::MemberRow>().size(), 2U);
}

TEST_F(Users, TalkingAloneMovesNobody) {
  say(alice, "#create");
  say(bob, "#join");
  Peer& phone = h.peer("phone");
  phone.own_uri = "sip:bob@127.0.0.1:" + std::to_string(phone.address.port);
  say(phone, "I am on the phone");
  EXPECT_EQ(phone.last_code(), 200);
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), bob.own_uri);
}

TEST_F(Users, UriThatBecomesPlainAgainLosesItsRow) {
  say(alice, "#create");
  say(bob, "#join");
  bob.own_uri = "sip:bob@127.0.0.1";
  say(bob, "#join");
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), "");
}

TEST_F(Users, RowGoesWithTheLastRoom) {
  alice.say("chat", "#create");
  alice.say("other", "#create");
  h.run_for(1s);
  say(bob, "#join");
  bob.say("other", "#join");
  h.run_for(1s);
  say(bob, "#exit");
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), bob.own_uri);
  alice.say("other", "#destroy");
  h.run_for(1s);
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), "");
  EXPECT_EQ(stored_uri("alice@127.0.0.1"), alice.own_uri);
}

TEST_F(Users, RowOfSomebodyInNoRoomIsCleanedAwayAtTheStart) {
  h.database.put(records::UserRow{{"gone@127.0.0.1"}, "sip:gone@127.0.0.1:6999"});
  h.restart();
  h.run_for(1s);
  EXPECT_TRUE(h.database.of<records::UserRow>().empty());
  EXPECT_EQ(h.server().identities().size(), 0U);
}

TEST_F(Users, RowThatContradictsItsKeyIsSkipped) {
  say(alice, "#create");
  say(bob, "#join");
  h.database.put(
      records::UserRow{{"bob@127.0.0.1"}, "sip:eve@127.0.0.1:" + std::to_string(bob.address.port)});
  h.restart();
  h.run_for(1s);
  bob.forget();
  say(alice, "a secret");
  EXPECT_FALSE(bob.has_heard("a secret"));
  EXPECT_GE(h.figures().db_rows_skipped.value(), 1U);
}

TEST_F(Users, RefusedCommandLeavesNoUri) {
  say(alice, "#create");
  h.database.faults.refuses = [](const records::Record& record) {
    const auto* const put = std::get_if<records::Put<records::MemberRow>>(&record);
    return put != nullptr && put->row.key.user == "bob";
  };
  say(bob, "#join");
  EXPECT_EQ(bob.last_code(), 500);
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), "");
}

// --- What others write about a user --------------------------------------------------------------

class Named : public Users {
 protected:
  Named() { say(alice, "#create"); }
  // Where alice's chat to the room goes; empty: nowhere that is known here.
  std::string way_to(Peer& peer) {
    h.run_for(100s);  // What is under way to a port where nobody is has ended.
    peer.forget();
    h.network = [this](const Flow&, std::string_view bytes) {
      if (bytes.starts_with("MESSAGE")) ways.push_back(line_of(bytes));
      return true;
    };
    ways.clear();
    say(alice, "hello");
    h.network = nullptr;
    return ways.empty() ? "" : ways.back();
  }
  static std::string line_of(std::string_view bytes) {
    return std::string(bytes.substr(8, bytes.find(" SIP/2.0") - 8));
  }
  std::vector<std::string> ways;
};

TEST_F(Named, PortSchemeAndSpellingOfAStrangerAreNotTaken) {
  Peer& mallory = h.peer("mallory");
  mallory.own_uri = uri_of(mallory);
  mallory.say("other", "#create");
  h.run_for(1s);
  mallory.say("other", "#add sips:%62OB@127.0.0.1:1");
  mallory.say("other", "#invite sip:%43arol@127.0.0.1:2");
  h.run_for(1s);
  EXPECT_EQ(mallory.last_code(), 200);
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), "");
  EXPECT_EQ(stored_uri("carol@127.0.0.1"), "");
  EXPECT_EQ(
      (h.database.of<records::MemberRow>().count({"sip:other@example.org", "bob", "127.0.0.1"})),
      1U);
  say(alice, "#add bob@127.0.0.1");
  EXPECT_EQ(way_to(bob), "sip:bob@127.0.0.1");
}

TEST_F(Named, FirstMessageOfWhoWasAddedSaysWhereToReachHim) {
  say(alice, "#add sip:bob@127.0.0.1:1");
  EXPECT_EQ(way_to(bob), "sip:bob@127.0.0.1");
  say(bob, "here I am");
  EXPECT_EQ(bob.last_code(), 200);
  EXPECT_EQ(way_to(bob), bob.own_uri);
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), bob.own_uri);
  // And it is his own from then on, whoever names him otherwise.
  say(alice, "#remove bob@127.0.0.1");
  say(alice, "#add sips:BOB@127.0.0.1:2");
  EXPECT_EQ(way_to(bob), bob.own_uri);
  h.restart();
  h.run_for(1s);
  EXPECT_EQ(way_to(bob), bob.own_uri);
}

TEST_F(Named, WhoIsMetInARefusedCommandIsMetAllTheSame) {
  say(alice, "#add bob@127.0.0.1");
  say(bob, "#destroy");
  EXPECT_EQ(bob.last_code(), 403);
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), bob.own_uri);
}

TEST_F(Named, WhoOnlyEverAsksIsStoredNowhere) {
  say(bob, "#help");
  say(bob, "hello");
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), "");
}

TEST_F(Named, WhatARoomSentSaysNothingOfItsSender) {
  say(alice, "#add bob@127.0.0.1");
  bob.say("chat", "an echo", "X-IMC-Loop: x;sip:chat@example.org\r\n");
  h.run_for(1s);
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), "");
}

TEST_F(Named, FirstMessageWhileTheDatabaseIsAwayIsChatAllTheSame) {
  say(alice, "#add bob@127.0.0.1");
  h.database_hangs = true;
  say(alice, "#add carol@127.0.0.1");
  h.run_for(6s);
  say(bob, "one");
  EXPECT_EQ(bob.last_code(), 200);
  h.database_hangs = false;
  h.release_database();
  h.run_for(1s);
  say(bob, "two");
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), bob.own_uri);
}

TEST_F(Named, OperatorsWordCountsUntilTheOwnersOwn) {
  Outbox out;
  h.server().on_mi_bytes(
      ":imc_create_room:\nsip:hall@example.org\nsips:Bob@127.0.0.1:7\npublic\n\n", h.now(), out);
  h.run_for(1s);
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), "sips:Bob@127.0.0.1:7");
  say(bob, "#help");
  EXPECT_EQ(stored_uri("bob@127.0.0.1"), bob.own_uri);
}

}  // namespace
}  // namespace imcd::server
