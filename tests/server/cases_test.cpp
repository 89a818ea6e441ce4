// Gives the documents under tests/parser/cases to the whole server: what it answers, and that
// nothing it sends, answers, deliveries and notices alike, carries anything of a peer's that would
// be another line, a NUL, or no SIP.
//
//   served: 200 OK        the answer to a request that the parser accepts; `nothing` for none
//   as MESSAGE: 200 OK    the same when the request's method is made MESSAGE
#include "parser/cases.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parser/properties.h"
#include "server/harness.h"

namespace imcd::server {
namespace {

using parser::Case;
using parser::HeaderName;
using parser::MessageView;

constexpr std::string_view nothing = "nothing";

// Alice owns sip:chat@example.org and Bob is in it; what the server sends is kept.
class Room {
 public:
  Room() : harness_({.settings = settings(), .commit_delay = 0ns}) {
    harness_.network = [this](const Flow&, std::string_view bytes) {
      sent_.emplace_back(bytes);
      return true;
    };
    for (const char* const command : {"#create", "#add bob"}) {
      alice().say("chat", command);
      harness_.run_for(10ms);
    }
    EXPECT_EQ(alice().last_code(), 200);
    // Where he speaks from is where deliveries go.
    harness_.peer("bob").say("chat", "hello");
    harness_.run_for(10ms);
    sent_.clear();
  }

  // The final response to a request from Alice's address, or `nothing`.
  std::string serve(const std::string& bytes) {
    sent_.clear();
    alice().send(bytes);
    harness_.run_for(10ms);
    for (const std::string& one : sent_) {
      if (!one.starts_with("SIP/2.0 ")) continue;
      return one.substr(8, one.find("\r\n") - 8);
    }
    return std::string(nothing);
  }

  Harness& harness() { return harness_; }
  Peer& alice() { return harness_.peer("alice"); }
  const std::vector<std::string>& sent() const { return sent_; }

 private:
  static Settings settings() {
    Settings settings = default_settings();
    settings.server.server_transactions_max = 64;
    return settings;
  }

