#include "mi/text_request.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/limits.h"

namespace imcd::mi {
namespace {

// A request in one line: "command>reply(name=value,value)", with "!" where it is malformed.
std::string summary(const Request& request) {
  std::string text = request.command + ">" + request.reply_name + "(";
  for (const Argument& argument : request.arguments) {
    if (!text.ends_with('(')) text += ',';
    if (!argument.name.empty()) text += argument.name + "=";
    text += argument.value;
  }
  return text + (request.malformed ? ")!" : ")");
}

using Requests = std::vector<std::string>;

Requests read_on(TextRequestReader& reader, std::string_view bytes) {
  Requests requests;
  while (std::optional<Request> request = reader.next(bytes)) requests.push_back(summary(*request));
  EXPECT_TRUE(bytes.empty());
  return requests;
}

Requests read(std::string_view bytes) {
  TextRequestReader reader;
  return read_on(reader, bytes);
}

std::uint64_t garbage_in(std::string_view bytes) {
  TextRequestReader reader;
  read_on(reader, bytes);
  return reader.take_garbage();
}

std::string arguments_of(std::size_t bytes) {
  std::string lines;
  while (lines.size() + 100 < bytes) lines += std::string(99, 'x') + "\n";
  return lines + std::string(bytes - lines.size() - 1, 'y') + "\n";
}

TEST(TextRequestReader, ARequestIsItsFirstLineItsArgumentsAndAnEmptyLine) {
  EXPECT_EQ(read(":uptime:reply\n\n"), Requests{"uptime>reply()"});
  EXPECT_EQ(read(":imc_list_members:reply\nsip:r@d\n\n"),
            Requests{"imc_list_members>reply(sip:r@d)"});
  EXPECT_EQ(read(":c:r\na\nn:: b\n\"c\nd\"\n\n"), Requests{"c>r(a,n=b,c\nd)"});
}

TEST(TextRequestReader, AnEmptyReplyNameIsARequestWithoutAReply) {
  EXPECT_EQ(read(":uptime:\n\n"), Requests{"uptime>()"});
}

TEST(TextRequestReader, SeveralRequestsMayComeInOneRead) {
  EXPECT_EQ(read(":a:1\n\n:b:2\nx\n\n\n\n:c:3\n\n"), (Requests{"a>1()", "b>2(x)", "c>3()"}));
}

TEST(TextRequestReader, LinesMayEndInCarriageReturnAndLineFeed) {
  EXPECT_EQ(read(":a:1\r\nx\r\n\"y\r\nz\"\r\n\r\n:b:2\r\n\r\n"),
            (Requests{"a>1(x,y\nz)", "b>2()"}));
}

TEST(TextRequestReader, BytesMayBeCutAnywhere) {
  const std::string bytes =
      "junk\n:imc_list_members:r1\r\n\"sip:r@[::1]\"\n\n:a\"b:r2\nx\"y\n\n\n:c:\n\"o\nt\"\n\n";
  const Requests whole = {"imc_list_members>r1(sip:r@[::1])", "a\"b>r2(x\"y)!", "c>(o\nt)"};
  EXPECT_EQ(read(bytes), whole);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    TextRequestReader reader;
    Requests requests = read_on(reader, bytes.substr(0, cut));
    for (std::string& request : read_on(reader, bytes.substr(cut))) requests.push_back(request);
    EXPECT_EQ(requests, whole) << "cut at " << cut;
    EXPECT_EQ(reader.take_garbage(), 1U) << "cut at " << cut;
  }
}

TEST(TextRequestReader, BytesMayComeOneByOne) {
  TextRequestReader reader;
  Requests requests;
  for (char c : std::string_view(":a:1\nx\n\n:b:2\n\n")) {
    for (std::string& request : read_on(reader, {&c, 1})) requests.push_back(request);
  }
  EXPECT_EQ(requests, (Requests{"a>1(x)", "b>2()"}));
}

TEST(TextRequestReader, ANamespaceBelongsToTheCommandAndAnotherColonToTheReplyName) {
  EXPECT_EQ(read(":imc:list_rooms:reply\n\n"), Requests{"imc:list_rooms>reply()"});
  EXPECT_EQ(read(":imc.list_rooms:reply\n\n"), Requests{"imc.list_rooms>reply()"});
  EXPECT_EQ(read(":imc:list_rooms:\n\n"), Requests{"imc:list_rooms>()"});
  EXPECT_EQ(read(":imc:reply\n\n"), Requests{"imc>reply()"});
  EXPECT_EQ(read(":uptime:re:ply\n\n"), Requests{"uptime>re:ply()"});
}

TEST(TextRequestReader, GarbageBetweenRequestsIsSkippedAndEachRunOfItCountedOnce) {
  const std::string bytes = "one\ntwo\n:a:1\n\nthree\n\nfour\nfive\n:b:2\n\n";
  EXPECT_EQ(read(bytes), (Requests{"a>1()", "b>2()"}));
  EXPECT_EQ(garbage_in(bytes), 3U);
  EXPECT_EQ(garbage_in(":a:1\n\n\n\r\n\n:b:2\n\n"), 0U);
}

TEST(TextRequestReader, AFirstLineThatIsNoneIsGarbage) {
  for (std::string_view line : {"uptime:reply", ":uptime", "::reply", ":",
                                "::", ":::", ":up\x1btime:reply", "{\"jsonrpc\":\"2.0\"}"}) {
    const std::string bytes = std::string(line) + "\n\n:a:1\n\n";
    EXPECT_EQ(read(bytes), Requests{"a>1()"}) << line;
    EXPECT_EQ(garbage_in(bytes), 1U) << line;
  }
}

TEST(TextRequestReader, AReplyNameIsNoPath) {
  for (std::string_view name : {"../x", "/tmp/x", "a/b", "a.b", ".", "..", "/"}) {
    const std::string bytes = ":uptime:" + std::string(name) + "\n\n";
    EXPECT_EQ(read(bytes), Requests{}) << name;
    EXPECT_EQ(garbage_in(bytes), 1U) << name;
  }
  EXPECT_EQ(read(std::string_view(":uptime:a\0b\n\n", 13)), Requests{});
}

TEST(TextRequestReader, AFirstLineHasABound) {
  const std::size_t most = limits::mi_first_line_bytes_max - 1;
  const std::string prefix = ":uptime:";
  const std::string name(most - prefix.size(), 'r');
  EXPECT_EQ(read(prefix + name + "\n\n"), Requests{"uptime>" + name + "()"});
  EXPECT_EQ(read(prefix + name + "\r\n\n"), Requests{"uptime>" + name + "()"});
  EXPECT_EQ(read(prefix + name + "r\n\n"), Requests{});
  EXPECT_EQ(garbage_in(prefix + name + "r\n\n"), 1U);
}

TEST(TextRequestReader, WhatFollowsATooLongFirstLineIsSkippedToTheEmptyLine) {
  for (std::size_t size : {2000U, 100000U}) {
    const std::string bytes = ":" + std::string(size, 'c') + ":r\n:x:y\nz\n\n:a:1\n\n";
    EXPECT_EQ(read(bytes), Requests{"a>1()"});
    EXPECT_EQ(garbage_in(bytes), 1U);
  }
}

TEST(TextRequestReader, ArgumentsHaveABound) {
  const std::string most = arguments_of(limits::mi_arguments_bytes_max);
  const Requests good = read(":c:r\n" + most + "\n");
  ASSERT_EQ(good.size(), 1U);
  EXPECT_FALSE(good[0].ends_with('!'));
  const Requests bad = read(":c:r\n" + most + "z\n\n:a:1\n\n");
  ASSERT_EQ(bad.size(), 2U);
  EXPECT_TRUE(bad[0].ends_with('!'));
  EXPECT_EQ(bad[1], "a>1()");
}

TEST(TextRequestReader, AnArgumentLineWithoutEndKeepsNoMoreThanItsBound) {
  TextRequestReader reader;
  read_on(reader, ":c:r\n");
  const std::string piece(100000, 'x');
  for (int i = 0; i < 100; ++i) EXPECT_EQ(read_on(reader, piece), Requests{});
  EXPECT_EQ(read_on(reader, "\n\n:a:1\n\n"), (Requests{"c>r()!", "a>1()"}));
}

TEST(TextRequestReader, AMalformedRequestEndsAtItsEmptyLineAndTheNextIsRead) {
  EXPECT_EQ(read(":c:r\na\"b\n:x:y\n\n:a:1\n\n"), (Requests{"c>r(a\"b)!", "a>1()"}));
  EXPECT_EQ(read(":c:r\n\"open\n\n:a:1\n\n"), (Requests{"c>r(open)!", "a>1()"}));
}

TEST(TextRequestReader, KnowsWhetherSomethingIsUnfinished) {
  TextRequestReader reader;
  EXPECT_FALSE(reader.unfinished());
  read_on(reader, ":");
  EXPECT_TRUE(reader.unfinished());
  read_on(reader, "a:1\n");
  EXPECT_TRUE(reader.unfinished());
  read_on(reader, "\n");
  EXPECT_FALSE(reader.unfinished());
  read_on(reader, "junk\n");
  EXPECT_FALSE(reader.unfinished());
}

TEST(TextRequestReader, AResetForgetsWhatIsUnfinishedButNotTheCount) {
  TextRequestReader reader;
  read_on(reader, "junk\n:a:1\n\"open\nhalf a li");
  reader.reset();
  EXPECT_FALSE(reader.unfinished());
  EXPECT_EQ(read_on(reader, ":b:2\nx\n\n"), Requests{"b>2(x)"});
  EXPECT_EQ(reader.take_garbage(), 1U);
  EXPECT_EQ(reader.take_garbage(), 0U);
}

}  // namespace
}  // namespace imcd::mi
