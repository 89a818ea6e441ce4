#include "delivery/mailboxes.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "parser/uri.h"

namespace imcd::delivery {
namespace {

class MailboxesTest : public testing::Test {
 protected:
  IdentityRef user(std::string_view uri) { return identities.intern(*parser::parse_uri(uri)); }

  std::uint32_t text(SharedMessage::Kind kind = SharedMessage::Kind::chat) {
    const std::uint32_t index = messages.make(kind, 0);
    messages[index].room_uri = "sip:chat@example.org";
    messages.seal(index);
    texts.push_back(index);
    return index;
  }
  // The mailbox with this message in it.
  std::uint32_t enqueue(const IdentityRef& who, std::uint32_t message, WatchToken watch = 0) {
    const auto slot = boxes.enqueue(*who, message, watch);
    EXPECT_TRUE(slot.has_value());
    return *slot;
  }
  // As if it had been sent and answered.
  void send(std::uint32_t slot, DeliveryResult result) {
    boxes.end_message(boxes.take_first(boxes[slot]), result);
  }
  std::uint64_t dropped() { return at(figures.deliveries, DeliveryResult::dropped).value(); }
  // Three in a row are the sign that nobody is there.
  void time_out(std::uint32_t slot) {
    for (unsigned i = 0; i < limits::away_after_timeouts; ++i) boxes.on_timeout(slot, now);
  }