  Harness harness_;
  std::vector<std::string> sent_;
};

struct Parsed {
  explicit Parsed(const std::string& text) : bytes(text) {
    auto parsed = parse_message(bytes, *view);
    if (parsed && view->is_request) parsed = parse_request_fields(*view, fields);
    is_good = parsed && view->is_request;
    if (!parsed) fault = parsed.error().fault;
  }
  std::string bytes;
  std::unique_ptr<MessageView> view = std::make_unique<MessageView>();
  parser::RequestFields fields;
  bool is_good = false;
  std::optional<parser::Fault> fault;
};

// The request with MESSAGE for its method, in its CSeq too; the same where it is none.
std::string as_message(const std::string& bytes) {
  const Parsed parsed(bytes);
  const MessageView& view = *parsed.view;
  if (!view.is_request || view.method == parser::Method::message) return bytes;
  std::string text = parsed.bytes;
  const auto cseq = view.find(HeaderName::cseq);
  const auto at = [&](std::string_view part) {
    return static_cast<std::size_t>(part.data() - parsed.bytes.data());
  };
  // From behind, so that the first place stays where it is.
  if (cseq && cseq->ends_with(view.method_text)) {
    text.replace(at(*cseq) + cseq->size() - view.method_text.size(), view.method_text.size(),
                 "MESSAGE");
  }
  return text.replace(at(view.method_text), view.method_text.size(), "MESSAGE");
}

// What the document says of the answer.
std::string expected(const Case& one) {
  if (const auto refused = one.find("refused")) return std::string(*refused);
  if (one.find("dropped")) return std::string(nothing);
  return std::string(one.find("served").value_or("(the case does not say)"));
}

void expect_sound(const std::vector<std::string>& sent) {
  for (const std::string& one : sent) {
    const auto broken = parser::find_broken_in_sent(one);
    EXPECT_FALSE(broken) << *broken;
    const std::string_view body = std::string_view(one).substr(one.find("\r\n\r\n") + 4);
    if (!body.starts_with("*** ")) continue;
    const auto broken_notice = parser::find_broken_in_own_text(body);
    EXPECT_FALSE(broken_notice) << *broken_notice;
  }
}

TEST(ServedCases, EachIsAnsweredAsItsDocumentSays) {
  for (const Case& one : parser::cases()) {
    if (!one.is_message()) continue;
    SCOPED_TRACE(one.name);
    Room room;
    EXPECT_EQ(room.serve(one.bytes), expected(one));
    expect_sound(room.sent());
  }
}

TEST(ServedCases, EachIsAnsweredAsItsDocumentSaysWhenMadeAMessage) {
  for (const Case& one : parser::cases()) {
    if (!one.is_message()) continue;
    const std::string bytes = as_message(one.bytes);
    if (bytes == one.bytes) continue;
    SCOPED_TRACE(one.name);
    Room room;
    const std::string answer = room.serve(bytes);
    if (const auto said = one.find("as MESSAGE")) {
      EXPECT_EQ(answer, *said);
    } else if (one.find("refused") || one.find("dropped")) {
      EXPECT_EQ(answer, expected(one)) << "the fault is not about the method";
    } else {
      ADD_FAILURE() << "the case does not say what is served as MESSAGE; it is " << answer;
    }
    expect_sound(room.sent());
  }
}

// From and To of the request, as they are, in one of ours.
std::string like(const Parsed& request, int number, std::string_view body) {
  return fmt::format(
      "MESSAGE sip:chat@example.org SIP/2.0\r\nVia: SIP/2.0/UDP "
      "127.0.0.1:6000;branch=z9hG4bKq{}\r\n"
      "From: {}\r\nTo: {}\r\nCall-ID: q{}\r\nCSeq: 1 MESSAGE\r\nContent-Length: {}\r\n\r\n{}",
      number, *request.view->find(HeaderName::from), *request.view->find(HeaderName::to), number,
      body.size(), body);
}

TEST(ServedCases, WhatIsNotAcceptedIsCountedByItsKind) {
  for (const Case& one : parser::cases()) {
    if (!one.is_message()) continue;
    SCOPED_TRACE(one.name);
    const auto fault = Parsed(one.bytes).fault;
    if (!fault) continue;
    Room room;
    room.serve(one.bytes);
    for (std::size_t i = 0; i < static_cast<std::size_t>(parser::Fault::count); ++i) {
      const bool is_it = static_cast<std::size_t>(*fault) == i;
      EXPECT_EQ(room.harness().figures().faults[static_cast<FaultNumber>(i)].value(),
                is_it ? 1U : 0U)
          << parser::fault_answer(static_cast<parser::Fault>(i)).label;
    }
  }
}

// Every accepted request, made a MESSAGE from the owner of a room with the name in its To: names,
// addresses and contents of all cases go out to a member, in notices and lists as well.
TEST(ServedCases, WhatIsPassedOnIsSound) {
  int delivered = 0;
  for (const Case& one : parser::cases()) {
    if (!one.is_message()) continue;
    const Parsed request(as_message(one.bytes));
    if (!request.is_good) continue;
    SCOPED_TRACE(one.name);
    Room room;
    int number = 0;
    for (const std::string_view command : {"#create", "#add bob@example.org", "#list", "#rooms",
                                           "#\x01\xff\x7f", "#create a \xc3"}) {
      room.serve(like(request, ++number, command));
      expect_sound(room.sent());
    }
    room.serve(request.bytes);
    expect_sound(room.sent());
    for (const std::string& bytes : room.sent()) {
      if (bytes.starts_with("MESSAGE sip:bob@example.org")) ++delivered;
    }
  }
  EXPECT_GT(delivered, 80) << "few deliveries show little";
}

}  // namespace
}  // namespace imcd::server
