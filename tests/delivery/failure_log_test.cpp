#include "delivery/failure_log.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/limits.h"

namespace imcd::delivery {
namespace {

using Lines = std::vector<std::string>;

FailureLog::Failure refused(std::uint16_t code, const char* peer = "192.0.2.1:5060",
                            Transport transport = Transport::udp) {
  return {DeliveryResult::refused, code, {transport, *parse_address(peer)}};
}

class FailureLogTest : public testing::Test {
 protected:
  // The lines of this moment: text and fields.
  Lines told() {
    Outbox out;
    log.tell(now, out);
    Lines lines;
    for (const LogLine& line : out.log_lines()) {
      std::string text = line.level == LogLevel::info ? "info: " + line.text : line.text;
      for (const auto& [name, value] : line.fields) text += std::string(" ") + name + '=' + value;
      lines.push_back(text);
    }
    return lines;
  }
  void pass(Duration time) { now += time; }

  FailureLog log;
  MonoTime now{1h};
};

TEST_F(FailureLogTest, FirstOneIsToldAtOnceWithHopAndCode) {
  EXPECT_EQ(told(), Lines{});
  EXPECT_EQ(log.next_deadline(), std::nullopt);
  log.note(refused(407), now);
  EXPECT_EQ(log.next_deadline(), now);
  EXPECT_EQ(told(), Lines{"deliveries are refused peer=udp:192.0.2.1:5060 code=407 count=1"});
  EXPECT_EQ(told(), Lines{});
}

TEST_F(FailureLogTest, ThoseThatFollowAreALineAMinuteWithTheirNumber) {
  log.note(refused(500), now);
  ASSERT_EQ(told().size(), 1U);
  for (int i = 0; i < 1000; ++i) {
    pass(10ms);
    log.note(refused(500), now);
    EXPECT_EQ(told(), Lines{});
  }
  pass(50s - 1ns);
  EXPECT_EQ(told(), Lines{});
  EXPECT_EQ(log.next_deadline(), now + 1ns);
  pass(1ns);
  EXPECT_EQ(told(), Lines{"deliveries are refused peer=udp:192.0.2.1:5060 code=500 count=1000"});
  // Quiet for a minute: nothing is said, nothing kept, and the next one is told at once.
  pass(60s);
  EXPECT_EQ(told(), Lines{});
  EXPECT_EQ(log.next_deadline(), std::nullopt);
  log.note(refused(500), now);
  EXPECT_EQ(told(), Lines{"deliveries are refused peer=udp:192.0.2.1:5060 code=500 count=1"});
}

TEST_F(FailureLogTest, HopsTransportsCodesAndKindsAreToldApart) {
  log.note(refused(480), now);
  log.note(refused(480, "192.0.2.2:5060"), now);
  log.note(refused(480, "192.0.2.1:5060", Transport::tcp), now);
  log.note(refused(408), now);
  log.note({DeliveryResult::timed_out, 408, {*parse_address("192.0.2.1:5060")}}, now);
  log.note({DeliveryResult::lost, 503, {Transport::tcp, *parse_address("192.0.2.1:5060")}}, now);
  log.note({DeliveryResult::unroutable, 0, {}}, now);
  log.note(refused(480), now);
  EXPECT_EQ(told(),
            (Lines{"info: deliveries are refused peer=udp:192.0.2.1:5060 code=480 count=2",
                   "info: deliveries are refused peer=udp:192.0.2.2:5060 code=480 count=1",
                   "info: deliveries are refused peer=tcp:192.0.2.1:5060 code=480 count=1",
                   "deliveries are refused peer=udp:192.0.2.1:5060 code=408 count=1",
                   "deliveries get no answer peer=udp:192.0.2.1:5060 code=408 count=1",
                   "deliveries are lost with their connection peer=tcp:192.0.2.1:5060 code=503 "
                   "count=1",
                   "deliveries have no way to go count=1"}));
}

TEST_F(FailureLogTest, MoreThanItTellsApartShareALine) {
  const auto hop = [](std::size_t i) {
    return "192.0." + std::to_string(i / 200) + "." + std::to_string(i % 200) + ":5060";
  };
  constexpr std::size_t more = 500;
  for (std::size_t i = 0; i < limits::failures_told_max + more; ++i) {
    log.note(refused(404, hop(i).c_str()), now);
  }
  const Lines lines = told();
  ASSERT_EQ(lines.size(), limits::failures_told_max + 1);
  EXPECT_EQ(lines.back(), "deliveries to further next hops fail count=500");
  // Those that have a line of their own keep it.
  log.note(refused(404, hop(0).c_str()), now);
  log.note(refused(404, hop(limits::failures_told_max).c_str()), now);
  pass(60s);
  EXPECT_EQ(told(), (Lines{"deliveries are refused peer=udp:192.0.0.0:5060 code=404 count=1",
                           "deliveries to further next hops fail count=1"}));
  pass(60s);
  EXPECT_EQ(told(), Lines{});
  EXPECT_EQ(log.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace imcd::delivery
