#include "reactor/udp_sender.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "fake_kernel.h"

namespace imcd::reactor {
namespace {

using Texts = std::vector<std::string>;

const Address peer = Address::ipv4({127, 0, 0, 1}, 5060);

class UdpSenderTest : public testing::Test {
 protected:
  // Adds the texts and flushes. They live on, as the outbox does, until the flush is over.
  void send(const Texts& texts) {
    for (const std::string& text : texts) sender.add(peer, text, now);
    sender.flush(now);
  }

  static Texts numbered(int count) {
    Texts texts;
    for (int i = 0; i < count; ++i) texts.push_back(std::to_string(i));
    return texts;
  }

  Figures figures;
  MonoTime now{1s};
  UdpSender sender{-1, &FakeKernel::send, figures};
};

TEST_F(UdpSenderTest, NothingAddedMakesNoCall) {
  FakeKernel::start({});
  sender.flush(now);
  EXPECT_EQ(FakeKernel::calls, 0U);
}

TEST_F(UdpSenderTest, DatagramsLeaveInOrderAndInBatches) {
  FakeKernel::start({});
  send(numbered(200));
  EXPECT_EQ(FakeKernel::sent, numbered(200));
  EXPECT_EQ(FakeKernel::calls, 4U);
  EXPECT_EQ(figures.datagrams_sent.value(), 200U);
  EXPECT_EQ(figures.sent_bytes.value(), 10U + 2 * 90 + 3 * 100);
}

TEST_F(UdpSenderTest, PartlySentBatchGoesOnWhereItStopped) {
  FakeKernel::start({1, 2});
  send(numbered(6));
  EXPECT_EQ(FakeKernel::sent, numbered(6));
  EXPECT_EQ(FakeKernel::calls, 3U);
  EXPECT_EQ(figures.datagrams_sent.value(), 6U);
}

TEST_F(UdpSenderTest, FullSocketKeepsTheRestInOrderUntilItHasRoom) {
  FakeKernel::start({2, -EAGAIN});
  send({"a", "b", "c", "d"});
  EXPECT_TRUE(sender.waits_for_room());
  EXPECT_FALSE(sender.retry_at());
  EXPECT_EQ(FakeKernel::sent, (Texts{"a", "b"}));

  send({"e"});  // Must not pass those that wait.
  EXPECT_EQ(FakeKernel::sent, (Texts{"a", "b"}));

  sender.resume(now);
  EXPECT_EQ(FakeKernel::sent, (Texts{"a", "b", "c", "d", "e"}));
  EXPECT_FALSE(sender.waits_for_room());
  EXPECT_TRUE(sender.idle());
}

TEST_F(UdpSenderTest, ManyWaitingDatagramsLeaveInOrderOverSeveralFullSockets) {
  FakeKernel::start({-EAGAIN});
  send(numbered(500));
  FakeKernel::script = {10, -EAGAIN};
  sender.resume(now);
  EXPECT_TRUE(sender.waits_for_room());
  FakeKernel::script = {64, 64, 3, -EAGAIN};
  sender.resume(now);
  EXPECT_TRUE(sender.waits_for_room());
  sender.resume(now);
  EXPECT_EQ(FakeKernel::sent, numbered(500));
  EXPECT_EQ(figures.datagrams_sent.value(), 500U);
}

TEST_F(UdpSenderTest, FullQueueBelowTheSocketIsTriedAgainAfterAMillisecond) {
  FakeKernel::start({1, -ENOBUFS});
  send({"a", "b"});
  EXPECT_FALSE(sender.waits_for_room());
  EXPECT_EQ(sender.retry_at(), now + 1ms);
  send({"c"});
  sender.resume(now + 1ms);
  EXPECT_EQ(FakeKernel::sent, (Texts{"a", "b", "c"}));
  EXPECT_FALSE(sender.retry_at());
}

TEST_F(UdpSenderTest, InterruptedCallIsRepeated) {
  FakeKernel::start({-EINTR, -EINTR, -EINTR});
  send({"a"});
  EXPECT_EQ(FakeKernel::sent, Texts{"a"});
  EXPECT_EQ(figures.datagrams_send_failed.value(), 0U);
}

TEST_F(UdpSenderTest, RefusalOfAnEarlierDatagramDoesNotCostThisOne) {
  FakeKernel::start({1, -ECONNREFUSED, 1, -ECONNREFUSED});
  send({"a", "b", "c"});
  EXPECT_EQ(FakeKernel::sent, (Texts{"a", "b", "c"}));
  EXPECT_EQ(figures.datagrams_send_failed.value(), 0U);
}

TEST_F(UdpSenderTest, DatagramThatIsNotPermittedFailsAloneAndIsCounted) {
  for (const int error : {EPERM, EMSGSIZE, ENETUNREACH, EINVAL, ECONNREFUSED}) {
    FakeKernel::start({1, -error, -error});
    send({"a", "b", "c"});
    EXPECT_EQ(FakeKernel::sent, (Texts{"a", "c"}));
  }
  EXPECT_EQ(figures.datagrams_send_failed.value(), 5U);
  EXPECT_EQ(figures.datagrams_sent.value(), 10U);
}

TEST_F(UdpSenderTest, SocketThatFailsForEverCostsTwoCallsADatagram) {
  FakeKernel::start({});
  FakeKernel::error_for_ever = EPERM;
  send(numbered(100));
  EXPECT_EQ(figures.datagrams_send_failed.value(), 100U);
  EXPECT_EQ(FakeKernel::calls, 200U);
  EXPECT_TRUE(sender.idle());
}

TEST_F(UdpSenderTest, OverflowOfWhatWaitsIsCounted) {
  FakeKernel::start({});
  FakeKernel::error_for_ever = EAGAIN;
  const std::string kilobyte(1024, 'x');
  const std::size_t count = 2 * budget::waiting_bytes_max / kilobyte.size();
  for (std::size_t i = 0; i < count; ++i) {
    sender.add(peer, kilobyte, now);
    sender.flush(now);
  }
  const std::uint64_t failed = figures.datagrams_send_failed.value();
  EXPECT_GT(failed, 0U);
  FakeKernel::error_for_ever = 0;
  sender.resume(now);
  EXPECT_EQ(FakeKernel::sent.size() + failed, count);
  EXPECT_LE(FakeKernel::sent.size() * kilobyte.size(), budget::waiting_bytes_max);
  send({"after"});
  EXPECT_EQ(FakeKernel::sent.back(), "after");
}

// Texts of so many bytes, each different.
Texts of_size(std::size_t bytes, int count) {
  Texts texts;
  for (int i = 0; i < count; ++i) {
    std::string text = std::to_string(i);
    text.resize(bytes, 'x');
    texts.push_back(std::move(text));
  }
  return texts;
}

TEST_F(UdpSenderTest, DatagramsOfOneSizeToOnePeerAreOneRun) {
  FakeKernel::start({});
  const Texts texts = of_size(500, 60);
  send(texts);
  EXPECT_EQ(FakeKernel::sent, texts);
  EXPECT_EQ(FakeKernel::calls, 1U);
  EXPECT_EQ(FakeKernel::runs, 1U);
  EXPECT_EQ(figures.datagrams_sent.value(), 60U);
  EXPECT_EQ(figures.sent_bytes.value(), 60U * 500U);
}

TEST_F(UdpSenderTest, RunHasAtMost64DatagramsAndAUdpPayload) {
  FakeKernel::start({});
  const Texts small = of_size(200, 130);
  send(small);
  EXPECT_EQ(FakeKernel::sent, small);
  EXPECT_EQ(FakeKernel::runs, 3U);
  FakeKernel::start({});
  const Texts large = of_size(20000, 7);
  send(large);
  EXPECT_EQ(FakeKernel::sent, large);
  EXPECT_EQ(FakeKernel::runs, 2U);  // Three, three, and one by itself.
}

TEST_F(UdpSenderTest, ShorterDatagramEndsARunAndALongerOneBeginsAnother) {
  FakeKernel::start({});
  Texts texts = of_size(500, 3);
  texts.emplace_back(400, 'y');  // The last of the first run.
  texts.emplace_back(400, 'z');
  texts.emplace_back(500, 'a');
  texts.emplace_back(500, 'b');
  send(texts);
  EXPECT_EQ(FakeKernel::sent, texts);
  EXPECT_EQ(FakeKernel::runs, 2U);
}

TEST_F(UdpSenderTest, RunsOfTwoPeersDoNotMix) {
  FakeKernel::start({});
  const Address other = Address::ipv4({127, 0, 0, 1}, 5061);
  const Texts texts = of_size(300, 6);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    sender.add(i % 2 == 0 ? peer : other, texts[i], now);
  }
  sender.flush(now);
  EXPECT_EQ(FakeKernel::sent, texts);
  EXPECT_EQ(FakeKernel::runs, 0U);
}

TEST_F(UdpSenderTest, EmptyDatagramJoinsNoRun) {
  FakeKernel::start({});
  Texts texts = of_size(300, 2);
  texts.emplace_back();
  send(texts);
  EXPECT_EQ(FakeKernel::sent, texts);
}

TEST_F(UdpSenderTest, PeerWhoseWayTakesNoRunsGetsSingleDatagramsFromThenOn) {
  for (const int error : {EINVAL, EIO, EMSGSIZE, ENOPROTOOPT}) {
    UdpSender fresh(-1, &FakeKernel::send, figures);
    const std::uint64_t failed = figures.datagrams_send_failed.value();
    FakeKernel::start({});
    FakeKernel::refuses_runs = error;
    const Texts texts = of_size(300, 10);
    for (int i = 0; i < 2; ++i) {
      for (const std::string& text : texts) fresh.add(peer, text, now);
      fresh.flush(now);
    }
    EXPECT_EQ(FakeKernel::sent.size(), 20U);
    EXPECT_EQ(FakeKernel::sent[19], texts[9]);
    EXPECT_EQ(FakeKernel::calls, 3U) << error;  // A refused run, and two batches.
    EXPECT_TRUE(fresh.idle());
    EXPECT_EQ(figures.datagrams_send_failed.value(), failed);
  }
  EXPECT_EQ(figures.runs_refused.value(), 4U);
}

// The way may have changed.
TEST_F(UdpSenderTest, RunsAreTriedAgainAfterAMinute) {
  FakeKernel::start({});
  FakeKernel::refuses_runs = EINVAL;
  send(of_size(300, 10));
  FakeKernel::refuses_runs = 0;
  now = now + budget::runs_tried_again - 1ms;
  send(of_size(300, 10));
  EXPECT_EQ(FakeKernel::runs, 0U);
  now = now + 1ms;
  send(of_size(300, 10));
  EXPECT_EQ(FakeKernel::runs, 1U);
  EXPECT_EQ(FakeKernel::sent.size(), 30U);
  EXPECT_EQ(figures.runs_refused.value(), 1U);
}

// One peer's way says nothing about another's, however many there are.
TEST_F(UdpSenderTest, ManyPeersWithoutRunsLeaveThoseOfOthersAlone) {
  const Texts texts = of_size(300, 4);
  const auto send_to = [&](const Address& other) {
    for (const std::string& text : texts) sender.add(other, text, now);
    sender.flush(now);
  };
  FakeKernel::start({});
  FakeKernel::refuses_runs = EINVAL;
  constexpr std::size_t others = 2 * budget::peers_without_runs_max;
  for (std::size_t i = 0; i < others; ++i) {
    send_to(Address::ipv4({127, 0, 1, 1}, static_cast<std::uint16_t>(1000 + i)));
  }
  FakeKernel::refuses_runs = 0;
  send(texts);
  EXPECT_EQ(FakeKernel::runs, 1U);
  // The newest of them are known still.
  send_to(Address::ipv4({127, 0, 1, 1}, static_cast<std::uint16_t>(1000 + others - 1)));
  EXPECT_EQ(FakeKernel::runs, 1U);
  EXPECT_EQ(FakeKernel::sent.size(), 4 * (others + 2));
}

// Then the run was not at fault.
TEST_F(UdpSenderTest, WhatFailsOneByOneAsWellIsNotHeldAgainstRuns) {
  FakeKernel::start({-EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL});
  send(of_size(300, 2));
  EXPECT_EQ(figures.runs_refused.value(), 1U);
  EXPECT_EQ(figures.datagrams_send_failed.value(), 2U);
  send(of_size(300, 2));
  EXPECT_EQ(FakeKernel::runs, 1U);
}

// An untrusted source may claim it, and the kernel refuses it in the words that it has for runs.
TEST_F(UdpSenderTest, WhatGoesToPort0IsNeverARun) {
  FakeKernel::start({});
  const Texts texts = of_size(300, 200);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    sender.add(Address::ipv4({127, 0, 1, static_cast<std::uint8_t>(i / 2)}, 0), texts[i], now);
  }
  sender.flush(now);
  EXPECT_EQ(FakeKernel::runs, 0U);
  send(texts);
  EXPECT_EQ(FakeKernel::runs, 4U);
  EXPECT_EQ(FakeKernel::sent.size(), 400U);
}