  HashKey key{1, 2};
  Epochs epochs;
  Figures figures;
  IdentityTable identities{key, epochs};
  SharedMessages messages{Shares(limits::memory_max)};
  Mailboxes boxes{{.delivery_window = 1}, identities, messages, figures};
  std::vector<std::uint32_t> texts;
  MonoTime now{1000s};
};

TEST_F(MailboxesTest, MessagesLeaveInTheOrderTheyCame) {
  const auto bob = user("sip:bob@example.org");
  const std::uint32_t slot = enqueue(bob, text());
  for (int i = 0; i < 4; ++i) enqueue(bob, text());
  EXPECT_EQ(boxes.queued_for(*bob), 5U);
  for (const std::uint32_t message : texts) {
    EXPECT_EQ(boxes.take_first(boxes[slot]).message, message);
  }
  EXPECT_EQ(boxes.queued(), 0U);
}

TEST_F(MailboxesTest, AMessagePutBackIsTheNextAgain) {
  const auto bob = user("sip:bob@example.org");
  const std::uint32_t slot = enqueue(bob, text());
  enqueue(bob, text());
  const QueuedMessage first = boxes.take_first(boxes[slot]);
  ASSERT_TRUE(boxes.put_back(boxes[slot], first));
  EXPECT_EQ(boxes.take_first(boxes[slot]).message, texts[0]);
  EXPECT_EQ(boxes.take_first(boxes[slot]).message, texts[1]);
}

TEST_F(MailboxesTest, AnEmptyMailboxOfSomebodyPresentGoes) {
  const auto bob = user("sip:bob@example.org");
  const std::uint32_t slot = enqueue(bob, text());
  send(slot, DeliveryResult::accepted);
  boxes.close_if_done(slot, now);
  EXPECT_EQ(boxes.pending(), 0U);
  EXPECT_EQ(boxes.resting(), 0U);
  EXPECT_EQ(bob->mailbox, Identity::no_mailbox);
  EXPECT_EQ(messages[texts[0]].references, 1U);
}

TEST_F(MailboxesTest, TheWindowIsWhatMayBeUnderWay) {
  const auto bob = user("sip:bob@example.org");
  const std::uint32_t slot = enqueue(bob, text());
  enqueue(bob, text());
  Mailbox& box = boxes[slot];
  EXPECT_TRUE(boxes.may_send(box));
  boxes.take_first(box);
  Mailboxes::on_sent(box);
  EXPECT_FALSE(boxes.may_send(box));
  Mailboxes::on_ended(box);
  EXPECT_TRUE(boxes.may_send(box));
}

TEST_F(MailboxesTest, WhatIsUnderWayIsRepeatedToTheFormerUri) {
  const auto bob = user("sip:bob@example.org");
  const std::uint32_t slot = enqueue(bob, text());
  enqueue(bob, text());
  Mailbox& box = boxes[slot];
  boxes.take_first(box);
  Mailboxes::on_sent(box);
  boxes.on_moved(*bob, "sip:bob@example.org:5080");
  EXPECT_EQ(Mailboxes::uri(box), "sip:bob@example.org:5080");
  EXPECT_FALSE(boxes.may_send(box));
  Mailboxes::on_ended(box);
  EXPECT_EQ(Mailboxes::uri(box), "sip:bob@example.org");
  EXPECT_TRUE(boxes.may_send(box));
}

TEST_F(MailboxesTest, ChatBeyondTheQueueIsMissedAndNoticesAreNot) {
  const auto bob = user("sip:bob@example.org");
  for (std::size_t i = 0; i < limits::user_queue_max; ++i) enqueue(bob, text());
  const std::uint32_t slot = enqueue(bob, text());
  EXPECT_EQ(dropped(), 1U);
  enqueue(bob, text(SharedMessage::Kind::notice));
  EXPECT_EQ(dropped(), 1U);
  EXPECT_EQ(boxes[slot].queued, limits::user_queue_max + 1);
  boxes.on_present(slot);
  const auto returned = boxes.take_returned();
  ASSERT_EQ(returned.size(), 1U);
  EXPECT_EQ(returned[0].missed, 1U);
  EXPECT_EQ(returned[0].room_uri, "sip:chat@example.org");
}

TEST_F(MailboxesTest, NoticesBeyondTheirNumberAreMissedAndChatIsNot) {
  const auto bob = user("sip:bob@example.org");
  EXPECT_EQ(boxes.notice_places(*bob), limits::user_notices_max);
  std::uint32_t slot = 0;
  for (std::uint32_t i = 0; i < limits::user_notices_max; ++i) {
    slot = enqueue(bob, text(SharedMessage::Kind::notice));
  }
  EXPECT_EQ(boxes.notice_places(*bob), 0U);
  EXPECT_EQ(dropped(), 0U);
  enqueue(bob, text(SharedMessage::Kind::notice));
  EXPECT_EQ(dropped(), 1U);
  enqueue(bob, text());
  EXPECT_EQ(dropped(), 1U);
  // The word about what was missed waits until there is a place for it.
  boxes.on_present(slot);
  EXPECT_FALSE(boxes.has_news());
  send(slot, DeliveryResult::accepted);
  EXPECT_EQ(boxes.notice_places(*bob), 1U);
  boxes.on_present(slot);
  const auto returned = boxes.take_returned();
  ASSERT_EQ(returned.size(), 1U);
  EXPECT_EQ(returned[0].missed, 1U);
  EXPECT_EQ(returned[0].room_uri, "sip:chat@example.org");
}

TEST_F(MailboxesTest, NoticesBeyondTheirBytesAreMissed) {
  const auto bob = user("sip:bob@example.org");
  const std::uint32_t large = messages.make(SharedMessage::Kind::notice, 0);
  messages[large].text.append(std::string(limits::user_notice_bytes_max / 2, 'x'));
  messages.seal(large);
  const std::uint32_t slot = enqueue(bob, large);
  EXPECT_EQ(boxes.notice_places(*bob), limits::user_notices_max - 1);
  enqueue(bob, large);
  EXPECT_EQ(boxes.notice_places(*bob), 0U);
  enqueue(bob, large);
  EXPECT_EQ(dropped(), 1U);
  // What is put back takes its place again.
  const QueuedMessage first = boxes.take_first(boxes[slot]);
  EXPECT_EQ(boxes.notice_places(*bob), limits::user_notices_max - 1);
  ASSERT_TRUE(boxes.put_back(boxes[slot], first));
  EXPECT_EQ(boxes.notice_places(*bob), 0U);
}

TEST_F(MailboxesTest, OfWhoIsAwayTheNewestMessageIsTriedAfterADelay) {
  const auto bob = user("sip:bob@example.org");
  const std::uint32_t slot = enqueue(bob, text());
  time_out(slot);
  EXPECT_EQ(figures.users_away.value(), 1);
  enqueue(bob, text());
  EXPECT_EQ(boxes[slot].queued, 1U);
  EXPECT_FALSE(boxes.may_send(boxes[slot]));
  EXPECT_EQ(boxes.next_deadline(), now + limits::away_first);
  EXPECT_EQ(boxes.next_probe(now), std::nullopt);
  now += limits::away_first;
  EXPECT_EQ(boxes.next_probe(now), slot);
  EXPECT_TRUE(boxes.may_send(boxes[slot]));
  EXPECT_EQ(boxes.take_first(boxes[slot]).message, texts[1]);
}

TEST_F(MailboxesTest, ADelayOfAMailboxThatIsGoneWakesNobody) {
  const auto bob = user("sip:bob@example.org");
  const std::uint32_t slot = enqueue(bob, text());
  boxes.on_unavailable(slot, std::nullopt, now);
  boxes.on_present(slot);
  send(slot, DeliveryResult::accepted);
  boxes.close_if_done(slot, now);
  enqueue(user("sip:carol@example.org"), text());
  EXPECT_EQ(boxes.next_probe(now + 1h), std::nullopt);
}

TEST_F(MailboxesTest, AbsenceIsRememberedForAWhile) {
  const auto bob = user("sip:bob@example.org");
  const std::uint32_t slot = enqueue(bob, text());
  boxes.on_unavailable(slot, std::nullopt, now);
  send(slot, DeliveryResult::refused);
  boxes.close_if_done(slot, now);
  EXPECT_EQ(boxes.resting(), 1U);
  EXPECT_EQ(boxes.pending(), 0U);
  boxes.forget_rested(now + limits::away_remembered - 1ns);
  EXPECT_EQ(boxes.resting(), 1U);
  boxes.forget_rested(now + limits::away_remembered);
  EXPECT_EQ(boxes.resting(), 0U);
  EXPECT_EQ(figures.users_away.value(), 0);
}

TEST_F(MailboxesTest, WatchesEndInOrder) {
  const auto bob = user("sip:bob@example.org");
  const std::uint32_t slot = enqueue(bob, text(), 7);
  enqueue(bob, text());
  enqueue(bob, text(), 9);
  EXPECT_FALSE(boxes.has_news());
  send(slot, DeliveryResult::refused);
  send(slot, DeliveryResult::accepted);
  send(slot, DeliveryResult::accepted);
  const auto ended = boxes.take_ended_watches();
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].token, 7U);
  EXPECT_FALSE(ended[0].arrived);
  EXPECT_EQ(ended[1].token, 9U);
  EXPECT_TRUE(ended[1].arrived);
  EXPECT_FALSE(boxes.has_news());
}

