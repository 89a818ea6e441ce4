// The bytes that come through the management FIFO. The first byte cuts the rest into pieces of that
// size, which must make no difference. What is asked runs against rooms that answer all.
#include <fmt/format.h>
#include <string>
#include <vector>

#include "base/limits.h"
#include "mi/command_table.h"
#include "mi/fake_control.h"
#include "mi/reply_text.h"
#include "mi/run_command.h"
#include "mi/text_request.h"
#include "parser/properties.h"
#include "target.h"

namespace imcd::fuzz {

namespace {

std::string describe(const mi::Request& request) {
  std::string out = fmt::format("{}|{}|{}", request.command, request.reply_name, request.malformed);
  for (const mi::Argument& argument : request.arguments) {
    out += fmt::format("|{}={}", argument.name, argument.value);
  }
  return out;
}

std::vector<mi::Request> read(std::string_view bytes, std::size_t piece) {
  mi::TextRequestReader reader;
  std::vector<mi::Request> requests;
  while (!bytes.empty()) {
    std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    while (auto request = reader.next(next)) requests.push_back(std::move(*request));
  }
  return requests;
}

void expect_plain_name(std::string_view name) {
  expect(name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos && name != "." &&
             name != "..",
         "a reply name that leads out of its directory");
}

// The reply ends, in chunks within their bound, each line of it a text of ours.
void expect_sound_reply(const mi::Request& request) {
  mi::FakeControl control;
  control.add("sip:chat@example.org", {"sip:alice@example.org", "sip:bob@example.org"});
  const Instant now{MonoTime(10s), WallTime(1000000010s)};
  mi::ReplyText reply(mi::run_command(request, control, now));
  for (int chunks = 0;; ++chunks) {
    const std::string chunk = reply.next_chunk(control);
    if (chunk.empty()) return;
    expect(chunk.size() <= limits::mi_reply_chunk_bytes, "a chunk beyond its bound");
    expect(chunks < 1000, "a reply without an end");
    for (const char c : chunk) {
      const auto byte = static_cast<unsigned char>(c);
      expect((byte >= 0x20 && byte != 0x7f) || c == '\n' || c == '\t',
             fmt::format("a control character in a reply: {}", chunk));
    }
  }
}

}  // namespace

void test_input(std::string_view input) {
  if (input.empty()) return;
  const std::string_view bytes = input.substr(1);
  const auto whole = read(bytes, std::max<std::size_t>(bytes.size(), 1));
  const auto pieces = read(bytes, static_cast<unsigned char>(input.front()) % 16U + 1U);
  expect(whole.size() == pieces.size(), "another number of requests when cut");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    expect(describe(whole[i]) == describe(pieces[i]), "another request when cut");
    expect_plain_name(whole[i].reply_name);
    expect_sound_reply(whole[i]);
  }
}

void add_seeds(const AddSeed& add) {
  for (const mi::ManagementCommand& command : mi::command_table()) {
    add(fmt::format("\x03:{}:reply\nsip:chat@example.org\n\n", command.name));
    add(fmt::format("\x01:{}:\n\n", command.name));
    add(fmt::format(
        "\x08:{}:r\nroom:: \"sip:chat@[::1]\\\\\\\"\ntwo lines\"\nuser:: x\n\n:ps:r\n\n",
        command.name));
  }
  add("\x05garbage\n:bad/name:../x\n\n:which:reply\n\n");
}

}  // namespace imcd::fuzz
