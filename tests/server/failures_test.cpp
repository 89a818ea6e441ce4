// What the log says of deliveries that fail.

#include <gtest/gtest.h>

#include "base/limits.h"
#include "server/links_fixture.h"
#include "server/manners_fixture.h"

namespace imcd::server {
namespace {

using Lines = std::vector<std::string>;

// The lines about deliveries since the last call.
Lines told(Harness& h) {
  Lines lines;
  for (const std::string& line : h.log) {
    if (line.starts_with("deliveries")) lines.push_back(line);
  }
  h.log.clear();
  return lines;
}

class Failures : public Manners {
 protected:
  // The line of a failure at bob's.
  std::string at_bob(const std::string& what, const std::string& rest) {
    return "deliveries " + what + " peer=udp:" + address_text(bob.address) + " " + rest;
  }
  void say(int times) {
    for (int i = 0; i < times; ++i) {
      alice.say("chat", std::to_string(i));
      h.run_for(100ms);
    }
  }
};

TEST_F(Failures, WhatIsAcceptedIsNotToldOf) {
  say(10);
  h.run_for(2min);
  EXPECT_EQ(told(h), Lines{});
}

TEST_F(Failures, FirstRefusalIsALineWithItsCodeAndTheRestANumberEachMinute) {
  bob.answer_code = 407;
  say(1);
  EXPECT_EQ(told(h), Lines{at_bob("are refused", "code=407 count=1")});
  say(100);
  EXPECT_EQ(told(h), Lines{});
  h.run_for(60s);
  EXPECT_EQ(told(h), Lines{at_bob("are refused", "code=407 count=100")});
  bob.answer_code = 403;
  say(2);
  EXPECT_EQ(told(h), Lines{at_bob("are refused", "code=403 count=1")});
  h.run_for(2min);
  EXPECT_EQ(told(h), Lines{at_bob("are refused", "code=403 count=1")});
  EXPECT_FALSE(h.server().next_deadline()) << "nothing is kept of it";
}

TEST_F(Failures, RefusalThatIsTriedAgainIsToldToo) {
  bob.answer_code = 503;
  bob.answer_headers = "Retry-After: 1\r\n";
  say(1);
  EXPECT_EQ(told(h), Lines{at_bob("are refused", "code=503 count=1")});
}

TEST_F(Failures, TimeoutIsTold) {
  bob.manner = Peer::Manner::silent;
  say(1);
  h.run_for(limits::timer_f - 1s);
  EXPECT_EQ(told(h), Lines{});
  h.run_for(1s);
  EXPECT_EQ(told(h), Lines{at_bob("get no answer", "code=408 count=1")});
}

TEST_F(Failures, MemberWithoutAWayIsTold) {
  alice.say("chat", "#invite dave@nowhere.example");
  h.run_for(30s);
  const Lines lines = told(h);
  ASSERT_FALSE(lines.empty());
  EXPECT_TRUE(lines.front().starts_with("deliveries have no way to go count=")) << lines.front();
}

TEST_F(OverTcp, DeliveriesLostWithTheirConnectionAreTold) {
  auto& stream = begin();
  answers_messages = false;
  told(h);
  say(1);
  h.run_for(1s);
  EXPECT_EQ(told(h), Lines{});
  h.end(stream, StreamEnd::lost);
  h.run_for(1ms);
  EXPECT_EQ(told(h), Lines{"deliveries are lost with their connection peer=tcp:127.0.0.1:7001 "
                           "code=503 count=1"});
}

}  // namespace
}  // namespace imcd::server
