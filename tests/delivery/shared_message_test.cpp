#include "delivery/shared_message.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/limits.h"

namespace imcd::delivery {
namespace {

std::uint32_t make(SharedMessages& messages, SharedMessage::Kind kind, std::size_t bytes) {
  const std::uint32_t index = messages.make(kind, 0);
  messages[index].text.append(std::string(bytes, 'x'));
  messages.seal(index);
  return index;
}

constexpr Shares shares(limits::memory_max);

TEST(SharedMessages, ChatAndNoticesFillTheirOwnShares) {
  SharedMessages messages(shares);
  for (const auto kind : {SharedMessage::Kind::notice, SharedMessage::Kind::chat}) {
    const std::size_t share =
        shares.bytes(kind == SharedMessage::Kind::chat ? Share::texts : Share::notices);
    const std::uint32_t half = make(messages, kind, share / 2);
    EXPECT_FALSE(messages.full(kind));
    const std::uint32_t rest = make(messages, kind, share / 2);
    EXPECT_TRUE(messages.full(kind));
    messages.give_back(half);
    EXPECT_FALSE(messages.full(kind));
    messages.give_back(rest);
  }
  EXPECT_EQ(messages.size(), 0U);
}

TEST(SharedMessages, ManySmallTextsCountWithAllThatTheyTake) {
  SharedMessages messages(shares);
  constexpr auto chat = SharedMessage::Kind::chat;
  std::size_t count = 0;
  for (; !messages.full(chat); ++count) make(messages, chat, 1);
  EXPECT_LT(count * sizeof(SharedMessage), shares.bytes(Share::texts));
  EXPECT_LE(messages.bytes(chat), shares.bytes(Share::texts));
  EXPECT_GT(messages.bytes(chat), shares.bytes(Share::texts) * 9 / 10);
}

TEST(SharedMessages, WhatIsKeptOfThoseThatAreGoneHasABoundToo) {
  SharedMessages messages(shares);
  constexpr auto chat = SharedMessage::Kind::chat;
  std::vector<std::uint32_t> all;
  while (!messages.full(chat)) all.push_back(make(messages, chat, 4000));
  for (const std::uint32_t text : all) messages.give_back(text);
  EXPECT_EQ(messages.bytes(chat), 0U);
  EXPECT_LE(messages.spare_bytes(), shares.bytes(Share::texts) / 16);
  EXPECT_GT(messages.spare_bytes(), 0U);
}

TEST(SharedMessages, ATextStaysUntilItsLastReferenceIsGivenBack) {
  SharedMessages messages(shares);
  const std::uint32_t index = make(messages, SharedMessage::Kind::chat, 10);
  messages.acquire(index);
  EXPECT_EQ(messages.held_by(0).deliveries, 1U);
  messages.release(index);
  EXPECT_EQ(messages.held_by(0).deliveries, 0U);
  EXPECT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[index].text.size(), 10U);
  messages.give_back(index);
  EXPECT_EQ(messages.size(), 0U);
}

TEST(SharedMessages, ATextThatWasNeverSealedDoesNotCount) {
  SharedMessages messages(shares);
  const std::uint32_t index = messages.make(SharedMessage::Kind::notice, 0);
  messages[index].text.append("given up");
  messages.give_back(index);
  EXPECT_EQ(messages.bytes(SharedMessage::Kind::notice), 0U);
  EXPECT_EQ(messages.size(), 0U);
}

}  // namespace
}  // namespace imcd::delivery
