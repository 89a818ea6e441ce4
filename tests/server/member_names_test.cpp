// Members at hosts that the DNS has to be asked for.

#include <gtest/gtest.h>

#include "base/limits.h"
#include "server/names_fixture.h"

namespace imcd::server {
namespace {

using Lines = std::vector<std::string>;

TEST_F(Names, MemberIsReachedWhereTheDnsSaysItsHostIs) {
  zone["far.example"] = addresses({"127.0.0.9"});
  load({"far.example"});
  say("hello");
  EXPECT_EQ(sent_to, Lines{"127.0.0.9:5060"});
  EXPECT_EQ(h.questions, (std::vector<NameQuestion>{{"far.example", NameKind::addresses}}));
}

TEST_F(Names, AddressesOfMembersAskNothing) {
  load({"127.0.0.8"});
  say("hello");
  EXPECT_EQ(sent_to, Lines{"127.0.0.8:5060"});
  EXPECT_TRUE(h.questions.empty());
}

TEST_F(Names, WhoCameStraightToUsAsksNothing) {
  load({});
  bob_joins("sip:bob@example.org");
  say("hello");
  EXPECT_TRUE(bob.has_heard("hello"));
  EXPECT_TRUE(h.questions.empty());
}

TEST_F(Names, PortOfTheUriGoesWithTheAddressOfItsHost) {
  zone["far.example"] = addresses({"127.0.0.9"});
  load({});
  bob_joins("sip:bob@Far.Example:5099");
  EXPECT_TRUE(std::ranges::count(sent_to, "127.0.0.9:5099") > 0);
  EXPECT_EQ(times_asked("far.example"), 1U);
}

TEST_F(Names, WhoseNamedHostIsUnknownIsReachedWhereHeCameFrom) {
  load({});
  bob_joins("sip:bob@laptop.example:5099");
  say("hello");
  EXPECT_TRUE(bob.has_heard("hello"));
}

TEST_F(Names, MessagesWaitForTheAnswerInTheirOrder) {
  is_silent = true;
  load({"far.example"});
  say("one");
  say("two");
  EXPECT_TRUE(sent_to.empty());
  EXPECT_EQ(h.figures().names_waited_for.value(), 1);
  EXPECT_EQ(times_asked("far.example"), 1U);
  h.network = [this](const Flow& to, std::string_view bytes) {
    if (to.peer.port != 5060) return true;
    sent_to.emplace_back(bytes.substr(bytes.rfind('\n') + 1));
    return true;
  };
  h.answer({"far.example", NameKind::addresses}, addresses({"127.0.0.9"}));
  h.run_for(1ms);
  EXPECT_EQ(sent_to, Lines{"<alice@example.org>: one"});
  EXPECT_EQ(h.figures().names_waited_for.value(), 0);
  h.run_for(33s);  // Timer F.
  EXPECT_EQ(sent_to.back(), "<alice@example.org>: two");
}

TEST_F(Names, UnknownHostIsUnroutableAndNotAskedForAgainAtOnce) {
  load({"nowhere.example"});
  say("one");
  EXPECT_EQ(unroutable(), 1U);
  EXPECT_EQ(h.server().deliveries().pending_users(), 0U);
  say("two");
  EXPECT_EQ(unroutable(), 2U);
  EXPECT_EQ(times_asked("nowhere.example"), 1U);
  h.run_for(limits::name_failure_kept);
  zone["nowhere.example"] = addresses({"127.0.0.9"});
  say("three");
  EXPECT_EQ(sent_to, Lines{"127.0.0.9:5060"});
  EXPECT_EQ(h.figures().names_unknown.value(), 1U);
}

TEST_F(Names, SilenceOfTheDnsEndsTheWait) {
  is_silent = true;
  load({"far.example"});
  say("one");
  h.run_for(limits::name_wait_max);
  EXPECT_EQ(unroutable(), 1U);
  EXPECT_EQ(h.figures().names_failed.value(), 1U);
  EXPECT_EQ(h.figures().names_waited_for.value(), 0);
  // The answer comes all the same, and finds nobody.
  h.answer({"far.example", NameKind::addresses}, addresses({"127.0.0.9"}));
  h.run_for(1s);
  EXPECT_TRUE(sent_to.empty());
}

TEST_F(Names, AnswerHoldsForItsTtlAndThenTheNextOneDoes) {
  zone["far.example"] = addresses({"127.0.0.9"}, 60s);
  load({"far.example"});
  say("one");
  h.run_for(50s);
  sent_to.clear();
  say("two");
  EXPECT_EQ(times_asked("far.example"), 1U);
  h.run_for(60s);
  zone["far.example"] = addresses({"127.0.0.10"}, 60s);
  sent_to.clear();
  say("three");
  EXPECT_EQ(times_asked("far.example"), 2U);
  EXPECT_EQ(sent_to, Lines{"127.0.0.10:5060"});
}

TEST_F(Names, TtlOfNothingDoesNotMakeAQuestionOfEachMessage) {
  zone["far.example"] = addresses({"127.0.0.9"}, 0s);
  load({"far.example"});
  for (int i = 0; i < 10; ++i) say("hello");
  EXPECT_EQ(times_asked("far.example"), 1U);
}

TEST_F(Names, LastGoodAnswerServesWhileTheDnsFails) {
  zone["far.example"] = addresses({"127.0.0.9"}, 10s);
  load({"far.example"});
  say("one");
  h.run_for(40s);
  zone["far.example"] = no_answer;
  sent_to.clear();
  say("two");
  EXPECT_EQ(times_asked("far.example"), 2U);
  EXPECT_EQ(sent_to, Lines{"127.0.0.9:5060"});
  EXPECT_EQ(unroutable(), 0U);
}

TEST_F(Names, AddressOfAFamilyWithoutASocketIsNoWay) {
  zone["far.example"] = addresses({"::1"});
  load({"far.example"});
  say("hello");
  EXPECT_TRUE(sent_to.empty());
  EXPECT_EQ(unroutable(), 1U);
}

TEST_F(Names, MembersAtOneHostMakeOneQuestion) {
  is_silent = true;
  load({});
  for (int i = 0; i < 50; ++i) {
    h.database.put(
        records::MemberRow{{"sip:chat@example.org", "m" + std::to_string(i), "far.example"}, 0});
  }
  h.restart();
  say("hello");
  EXPECT_EQ(h.questions.size(), 1U);
  EXPECT_EQ(h.figures().names_waited_for.value(), 50);
  h.answer({"far.example", NameKind::addresses}, addresses({"127.0.0.9"}));
  h.run_for(100ms);
  EXPECT_EQ(sent_to.size(), 50U);
}

TEST_F(Names, FloodOfHostsAsksAFewAtATimeAndEndsUnroutable) {
  is_silent = true;
  load({});
  constexpr int many = 1000;
  for (int i = 0; i < many; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example";
    h.database.put(records::MemberRow{{"sip:chat@example.org", "ghost", host}, 0});
  }
  h.restart();
  say("hello");
  EXPECT_EQ(h.questions.size(), limits::name_questions_max);
  // One is answered, so one more may be asked.
  h.answer(h.questions[0], no_such_name);
  EXPECT_EQ(h.questions.size(), limits::name_questions_max + 1);
  h.run_for(limits::name_wait_max + 1s);
  EXPECT_EQ(unroutable(), static_cast<std::uint64_t>(many));
  EXPECT_EQ(h.server().deliveries().pending_users(), 0U);
}

// Alice's room has thousands of hosts of which the DNS says nothing, bob's has one that is there.
class MadeUpHosts : public Names {
 protected:
  MadeUpHosts() {
    h.dns = [this](const NameQuestion& question) -> std::optional<NameAnswer> {
      const auto found = zone.find(question.name);
      return found != zone.end() ? std::optional(found->second) : std::nullopt;
    };
    zone["good.example"] = addresses({"127.0.0.9"});
  }
  void load_rooms(std::size_t made_up, std::initializer_list<const char*> beside_them = {}) {
    h.database.put(records::RoomRow{{"friends", "example.org"}, 0});
    h.database.put(records::MemberRow{{"sip:friends@example.org", "bob", "example.org"}, 0});
    h.database.put(records::MemberRow{{"sip:friends@example.org", "carol", "good.example"}, 0});
    for (std::size_t i = 0; i < made_up; ++i) {
      const std::string host = "h" + std::to_string(i) + ".example";
      h.database.put(records::MemberRow{{"sip:chat@example.org", "ghost", host}, 0});
    }
    for (const char* host : beside_them) {
      h.database.put(records::MemberRow{{"sip:chat@example.org", "zoe", host}, 0});
    }
    load({});
  }
  void bob_says(std::string_view text) {
    bob.say("friends", text);
    h.run_for(100ms);
  }
};

TEST_F(MadeUpHosts, DelayThoseAloneWhoWriteThere) {
  load_rooms(3000);
  say("hello");
  EXPECT_EQ(h.questions.size(), limits::name_questions_max);
  bob_says("hi");
  EXPECT_EQ(sent_to, Lines{"127.0.0.9:5060"});
  EXPECT_EQ(h.questions.size(), limits::name_questions_max + 1);
  EXPECT_EQ(h.figures().names_refused.value(), 0U);
}

// However late in alice's line.
TEST_F(MadeUpHosts, AHostThatIsInLineForOneIsAskedForInTheOthersTurn) {
  load_rooms(3000, {"good.example"});
  say("hello");
  EXPECT_EQ(times_asked("good.example"), 0U);
  bob_says("hi");
  EXPECT_EQ(times_asked("good.example"), 1U);
  EXPECT_EQ(sent_to, (Lines{"127.0.0.9:5060", "127.0.0.9:5060"}));
}

// It is in her mailbox, behind that of alice, before bob's is: the name is asked for all the same.
TEST_F(MadeUpHosts, NobodyWaitsBehindAnothersMessageForAName) {
  load_rooms(3000, {"good.example"});
  h.database.put(records::MemberRow{{"sip:friends@example.org", "ghost", "h2999.example"}, 0});
  h.restart();
  zone["h2999.example"] = addresses({"127.0.0.10"});
  say("hello");
  bob_says("hi");
  EXPECT_EQ(times_asked("h2999.example"), 1U);
  EXPECT_EQ(std::ranges::count(sent_to, "127.0.0.10:5060"), 1);
}

// Beyond a user's share the delivery is unroutable at once, and counted.
TEST_F(MadeUpHosts, AreBoundedForEachUser) {
  constexpr std::size_t beyond = 100;
  load_rooms(limits::names_in_line_of_user_max + beyond);
  say("hello");
  EXPECT_EQ(h.figures().names_refused.value(), beyond);
  EXPECT_EQ(unroutable(), beyond);
  bob_says("hi");
  EXPECT_EQ(sent_to, Lines{"127.0.0.9:5060"});
  EXPECT_EQ(h.figures().names_refused.value(), beyond);
}

// Nobody has asked for it, so nothing is known of it.
TEST_F(MadeUpHosts, OneThatWasNeverAskedForIsAskedForByTheNextMessage) {
  load_rooms(3000);
  say("hello");
  h.run_for(limits::name_wait_max);
  EXPECT_EQ(h.questions.size(), limits::name_questions_max);
  EXPECT_EQ(h.server().deliveries().pending_users(), 0U);
  say("again");
  EXPECT_EQ(h.questions.size(), 2 * limits::name_questions_max);
}

// A notice is its command's: whoever adds made-up members waits for them himself.
TEST_F(MadeUpHosts, OfMembersWhoAreAddedCountForWhoAddsThem) {
  load_rooms(0);
  alice.say("mine", "#create");
  h.run_for(1s);
  for (std::size_t i = 0; i < 2 * limits::name_questions_max; ++i) {
    alice.say("mine", "#add sip:ghost@g" + std::to_string(i) + ".example");
    h.run_for(50ms);
  }
  EXPECT_EQ(h.questions.size(), limits::name_questions_max);
  bob_says("hi");
  EXPECT_EQ(times_asked("good.example"), 1U);
}

TEST_F(Names, OrderlyStopDropsWhatWaitsForAName) {
  is_silent = true;
  load({"far.example"});
  say("hello");
  h.order(Order::stop);
  h.run_for(1s);
  EXPECT_EQ(h.exit_code, 0);
  EXPECT_EQ(at(h.figures().deliveries, DeliveryResult::dropped).value(), 1U);
  EXPECT_EQ(h.figures().names_waited_for.value(), 0);
}

TEST_F(Names, WhoSpeaksWhileHisHostIsLookedUpIsReachedOnce) {
  is_silent = true;
  load({});
  bob_joins("sip:bob@laptop.example:5099");
  say("hello");
  bob.say("chat", "me too");
  h.run_for(100ms);
  h.answer({"laptop.example", NameKind::addresses}, no_such_name);
  h.run_for(1s);
  EXPECT_EQ(std::ranges::count(bob.heard(), "<alice@example.org>: hello"), 1);
}

}  // namespace
}  // namespace imcd::server
