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
