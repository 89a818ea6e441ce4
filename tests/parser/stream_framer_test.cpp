#include "parser/stream_framer.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/limits.h"

namespace imcd::parser {
namespace {

using namespace std::string_literals;

using Kind = StreamFramer::Kind;

struct Found {
  Kind kind;
  std::string bytes;
  Fault fault = Fault::empty;
  friend bool operator==(const Found&, const Found&) = default;
};
using AllFound = std::vector<Found>;

void PrintTo(const Found& found, std::ostream* out) {
  *out << static_cast<int>(found.kind) << "/" << fault_answer(found.fault).label << ": "
       << found.bytes.substr(0, 40);
}

// A reader that gets the stream in chunks and keeps what is incomplete.
class Reader {
 public:
  void read(std::string_view chunk) {
    kept_ += chunk;
    while (!has_fault()) {
      const StreamFramer::Piece piece = framer.next(kept_);
      if (piece.kind == Kind::incomplete) return;
      found.push_back({piece.kind, kept_.substr(0, piece.size), piece.fault});
      kept_.erase(0, piece.size);
    }
  }
  [[nodiscard]] bool has_fault() const {
    return !found.empty() && found.back().kind == Kind::fault;
  }

  AllFound found;
  StreamFramer framer;

 private:
  std::string kept_;
};

AllFound whole(std::string_view stream) {
  Reader reader;
  reader.read(stream);
  return reader.found;
}

AllFound in_chunks(std::string_view stream, std::size_t size) {
  Reader reader;
  for (std::size_t at = 0; at < stream.size(); at += size) reader.read(stream.substr(at, size));
  return reader.found;
}

std::string message(std::string_view body, std::string_view length_field) {
  return "MESSAGE sip:chat@example.org SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKa\r\n" +
         std::string(length_field) + "Call-ID: c1\r\n\r\n" + std::string(body);
}
std::string message(std::string_view body) {
  return message(body, "Content-Length: " + std::to_string(body.size()) + "\r\n");
}

Fault only_fault(std::string_view stream) {
  const AllFound found = whole(stream);
  EXPECT_EQ(found.size(), 1U);
  if (found.empty() || found.back().kind != Kind::fault) return Fault::empty;
  return found.back().fault;
}

TEST(StreamFramer, TheSamePiecesAreFoundWhereverTheStreamIsCut) {
  const std::string stream = "\r\n\r\n" + message("hello") + message("", "l:0\r\n") + "\r\n" +
                             message("a\r\n\r\nb", "CONTENT-LENGTH \t:\r\n \t6 \r\n") +
                             "SIP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nab\r\n\r\n\r\n";
  const AllFound expected = {
      {Kind::empty_line, "\r\n"},
      {Kind::ping, "\r\n"},
      {Kind::message, message("hello")},
      {Kind::message, message("", "l:0\r\n")},
      {Kind::empty_line, "\r\n"},
      {Kind::message, message("a\r\n\r\nb", "CONTENT-LENGTH \t:\r\n \t6 \r\n")},
      {Kind::message, "SIP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nab"},
      {Kind::empty_line, "\r\n"},
      {Kind::ping, "\r\n"},
      {Kind::empty_line, "\r\n"},
  };
  ASSERT_EQ(whole(stream), expected);
  for (std::size_t size = 1; size < stream.size(); ++size) {
    EXPECT_EQ(in_chunks(stream, size), expected) << "in chunks of " << size;
  }
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    Reader reader;
    reader.read(stream.substr(0, cut));
    reader.read(stream.substr(cut));
    EXPECT_EQ(reader.found, expected) << "cut at " << cut;
  }
}

TEST(StreamFramer, FaultsAreTheSameWhereverTheStreamIsCut) {
  for (const std::string& stream :
       {message("", ""), message("x", "Content-Length: 1\r\nl: 1\r\n"), std::string("\r\n\r\r\n"),
        message("", "Content-Length: 1x\r\n"), message("", "Content-Length: 99999999999\r\n")}) {
    const AllFound expected = whole(stream);
    ASSERT_FALSE(expected.empty());
    EXPECT_EQ(expected.back().kind, Kind::fault);
    EXPECT_EQ(in_chunks(stream, 1), expected);
  }
}

// Keep-alives of CRLF NUL and NUL NUL, and what some clients end a message with.
TEST(StreamFramer, StrayBytesBetweenMessagesAreSkipped) {
  const std::string stream = "\r\n\0\r\n\0"s + message("one") + "\0"s + message("two") + "\n\0\n"s;
  const AllFound expected = {{Kind::empty_line, "\r\n"},
                             {Kind::stray, "\0"s},
                             {Kind::empty_line, "\r\n"},
                             {Kind::stray, "\0"s},
                             {Kind::message, message("one")},
                             {Kind::stray, "\0"s},
                             {Kind::message, message("two")},
                             {Kind::stray, "\n"},
                             {Kind::stray, "\0"s},
                             {Kind::stray, "\n"}};
  EXPECT_EQ(whole(stream), expected);
  for (std::size_t size = 1; size < stream.size(); ++size) {
    EXPECT_EQ(in_chunks(stream, size), expected) << "in chunks of " << size;
  }
}

TEST(StreamFramer, OnlySoManyInARow) {
  const std::string most(limits::stream_strays_max, '\0');
  EXPECT_EQ(whole(most + message("a")).back().kind, Kind::message);
  EXPECT_EQ(whole(most + message("a") + most).back().kind, Kind::stray);
  EXPECT_EQ(whole(most + "\0"s).back().kind, Kind::fault);
}

// As parse_message has it.
TEST(StreamFramer, ABareLfEndsALineButNotTheHead) {
  const std::string text = message("hello", "X: a\nContent-Length: 5\r\n");
  EXPECT_EQ(whole(text), (AllFound{{Kind::message, text}}));
  EXPECT_EQ(only_fault(message("hello", "X: a\n Content-Length: 5\r\n")),
            Fault::missing_content_length);
  EXPECT_EQ(only_fault(message("", "l: 0\nX: a\r\n")), Fault::bad_content_length);
  const std::string two = "X: a\nContent-Length: 5\n\r\n\n\nContent-Length: 0\r\n";
  EXPECT_EQ(only_fault(message("", two)), Fault::repeated_content_length);
  const std::string hidden = "OPTIONS sip:a SIP/2.0\r\nl: 0\r\nX: a\n\r\nY: b\r\n\r\n";
  EXPECT_EQ(whole(hidden), (AllFound{{Kind::message, hidden}}));
}

TEST(StreamFramer, AMessageWithoutContentLengthIsAFaultThatShowsItsHead) {
  const std::string head = message("", "");
  EXPECT_EQ(whole(head + "and more"),
            (AllFound{{Kind::fault, head, Fault::missing_content_length}}));
}

TEST(StreamFramer, AFieldThatOnlyLooksLikeContentLengthIsNotTaken) {
  EXPECT_EQ(only_fault(message("", "Content-Length-Of-Stay: 1\r\nLink: 3\r\n l: 4\r\n")),
            Fault::missing_content_length);
  EXPECT_EQ(only_fault("l: 5 SIP/2.0\r\n\r\n"), Fault::missing_content_length);
}

TEST(StreamFramer, ContentLengthInTheBodyIsNotTaken) {
  const std::string body = "Content-Length: 1\r\n\r\n";
  EXPECT_EQ(whole(message(body)), (AllFound{{Kind::message, message(body)}}));
}

TEST(StreamFramer, TwoContentLengthsAreAFaultEvenIfTheyAgree) {
  EXPECT_EQ(only_fault(message("", "Content-Length: 0\r\nContent-Length: 0\r\n")),
            Fault::repeated_content_length);
  EXPECT_EQ(only_fault(message("", "l: 0\r\nContent-Length: 0\r\n")),
            Fault::repeated_content_length);
}

TEST(StreamFramer, AContentLengthThatIsNoNumberIsAFault) {
  for (const char* const value : {"", " ", "-1", "+1", "1 2", "0x10", "1\r\n 2", "\"1\""}) {
    EXPECT_EQ(only_fault(message("", "Content-Length: " + std::string(value) + "\r\n")),
              Fault::bad_content_length)
        << value;
  }
}

TEST(StreamFramer, BodiesUpToTheLimitPass) {
  const std::string body(limits::stream_body_bytes_max, 'x');
  EXPECT_EQ(whole(message(body)), (AllFound{{Kind::message, message(body)}}));
  EXPECT_EQ(only_fault(message(body + "x")), Fault::body_too_long);
  EXPECT_EQ(only_fault(message("", "Content-Length: 18446744073709551617\r\n")),
            Fault::body_too_long);
}

TEST(StreamFramer, HeadsUpToTheLimitPass) {
  const std::string start = "MESSAGE sip:a@b SIP/2.0\r\nX: ";
  const std::string end = "\r\nl:0\r\n\r\n";
  const std::string filler(limits::stream_head_bytes_max - start.size() - end.size(), 'x');
  const std::string longest = start + filler + end;
  EXPECT_EQ(whole(longest), (AllFound{{Kind::message, longest}}));
  const std::string longer = start + "x" + filler + end;
  const AllFound expected = {
      {Kind::fault, longer.substr(0, limits::stream_head_bytes_max), Fault::head_too_long}};
  EXPECT_EQ(whole(longer), expected);
  EXPECT_EQ(in_chunks(longer, 1000), expected);
}

TEST(StreamFramer, AHeadWithoutEndIsGivenUpAtTheLimit) {
  Reader reader;
  const std::string line = "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";
  reader.read("MESSAGE sip:a@b SIP/2.0\r\n");
  for (std::size_t sent = 0; sent < limits::stream_head_bytes_max; sent += line.size()) {
    reader.read(line);
  }
  ASSERT_TRUE(reader.has_fault());
  EXPECT_EQ(reader.found.back().fault, Fault::head_too_long);
}

TEST(StreamFramer, WhatBeginsNoMessageIsAFaultAtOnce) {
  for (const char* const stream : {" MESSAGE", "\rM", "\r\r\n", "\x16\x03\x01", "\x80"}) {
    EXPECT_EQ(only_fault(stream), Fault::not_sip) << stream;
  }
}

TEST(StreamFramer, AnAnswerToOurPingIsNoHalfOfAPing) {
  StreamFramer framer;
  EXPECT_EQ(framer.next("\r\n").kind, Kind::empty_line);
  framer.forget_empty_line();
  EXPECT_EQ(framer.next("\r\n").kind, Kind::empty_line);
  EXPECT_EQ(framer.next("\r\n").kind, Kind::ping);
}

TEST(StreamFramer, AMessageBetweenTwoEmptyLinesMakesThemNoPing) {
  const AllFound found = whole("\r\n" + message("a") + "\r\n");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found.back().kind, Kind::empty_line);
}

// What was searched is not searched again: else a peer that sends a byte at a time would cost the
// square of its bytes. Here the bytes that were seen change, which only a second search notices.
TEST(StreamFramer, LooksAtNoByteOfTheHeadTwice) {
  const std::string seen = "MESSAGE sip:a@b SIP/2.0\r\nX: yyyyyyyyyyyyyyy";
  const std::string end = "\r\nl:0\r\n\r\n";
  StreamFramer framer;
  ASSERT_EQ(framer.next(seen).kind, Kind::incomplete);
  const std::string changed = "MESSAGE sip:a@b SIP/2.0\r\nX: \r\nl:1\r\n\r\nyyyyyy";
  ASSERT_EQ(changed.size(), seen.size());
  const StreamFramer::Piece piece = framer.next(changed + end);
  EXPECT_EQ(piece.kind, Kind::message);
  EXPECT_EQ(piece.size, changed.size() + end.size());
}

TEST(StreamFramer, NothingIsIncomplete) {
  StreamFramer framer;
  EXPECT_EQ(framer.next("").kind, Kind::incomplete);
}

}  // namespace
}  // namespace imcd::parser