TEST_F(MailboxesTest, ALineLetsUsersGoInTheOrderTheyCame) {
  WaitingLine line;
  std::vector<std::uint32_t> slots;
  for (const char* const uri : {"sip:a@x.org", "sip:b@x.org", "sip:c@x.org"}) {
    slots.push_back(enqueue(user(uri), text()));
    boxes.join(line, slots.back(), now);
    now += 1s;
  }
  EXPECT_EQ(line.users, 3U);
  EXPECT_FALSE(boxes.may_send(boxes[slots[0]]));
  EXPECT_EQ(boxes.waiting_since(line), now - 3s);
  for (const std::uint32_t slot : slots) EXPECT_EQ(boxes.leave_first(line), slot);
  EXPECT_TRUE(line.empty());
  EXPECT_EQ(line.users, 0U);
}

// Of four users at most absence is remembered.
class FewAbsent : public MailboxesTest {
 protected:
  static constexpr std::size_t most = 4;
  FewAbsent() : few({.delivery_window = 1}, identities, messages, figures, most) {}

  // Says 480 to the message, and stays in the mailbox with another one where `keeps`.
  std::uint32_t leave(const IdentityRef& who, bool keeps = false) {
    const std::uint32_t slot = *few.enqueue(*who, text(), 0);
    few.end_message(few.take_first(few[slot]), DeliveryResult::refused);
    few.on_unavailable(slot, std::nullopt, now);
    if (keeps) {
      few.enqueue(*who, text(), 0);
    } else {
      few.close_if_done(slot, now);
    }
    return slot;
  }
  bool is_remembered(const IdentityRef& who) { return who->mailbox != Identity::no_mailbox; }

  Mailboxes few;
};

