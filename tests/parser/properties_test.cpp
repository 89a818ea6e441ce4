// What must hold for any bytes at all, checked on all message cases as they are, cut at each byte
// and mutated, with the page behind the last byte or before the first one out of reach.
#include "parser/properties.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "base/random.h"
#include "base/text.h"
#include "guarded_bytes.h"
#include "parser/cases.h"
#include "parser/message.h"
#include "parser/request_fields.h"
#include "parser/writer.h"
#include "support/allocation_count.h"

namespace imcd::parser {
namespace {

std::vector<Case> message_cases() {
  std::vector<Case> messages;
  for (const Case& one : cases()) {
    if (one.is_message()) messages.push_back(one);
  }
  return messages;
}

void expect_none_broken(std::string_view bytes) {
  const Broken broken = find_broken_in_message(bytes);
  EXPECT_FALSE(broken) << *broken;
}

TEST(Properties, HoldForEachMessageAtAPagesEndAndAtItsBegin) {
  for (const Case& one : message_cases()) {
    SCOPED_TRACE(one.name);
    expect_none_broken(GuardedBytes(one.bytes).view());
    GuardedBytes behind_guard(one.bytes.size(), Guard::before);
    expect_none_broken(behind_guard.place(one.bytes));
  }
}

TEST(Properties, HoldForEachMessageCutAtEachByte) {
  GuardedBytes pages(limits::datagram_bytes_max);
  for (const Case& one : message_cases()) {
    const std::string_view whole = one.bytes;
    for (std::size_t length = 0; length <= whole.size(); length = next_cut(length, whole.size())) {
      expect_none_broken(pages.place(whole.substr(0, length)));
      if (HasFailure()) FAIL() << one.name << " cut at " << length;
    }
  }
}

// Bytes at random and such as mean something, put in place of others, between them, or taken away.
std::string mutate(std::string text, Random& random) {
  using namespace std::string_view_literals;
  static constexpr std::array pieces = {
      "\0"sv,   "\r"sv, "\n"sv, "\r\n"sv, "\r\n "sv, "\r\n\r\n"sv, "\""sv,         "\\"sv,
      "\\\0"sv, "<"sv,  ">"sv,  ";"sv,    ","sv,     ":"sv,        "%"sv,          "%00"sv,
      "%0d"sv,  " "sv,  "\t"sv, "@"sv,    "="sv,     "["sv,        "Via: x\r\n"sv, "\xff"sv,
      "\x7f"sv, "0"sv,  "-"sv,  "?"sv,    "/"sv,     "\xc3\xbc"sv};
  for (std::uint64_t left = 1 + random.below(3); left > 0; --left) {
    const std::size_t at = random.below(text.size() + 1);
    const std::size_t removed = random.below(3) == 0 ? random.below(20) : random.below(2);
    const char any = static_cast<char>(random.below(256));
    const std::string_view piece =
        random.below(4) == 0 ? std::string_view(&any, 1) : pieces[random.below(pieces.size())];
    text.replace(at, removed, piece);
  }
  return text;
}

TEST(Properties, MutatedMessagesAreSafeAndAnsweredSoundly) {
  GuardedBytes pages(limits::datagram_bytes_max);
  const auto view = std::make_unique<MessageView>();
  const std::vector<Case> messages = message_cases();
  Random random({1, 2});
  std::size_t answerable = 0;
  for (const Case& one : messages) {
    for (int round = 0; round < 60; ++round) {
      const std::string text = mutate(one.bytes, random);
      expect_none_broken(pages.place(text));
      if (HasFailure()) FAIL() << one.name << " mutated to:\n" << text;
      static_cast<void>(parse_message(text, *view));
      answerable += is_answerable(*view) ? 1U : 0U;
    }
  }
  EXPECT_GT(answerable, messages.size() * 20) << "most mutations must get that far";
}

TEST(Properties, NoParseAllocates) {
  const auto view = std::make_unique<MessageView>();
  RequestFields fields;
  const std::vector<Case> messages = message_cases();
  std::size_t faults = 0;
  const std::size_t before = allocation_count();
  for (const Case& one : messages) {
    const bool parsed = parse_message(one.bytes, *view).has_value();
    if (!parsed || (view->is_request && !parse_request_fields(*view, fields))) ++faults;
  }
  const std::size_t after = allocation_count();
  EXPECT_EQ(after, before);
  EXPECT_GT(faults, 0U);
}

TEST(Properties, AResponseAllocatesNothingInAUsedBuffer) {
  const auto view = std::make_unique<MessageView>();
  ByteBuffer out(std::size_t{1} << 16);
  const Address ipv6 = *parse_address("[2001:db8::1]:5060");
  const std::vector<Case> messages = message_cases();
  const std::size_t before = allocation_count();
  for (const Case& one : messages) {
    static_cast<void>(parse_message(one.bytes, *view));
    out.clear();
    write_response_head(out, *view, ipv6, {200, "OK"}, "tag");
    end_without_body(out);
  }
  EXPECT_EQ(allocation_count(), before);
}

TEST(AllocationCount, Counts) {
  const std::size_t before = allocation_count();
  const auto one = std::make_unique<int>(1);
  EXPECT_EQ(*one, 1);
  EXPECT_EQ(allocation_count(), before + 1);
}

}  // namespace
}  // namespace imcd::parser
