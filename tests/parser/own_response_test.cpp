#include "parser/own_response.h"

#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "base/random.h"
#include "guarded_bytes.h"
#include "parser/message.h"
#include "parser/request_fields.h"
#include "support/allocation_count.h"

namespace imcd::parser {
namespace {

constexpr std::string_view branch = "z9hG4bK0012670000002a0123456789ab";

std::string usual() {
  return "SIP/2.0 200 OK\r\n"
         "Via: SIP/2.0/UDP 192.0.2.1:5060;rport=5060;received=192.0.2.1;branch=" +
         std::string(branch) +
         "\r\n"
         "To: <sip:alice@example.org>;tag=8be4c2a1\r\n"
         "Call-ID: 0012670000002a0123456789ab\r\n"
         "CSeq: 1 MESSAGE\r\n"
         "From: \"bob\" <sip:room@example.org>;tag=01\r\n"
         "Server: Example\r\n"
         "Content-Length: 0\r\n"
         "\r\n";
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = usual();
  const std::size_t at = text.find(from);
  if (at == std::string::npos) return "there is no " + from;
  return text.replace(at, from.size(), to);
}

std::optional<OwnResponse> find(const std::string& text) {
  static const std::unique_ptr<GuardedBytes> pages = std::make_unique<GuardedBytes>(4096);
  return find_own_response(pages->place(text));
}

TEST(OwnResponse, IsReadInItsUsualForm) {
  const auto response = find(usual());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->branch, branch);
  EXPECT_FALSE(response->is_to_options);
}

TEST(OwnResponse, TellsWhatItAnswers) {
  const auto response = find(with("CSeq: 1 MESSAGE", "CSeq: 1 OPTIONS"));
  ASSERT_TRUE(response);
  EXPECT_TRUE(response->is_to_options);
}

TEST(OwnResponse, TheBranchMayStandAnywhereAmongTheParameters) {
  const std::string old = "rport=5060;received=192.0.2.1;branch=" + std::string(branch);
  for (const char* const tail : {"", ";rport=5060", ";received=192.0.2.1;rport=1"}) {
    const auto response = find(with(old, "branch=" + std::string(branch) + tail));
    ASSERT_TRUE(response) << tail;
    EXPECT_EQ(response->branch, branch);
  }
}

TEST(OwnResponse, IsReadWithoutContentLengthAndWithMoreVias) {
  EXPECT_TRUE(find(with("Content-Length: 0\r\n", "")));
  EXPECT_TRUE(find(with("To:", "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKx\r\nTo:")));
}

// Each of these needs a closer look, or is no answer to us.
TEST(OwnResponse, WhatIsOutOfTheOrdinaryIsLeftToTheParser) {
  EXPECT_FALSE(find(""));
  EXPECT_FALSE(find("SIP/2.0 200 OK"));
  EXPECT_FALSE(find("SIP/2.0 200 OK\r\n\r\n"));
  for (const char* const status : {"100 Trying", "180 Ringing", "302 Moved", "480 Away", "503 No",
                                   "20", "2000 OK", "2x0 OK", "200"}) {
    EXPECT_FALSE(find(with("200 OK", status))) << status;
  }
  EXPECT_FALSE(find(with("Via:", "v:")));
  EXPECT_FALSE(find(with("Via:", "Server: x\r\nVia:")));
  EXPECT_FALSE(find(with("/UDP", "/TCP")));
  EXPECT_FALSE(find(with(";branch=", ";x=\"y\";branch=")));
  EXPECT_FALSE(find(with(";branch=", ";branch =")));
  EXPECT_FALSE(find(with(";branch=", ";Branch=")));
  EXPECT_FALSE(find(with("ab\r\nTo", "ab, SIP/2.0/UDP 192.0.2.7\r\nTo")));
  EXPECT_FALSE(find(with("ab\r\nTo", "ab\r\n ;x\r\nTo")));
  EXPECT_FALSE(find(with("1 MESSAGE", "2 MESSAGE")));
  EXPECT_FALSE(find(with("1 MESSAGE", "1 INVITE")));
  EXPECT_FALSE(find(with("1 MESSAGE", "1  MESSAGE")));
  EXPECT_FALSE(find(with("CSeq: 1 MESSAGE\r\n", "")));
  EXPECT_FALSE(find(with("CSeq:", "cseq: 1 OPTIONS\r\nCSeq:")));
  EXPECT_FALSE(find(with("CSeq:", "CSEQ: 1 OPTIONS\r\nCSeq:")));
  EXPECT_FALSE(find(with("Content-Length: 0", "Content-Length: 1")));
  EXPECT_FALSE(find(with("Content-Length: 0", "l: 1")));
  EXPECT_FALSE(find(with("Content-Length: 0", "Content-Length: 0\r\nContent-Length: 0")));
  EXPECT_FALSE(find(with("Server: Example", "Server: Example\n")));
  EXPECT_FALSE(find(with("Server: Example", "Server: Example\r\n more")));
  EXPECT_FALSE(find(usual() + "body"));
  EXPECT_FALSE(find(with("Example", std::string(1400, 'x'))));
}

TEST(OwnResponse, CutShortItIsNone) {
  const std::string whole = usual();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(find(whole.substr(0, length))) << length;
  }
}

// What the parser makes of the same bytes, where it takes them.
std::optional<OwnResponse> parse(std::string_view bytes, MessageView& view) {
  if (!parse_message(bytes, view) || view.is_request) return std::nullopt;
  const auto via = parse_via(view.find(HeaderName::via).value_or(""));
  const auto cseq = parse_cseq(view.find(HeaderName::cseq).value_or(""));
  if (!via || !cseq) return std::nullopt;
  return OwnResponse{view.status, via->branch, cseq->method == "OPTIONS"};
}

TEST(OwnResponse, SaysWhatTheParserSays) {
  using namespace std::string_view_literals;
  static constexpr std::array pieces = {
      "\r\n"sv,      "\r\n "sv,    "\n"sv, "\r"sv,      ";"sv,       ","sv,
      "\""sv,        " "sv,        "1"sv,  "Via: x"sv,  "CSeq: "sv,  "cseq: 1 A"sv,
      ";branch=x"sv, "l: 3\r\n"sv, "="sv,  "OPTIONS"sv, "\r\n\r\n"sv};
  GuardedBytes pages(4096);
  const auto view = std::make_unique<MessageView>();
  Random random({5, 6});
  int compared = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = usual();
    const std::size_t at = random.below(text.size());
    text.replace(at, random.below(4), pieces[random.below(pieces.size())]);
    const auto quick = find_own_response(pages.place(text));
    const auto parsed = parse(pages.view(), *view);
    if (!quick || !parsed) continue;
    ++compared;
    ASSERT_EQ(quick->status, parsed->status) << text;
    ASSERT_EQ(quick->branch, parsed->branch) << text;
    ASSERT_EQ(quick->is_to_options, parsed->is_to_options) << text;
  }
  EXPECT_GT(compared, 1000);
}

TEST(OwnResponse, IsFoundWithoutAllocation) {
  const std::string text = usual();
  const std::size_t before = allocation_count();
  const bool is_found = find_own_response(text).has_value();
  EXPECT_EQ(allocation_count(), before);
  EXPECT_TRUE(is_found);
}

}  // namespace
}  // namespace imcd::parser
