// The core over streams: requests, framing, keepalive, and peers who are slow or malicious.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "server/harness.h"

namespace imcd::server {
namespace {

Address host(std::uint8_t last, std::uint16_t port = 40000) {
  return Address::ipv4({127, 0, 0, last}, port);
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(Streams, ARequestIsAnsweredOnItsStream) {
  Harness h;
  auto& stream = h.connect(host(1));
  h.feed(stream, stream_request(1, "#create"));
  h.run_for(1s);
  EXPECT_TRUE(stream.sent.starts_with("SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 127.0.0.1:6000"))
      << stream.sent;
  EXPECT_TRUE(stream.sent.contains("Content-Length: 0\r\n\r\n"));
}

TEST(Streams, AnAnswerWithoutRportStaysOnTheStreamToo) {
  Harness h;
  auto& stream = h.connect(host(1));
  auto& other = h.connect(host(1, 6000));  // Where Via says that the sender is.
  h.feed(stream, stream_request(1, "#help"));
  h.run_for(1s);
  EXPECT_TRUE(stream.sent.contains("SIP/2.0 200 OK"));
  EXPECT_EQ(other.sent, "");
}

TEST(Streams, RequestsMayComeAByteAtATimeOrAllAtOnce) {
  const std::string requests =
      stream_request(1, "#create") + stream_request(2, "hello") + stream_request(3, "#list");
  Harness at_once;
  auto& first = at_once.connect(host(1));
  at_once.feed(first, requests);
  at_once.run_for(1s);
  Harness in_bytes;
  auto& second = in_bytes.connect(host(1));
  for (const char byte : requests) in_bytes.feed(second, std::string(1, byte));
  in_bytes.run_for(1s);
  EXPECT_EQ(count(first.sent, "SIP/2.0 200 OK"), 3U);
  EXPECT_EQ(first.sent, second.sent);
}

TEST(Streams, ARequestIsNotExecutedTwiceAlsoOverAnotherStream) {
  Harness h;
  auto& first = h.connect(host(1));
  h.feed(first, stream_request(1, "#create") + stream_request(1, "#create"));
  h.run_for(1s);
  auto& second = h.connect(host(1, 40001));
  h.feed(second, stream_request(1, "#create"));
  h.run_for(1s);
  EXPECT_EQ(h.figures().retransmissions_received.value(), 2U);
  EXPECT_EQ(h.figures().commands_accepted.value(), 1U);
  EXPECT_TRUE(second.sent.starts_with("SIP/2.0 200 OK"));
}

TEST(Streams, AnAnswerForAPeerWhoLeftGoesToNobody) {
  Harness h;
  h.database_hangs = true;
  auto& stream = h.connect(host(1));
  h.feed(stream, stream_request(1, "#create"));
  h.run_for(1s);
  h.end(stream, StreamEnd::by_peer);
  h.release_database();
  h.run_for(1s);
  EXPECT_EQ(stream.sent, "");
  EXPECT_EQ(h.server().streams(), 0U);
  // The room is there all the same.
  auto& again = h.connect(host(1));
  h.feed(again, stream_request(2, "hello"));
  EXPECT_TRUE(again.sent.starts_with("SIP/2.0 200 OK"));
}

TEST(Streams, APingIsAnsweredAndOneEmptyLineIsNot) {
  Harness h;
  auto& stream = h.connect(host(1));
  h.feed(stream, "\r\n");
  EXPECT_EQ(stream.sent, "");
  h.feed(stream, "\r\n");
  EXPECT_EQ(stream.sent, "\r\n");
  h.feed(stream, "\r\n\r\n" + stream_request(1, "#help"));
  EXPECT_TRUE(stream.sent.starts_with("\r\n\r\nSIP/2.0 200 OK"));
}

TEST(Streams, WithoutContentLengthTheSenderIsToldAndTheStreamClosed) {
  Harness h;
  auto& stream = h.connect(host(1));
  std::string text = stream_request(1, "hello");
  text.erase(text.find("Content-Length"), text.find("\r\n\r\n") + 2 - text.find("Content-Length"));
  h.feed(stream, text + stream_request(2, "#help"));
  EXPECT_TRUE(stream.sent.starts_with("SIP/2.0 400 Missing Content-Length Header")) << stream.sent;
  EXPECT_EQ(count(stream.sent, "SIP/2.0"), 2U) << "an answer, and the Via in it";
  EXPECT_TRUE(stream.is_closed_by_server);
  EXPECT_EQ(h.server().streams(), 0U);
  EXPECT_EQ(at(h.figures().streams_ended, StreamEnd::bad_message).value(), 1U);
}

TEST(Streams, ARequestThatIsWrongOtherwiseLeavesTheStreamOpen) {
  Harness h;
  auto& stream = h.connect(host(1));
  std::string text = stream_request(1, "hello");
  text.replace(text.find("Call-ID"), 7, "Call-Di");
  h.feed(stream, text + stream_request(2, "#help"));
  EXPECT_TRUE(stream.sent.starts_with("SIP/2.0 400 Missing Call-ID Header"));
  EXPECT_EQ(count(stream.sent, "SIP/2.0 200 OK"), 1U);
  EXPECT_FALSE(stream.is_closed_by_server);
}

TEST(Streams, ABodyBeyondTheLimitIs413AndAHeadBeyondItIs513) {
  Harness h;
  auto& with_body = h.connect(host(1));
  h.feed(with_body, stream_request(1, std::string(limits::stream_body_bytes_max + 1, 'x')));
  EXPECT_TRUE(with_body.sent.starts_with("SIP/2.0 413 "));
  EXPECT_TRUE(with_body.is_closed_by_server);

  auto& with_head = h.connect(host(1, 40001));
  std::string text = stream_request(2, "x");
  text.insert(text.find("Max-Forwards"), "X: " + std::string(limits::stream_head_bytes_max, 'y'));
  h.feed(with_head, text);
  EXPECT_TRUE(with_head.sent.starts_with("SIP/2.0 513 "));
  EXPECT_TRUE(with_head.is_closed_by_server);
}

TEST(Streams, NoiseAndBrokenResponsesAreNotAnswered) {
  Harness h;
  for (const char* const noise :
       {"\x16\x03\x01\x02", "SIP/2.0 200 OK\r\nVia: x\r\n\r\n", "\n\n GET"}) {
    auto& stream = h.connect(host(1));
    h.feed(stream, noise);
    EXPECT_EQ(stream.sent, "");
    EXPECT_TRUE(stream.is_closed_by_server);
  }
}

TEST(Streams, AnUntrustedPeerIsClosedAtOnce) {
  Harness h;
  auto& stream = h.connect(Address::ipv4({192, 0, 2, 1}, 5060));
  EXPECT_TRUE(stream.is_closed_by_server);
  EXPECT_EQ(at(h.figures().streams_refused, StreamRefusal::untrusted).value(), 1U);
  // What was on its way already is for nobody.
  stream.is_open = true;
  h.feed(stream, stream_request(1, "#help"));
  EXPECT_EQ(stream.sent, "");
  EXPECT_EQ(h.figures().requests_received.value(), 0U);
}

TEST(Streams, AnAddressMayHaveOnlySoMany) {
  Harness h;
  std::uint16_t port = 1024;
  for (std::size_t i = 0; i < limits::streams_of_peer_max; ++i) h.connect(host(1, port++));
  EXPECT_EQ(h.server().streams(), limits::streams_of_peer_max);
  EXPECT_TRUE(h.connect(host(1, port++)).is_closed_by_server);
  EXPECT_EQ(at(h.figures().streams_refused, StreamRefusal::too_many_here).value(), 1U);
  // Others are served, and this one when a stream of its has ended.
  auto& other = h.connect(host(2));
  EXPECT_FALSE(other.is_closed_by_server);
  h.end(h.stream(1), StreamEnd::by_peer);
  EXPECT_FALSE(h.connect(host(1, port++)).is_closed_by_server);
}

TEST(Streams, AllTogetherMayHaveOnlySoMany) {
  Harness h;
  std::size_t opened = 0;
  for (std::uint8_t last = 1; opened < limits::streams_max; ++last) {
    for (std::uint16_t port = 1024; port < 2024 && opened < limits::streams_max; ++port) {
      EXPECT_FALSE(h.connect(host(last, port)).is_closed_by_server);
      ++opened;
    }
  }
  EXPECT_TRUE(h.connect(host(200)).is_closed_by_server);
  EXPECT_EQ(at(h.figures().streams_refused, StreamRefusal::too_many).value(), 1U);
  // They cost a timer each and no turn of the loop before it fires.
  h.run_for(limits::stream_idle_time - 1s);
  EXPECT_EQ(h.server().streams(), limits::streams_max);
  h.run_for(2s);
  EXPECT_EQ(h.server().streams(), 0U);
  EXPECT_EQ(at(h.figures().streams_ended, StreamEnd::idle).value(), limits::streams_max);
}

TEST(Streams, OneThatIsUsedIsNotIdle) {
  Harness h;
  auto& stream = h.connect(host(1));
  for (int i = 0; i < 4; ++i) {
    h.run_for(limits::stream_idle_time - 1s);
    h.feed(stream, "\r\n\r\n");
  }
  EXPECT_FALSE(stream.is_closed_by_server);
}

TEST(Streams, AMessageThatTakesTooLongEndsTheStreamHoweverItIsCut) {
  Harness h;
  auto& stream = h.connect(host(1));
  const std::string text = stream_request(1, std::string(10000, 'x'));
  std::size_t sent = 0;
  for (std::size_t chunk = 1; !stream.is_closed_by_server && sent + chunk < text.size();
       chunk = chunk * 3 / 2 + 1) {
    h.feed(stream, text.substr(sent, chunk));
    sent += chunk;
    h.run_for(limits::stream_message_time / 10);
  }
  EXPECT_TRUE(stream.is_closed_by_server);
  EXPECT_EQ(at(h.figures().streams_ended, StreamEnd::slow_message).value(), 1U);
}

TEST(Streams, SlowMessagesOneAfterTheOtherAreServed) {
  Harness h;
  auto& stream = h.connect(host(1));
  std::string text;
  for (int i = 0; i < 10; ++i) text += stream_request(i, "#help");
  // Each takes nearly all its time, and the next begins before it ends.
  for (std::size_t at = 0; at < text.size(); at += 100) {
    h.feed(stream, text.substr(at, 100));
    h.run_for(limits::stream_message_time / 5);
  }
  EXPECT_EQ(count(stream.sent, "SIP/2.0 200 OK"), 10U);
  EXPECT_FALSE(stream.is_closed_by_server);
}

TEST(Streams, IncompleteMessagesOfAllStreamsTogetherAreBounded) {
  Harness h;
  const std::string begun = stream_request(1, "").substr(0, 60) +
                            "\r\nX: " + std::string(limits::stream_head_bytes_max / 2, 'x');
  const std::size_t fit = limits::stream_partial_bytes_max / begun.size();
  std::size_t closed = 0;
  for (std::size_t i = 0; i < fit + 10; ++i) {
    auto& stream = h.connect(host(1, static_cast<std::uint16_t>(1024 + i)));
    h.feed(stream, begun);
    if (stream.is_closed_by_server) ++closed;
  }
  EXPECT_EQ(closed, 10U);
  EXPECT_EQ(at(h.figures().streams_ended, StreamEnd::crowded).value(), 10U);
  // When they are gone, there is room again.
  for (StreamId id = 1; id <= fit; ++id) h.end(h.stream(id), StreamEnd::by_peer);
  auto& stream = h.connect(host(1));
  h.feed(stream, begun);
  EXPECT_FALSE(stream.is_closed_by_server);
}

TEST(Streams, WhileLoadingARequestIsRefusedOnTheStream) {
  Harness h({.settings = default_settings(), .load = false});
  auto& stream = h.connect(host(1));
  h.feed(stream, stream_request(1, "hello"));
  EXPECT_TRUE(stream.sent.starts_with("SIP/2.0 503 "));
}

}  // namespace
}  // namespace imcd::server
