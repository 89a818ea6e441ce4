// Users who are away, and what they are told on return (DESIGN 5).

#include <gtest/gtest.h>

#include "server/manners_fixture.h"

namespace imcd::server {
namespace {

TEST_F(Manners, UserAnswering480IsAwayAndGetsTheNewestMessageAfterTheDelay) {
  bob.answer_code = 480;
  for (int i = 0; i < 5; ++i) {
    alice.say("chat", std::to_string(i));
    h.run_for(100ms);
  }
  EXPECT_EQ(bob.heard(), std::vector<std::string>{"<alice@example.org>: 0"});
  EXPECT_EQ(h.figures().users_away.value(), 1);
  bob.answer_code = 200;
  h.run_for(29s);
  EXPECT_EQ(bob.heard().size(), 1U);
  h.run_for(2s);
  // The newest, then one word about what was missed.
  EXPECT_EQ(bob.heard(), (std::vector<std::string>{
                             "<alice@example.org>: 0", "<alice@example.org>: 4",
                             "*** Messages that you missed while you could not be reached: 3."}));
  EXPECT_EQ(h.figures().users_away.value(), 0);
  alice.say("chat", "back");
  h.run_for(1s);
  EXPECT_TRUE(bob.has_heard("back"));
}

TEST_F(Manners, DelaysDoubleUpToTenMinutes) {
  bob.answer_code = 404;
  std::vector<MonoTime> tries;
  for (int i = 0; i < 3000; ++i) {
    alice.say("chat", std::to_string(i));
    h.run_for(1s);
  }
  for (const Heard& heard : bob.requests) tries.push_back(heard.at);
  ASSERT_GE(tries.size(), 7U);
  const auto gap = [&](std::size_t i) {
    return std::chrono::round<std::chrono::seconds>(tries[i + 1] - tries[i]);
  };
  EXPECT_EQ(gap(0), 30s);
  EXPECT_EQ(gap(1), 60s);
  EXPECT_EQ(gap(2), 120s);
  EXPECT_EQ(gap(4), 480s);
  EXPECT_EQ(gap(5), 600s);
}

TEST_F(Manners, ThreeTimeoutsInARowMakeAway) {
  bob.manner = Peer::Manner::silent;
  for (int i = 0; i < 6; ++i) alice.say("chat", std::to_string(i));
  h.run_for(90s);
  EXPECT_EQ(h.figures().users_away.value(), 0);
  EXPECT_EQ(bob.heard().size(), 3U);
  h.run_for(7s);
  EXPECT_EQ(h.figures().users_away.value(), 1);
  EXPECT_EQ(h.server().deliveries().queued(), 1U);
}

TEST_F(Manners, AnswerBetweenTimeoutsStartsTheCountAgain) {
  bob.manner = Peer::Manner::silent;
  alice.say("chat", "1");
  alice.say("chat", "2");
  h.run_for(70s);
  bob.manner = Peer::Manner::answers;
  alice.say("chat", "3");
  h.run_for(1s);
  bob.manner = Peer::Manner::silent;
  alice.say("chat", "4");
  alice.say("chat", "5");
  h.run_for(70s);
  EXPECT_EQ(h.figures().users_away.value(), 0);
}

TEST_F(Manners, MessageFromTheUserEndsItsAbsence) {
  bob.answer_code = 480;
  alice.say("chat", "1");
  h.run_for(1s);
  alice.say("chat", "2");
  h.run_for(1s);
  EXPECT_EQ(bob.heard().size(), 1U);
  bob.answer_code = 200;
  bob.say("chat", "I am back");
  h.run_for(1s);
  EXPECT_TRUE(bob.has_heard("2"));
  EXPECT_EQ(h.figures().users_away.value(), 0);
}

TEST_F(Manners, RetryAfterOfAUserIsHonoured) {
  bob.answer_code = 480;
  bob.answer_headers = "Retry-After: 90 (lunch)\r\n";
  alice.say("chat", "1");
  h.run_for(1s);
  alice.say("chat", "2");
  bob.answer_code = 200;
  h.run_for(88s);
  EXPECT_FALSE(bob.has_heard("2"));
  h.run_for(3s);
  EXPECT_TRUE(bob.has_heard("2"));
}

TEST_F(Manners, AbsenceIsForgottenInTheEnd) {
  bob.answer_code = 410;
  alice.say("chat", "1");
  h.run_for(1s);
  EXPECT_EQ(h.server().deliveries().resting_users(), 1U);
  h.run_for(20min);
  EXPECT_EQ(h.server().deliveries().resting_users(), 0U);
  EXPECT_EQ(h.figures().users_away.value(), 0);
  EXPECT_FALSE(h.server().next_deadline());
}

TEST_F(Manners, FullQueueIsToldOnceOnReturn) {
  bob.answer_delay = 20s;
  for (std::size_t i = 0; i < limits::user_queue_max + 10; ++i) {
    alice.say("chat", "x");
    h.run_for(1ms);
  }
  h.run_for(19s);
  bob.answer_delay = 1ms;
  h.run_for(60s);
  std::size_t told = 0;
  for (const std::string& body : bob.heard()) {
    if (body.starts_with("*** Messages that you missed")) {
      ++told;
      EXPECT_TRUE(body.ends_with(" 9.")) << body;
    }
  }
  EXPECT_EQ(told, 1U);
}

}  // namespace
}  // namespace imcd::server