TEST_F(FewAbsent, WhoIsAwayLongestIsForgottenFirst) {
  std::vector<IdentityRef> users;
  for (int i = 0; i < 10; ++i) {
    users.push_back(user("sip:u" + std::to_string(i) + "@example.org"));
    leave(users.back());
    now += 1s;
  }
  for (std::size_t i = 0; i < users.size(); ++i) {
    EXPECT_EQ(is_remembered(users[i]), i >= users.size() - most) << i;
  }
  EXPECT_EQ(few.absent(), most);
  EXPECT_EQ(few.resting(), most);
  EXPECT_EQ(figures.users_away.value(), static_cast<std::int64_t>(most));
  EXPECT_EQ(figures.users_forgotten.value(), users.size() - most);
  // Nothing bad is known of him now.
  const std::uint32_t again = *few.enqueue(*users[0], text(), 0);
  EXPECT_TRUE(few[again].presence.is_clean());
  EXPECT_TRUE(few.may_send(few[again]));
}

// Nor do those stay for whom a message is kept: it ends, and is counted.
TEST_F(FewAbsent, AMessageThatIsKeptHoldsNobody) {
  std::vector<IdentityRef> users;
  for (int i = 0; i < 6; ++i) {
    users.push_back(user("sip:u" + std::to_string(i) + "@example.org"));
    leave(users.back(), true);
  }
  EXPECT_FALSE(is_remembered(users[1]));
  EXPECT_TRUE(is_remembered(users[2]));
  EXPECT_EQ(few.queued(), most);
  EXPECT_EQ(dropped(), 2U);
  EXPECT_EQ(few.absent(), most);
  // The delays of the forgotten are nobody's.
  std::size_t probed = 0;
  while (few.next_probe(now + limits::away_first)) ++probed;
  EXPECT_EQ(probed, most);
}

TEST_F(FewAbsent, WhoIsBeingTriedIsPassedOver) {
  const IdentityRef first = user("sip:first@example.org");
  const std::uint32_t slot = leave(first);
  Mailboxes::on_sent(few[slot]);
  std::vector<IdentityRef> users;
  for (int i = 0; i < 6; ++i) {
    users.push_back(user("sip:u" + std::to_string(i) + "@example.org"));
    leave(users.back());
  }
  EXPECT_TRUE(is_remembered(first));
  EXPECT_EQ(few.absent(), most);
  Mailboxes::on_ended(few[slot]);
}

// A timeout and a message that was dropped are remembered as well, so they count as well.
TEST_F(FewAbsent, ATimeoutCountsToo) {
  std::vector<IdentityRef> users;
  for (int i = 0; i < 10; ++i) {
    users.push_back(user("sip:u" + std::to_string(i) + "@example.org"));
    const std::uint32_t slot = *few.enqueue(*users.back(), text(), 0);
    few.end_message(few.take_first(few[slot]), DeliveryResult::timed_out);
    few.on_timeout(slot, now);
    few.close_if_done(slot, now);
  }
  EXPECT_EQ(few.absent(), most);
  EXPECT_EQ(few.resting(), most);
}

TEST_F(FewAbsent, WhoIsBackMakesRoom) {
  std::vector<IdentityRef> users;
  for (std::size_t i = 0; i < 100; ++i) {
    users.push_back(user("sip:u" + std::to_string(i) + "@example.org"));
    const std::uint32_t slot = leave(users.back());
    few.on_present(slot);
    few.close_if_done(slot, now);
  }
  EXPECT_EQ(few.absent(), 0U);
  EXPECT_EQ(figures.users_forgotten.value(), 0U);
}

// One who comes and goes must not fill the list of delays.
TEST_F(FewAbsent, DelaysOfThoseWhoAreBackAreBounded) {
  const IdentityRef bob = user("sip:bob@example.org");
  for (int i = 0; i < 10000; ++i) {
    few.on_present(leave(bob, true));
    few.end_queue(bob->mailbox, DeliveryResult::dropped, now);
    now += 1ms;
  }
  EXPECT_LE(few.delays(), 100U);
  // His last one counts still.
  leave(bob, true);
  EXPECT_FALSE(few.next_probe(now + limits::away_first - 1ns));
  EXPECT_TRUE(few.next_probe(now + limits::away_first));
}

}  // namespace
}  // namespace imcd::delivery
