// The same seed and the same inputs give the same bytes out: datagrams, what is written to streams,
// batches, log lines. Another seed gives other tags and branches, and no other words.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {
namespace {

void write(std::string& text, const Outbox& out) {
  for (const Outbox::Datagram& datagram : out.datagrams()) {
    text += fmt::format("to {} {}: {}\n", address_text(datagram.to.peer), datagram.to.stream,
                        out.bytes(datagram));
  }
  for (const Outbox::StreamAction& action : out.stream_actions()) {
    text += fmt::format("stream {} {}\n", action.flow.stream, static_cast<int>(action.kind));
  }
  for (const BatchId batch : out.batches()) text += fmt::format("batch {}\n", batch);
  for (const LogLine& line : out.log_lines()) {
    text += line.text;
    for (const auto& [name, value] : line.fields) text += fmt::format(" {}={}", name, value);
    text += '\n';
  }
  if (out.exit_code()) text += fmt::format("exit {}\n", *out.exit_code());
}

struct Course {
  std::string bytes;                                      // All that came out.
  std::map<std::string, std::vector<std::string>> heard;  // By user.
};

// Commands, chat, a network that loses, a stream, an outage, a death and an orderly stop.
Course run(HashKey seed) {
  HarnessOptions options{.settings = default_settings()};
  options.setup.seed = seed;
  Harness h(options);
  Course course;
  h.on_outbox = [&](const Outbox& out) { write(course.bytes, out); };
  int sent = 0;
  h.network = [&](const Flow&, std::string_view) { return ++sent % 5 != 0; };
  const std::vector<std::string> users = {"alice", "bob", "carol", "dave", "erin"};

  h.peer("alice").say("chat", "#create private");
  for (const std::string& user : users) h.peer("alice").say("chat", "#add " + user);
  h.run_for(2s);
  for (const std::string& user : users) h.peer(user).say("chat", "#join");
  h.run_for(2s);
  for (const std::string& user : users) h.peer(user).say("chat", "hello from " + user);
  h.peer("carol").manner = Peer::Manner::silent;
  Harness::Stream& stream = h.connect(Address::ipv4({127, 0, 0, 1}, 40001));
  h.feed(stream, stream_request(1, "#join open", "frank") + stream_request(2, "hi", "frank"));
  h.database.faults.commit_failures = 3;
  h.peer("bob").say("chat", "#remove erin");
  h.peer("bob").say("nowhere", "#list");
  h.run_for(40s);

  h.restart();
  for (const std::string& user : users) h.peer(user).say("chat", "#list");
  h.run_for(10s);
  h.order(Order::summary);
  h.order(Order::stop);
  h.run_for(60s);
  EXPECT_EQ(h.exit_code, 0);
  for (const std::string& user : users) course.heard[user] = h.peer(user).heard();
  return course;
}

TEST(SameBytes, FollowFromTheSeedAndTheInputs) {
  const Course first = run({7, 7});
  EXPECT_GT(first.bytes.size(), 10000U);
  EXPECT_EQ(first.bytes, run({7, 7}).bytes);
}

TEST(SameBytes, AreOthersForAnotherSeedButSayTheSame) {
  const Course first = run({7, 7});
  const Course other = run({8, 8});
  EXPECT_NE(first.bytes, other.bytes);
  EXPECT_EQ(first.heard, other.heard);
}

}  // namespace
}  // namespace imcd::server
