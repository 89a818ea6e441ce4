#include "delivery/shared_message.h"

#include <gtest/gtest.h>
#include <string>

namespace imcd::delivery {
namespace {

std::uint32_t make(SharedMessages& messages, SharedMessage::Kind kind, std::size_t bytes) {
  const std::uint32_t index = messages.make(kind);
  messages[index].text.append(std::string(bytes, 'x'));
  messages.seal(index);
  return index;
}

TEST(SharedMessages, NoticesFillTheBytesAsChatDoes) {
  constexpr std::size_t half = limits::shared_message_bytes_max / 2;
  SharedMessages messages;
  const std::uint32_t chat = make(messages, SharedMessage::Kind::chat, half);
  EXPECT_FALSE(messages.full());
  const std::uint32_t notice = make(messages, SharedMessage::Kind::notice, half);
  EXPECT_TRUE(messages.full());
  messages.release(notice);
  EXPECT_FALSE(messages.full());
  messages.release(chat);
  EXPECT_EQ(messages.size(), 0U);
}

TEST(SharedMessages, ATextStaysUntilItsLastReferenceIsGivenBack) {
  SharedMessages messages;
  const std::uint32_t index = make(messages, SharedMessage::Kind::chat, 10);
  messages.acquire(index);
  messages.release(index);
  EXPECT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[index].text.size(), 10U);
  messages.release(index);
  EXPECT_EQ(messages.size(), 0U);
}

TEST(SharedMessages, ATextThatWasNeverSealedDoesNotCount) {
  SharedMessages messages;
  const std::uint32_t index = messages.make(SharedMessage::Kind::notice);
  messages[index].text.append("given up");
  messages.release(index);
  EXPECT_FALSE(messages.full());
  EXPECT_EQ(messages.size(), 0U);
}

}  // namespace
}  // namespace imcd::delivery