TEST_F(UdpSenderTest, RunThatIsRefusedBehindOthersKeepsTheOrder) {
  FakeKernel::start({});
  FakeKernel::refuses_runs = EINVAL;
  Texts texts = {"first"};
  for (const std::string& text : of_size(300, 5)) texts.push_back(text);
  texts.emplace_back("last");
  send(texts);
  EXPECT_EQ(FakeKernel::sent, texts);
}

TEST_F(UdpSenderTest, RunThatMeetsAFullSocketWaitsWhole) {
  FakeKernel::start({-EAGAIN});
  const Texts texts = of_size(300, 100);
  send(texts);
  EXPECT_TRUE(sender.waits_for_room());
  sender.resume(now);
  EXPECT_EQ(FakeKernel::sent, texts);
  EXPECT_EQ(FakeKernel::runs, 2U);
  EXPECT_TRUE(sender.idle());
}

TEST_F(UdpSenderTest, RunThatFailsTwiceIsCountedByItsDatagrams) {
  FakeKernel::start({-EPERM, -EPERM});
  send(of_size(300, 7));
  EXPECT_EQ(figures.datagrams_send_failed.value(), 7U);
  EXPECT_TRUE(FakeKernel::sent.empty());
}

TEST_F(UdpSenderTest, AbandonedDatagramsAreCounted) {
  FakeKernel::start({-EAGAIN});
  send({"a", "b"});
  sender.abandon();
  EXPECT_EQ(figures.datagrams_send_failed.value(), 2U);
  EXPECT_TRUE(sender.idle());
  EXPECT_FALSE(sender.waits_for_room());
  sender.resume(now);
  EXPECT_TRUE(FakeKernel::sent.empty());
}

}  // namespace
}  // namespace imcd::reactor
