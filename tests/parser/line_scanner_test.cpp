#include "parser/line_scanner.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "guarded_bytes.h"

namespace imcd::parser {
namespace {

// The lines of a head as text: `name|value` split at the first colon, `~` for folded, `!` for a
// control character; the last entry tells how the head ended.
std::vector<std::string> scan(std::string_view text) {
  const GuardedBytes guarded(text);
  const std::string_view bytes = guarded.view();
  Head head;
  scan_head(bytes, head);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < head.line_count; ++i) {
    const HeadLine& line = head.lines[i];
    std::string shown(bytes.substr(line.begin, line.colon - line.begin));
    if (line.colon != line.end) {
      shown += '|';
      shown += bytes.substr(line.colon + 1, line.end - line.colon - 1);
    }
    if (line.is_folded) shown += '~';
    if (line.has_control) shown += '!';
    lines.push_back(shown);
  }
  lines.push_back((head.is_ended ? "end " : "cut ") + std::to_string(head.end));
  return lines;
}

using Lines = std::vector<std::string>;

TEST(LineScanner, SplitsAtLineEndsAndFirstColons) {
  EXPECT_EQ(scan("start sip:x\r\nA: 1:2\r\nB:\r\nC\r\n\r\nbody: x\r\n\r\n"),
            (Lines{"start sip|x", "A| 1:2", "B|", "C", "end 30"}));
}

TEST(LineScanner, AnEmptyTextHasNoLines) {
  EXPECT_EQ(scan(""), (Lines{"cut 0"}));
  EXPECT_EQ(scan("\r\n"), (Lines{"end 2"}));
}

TEST(LineScanner, AFoldBelongsToItsLine) {
  EXPECT_EQ(scan("s\r\nA: 1\r\n 2\r\n\t3\r\nB: 4\r\n\r\n"),
            (Lines{"s", "A| 1\r\n 2\r\n\t3~", "B| 4", "end 25"}));
}

TEST(LineScanner, TheStartLineIsNeverFolded) {
  EXPECT_EQ(scan("s\r\n A: 1\r\n\r\n"), (Lines{"s", " A| 1", "end 12"}));
}

TEST(LineScanner, BlanksBehindTheEmptyLineAreBody) {
  EXPECT_EQ(scan("s\r\nA: 1\r\n\r\n folded?\r\n\r\n"), (Lines{"s", "A| 1", "end 11"}));
}

TEST(LineScanner, ABareCrOrLfOrANulIsNotedAndEndsNothing) {
  using namespace std::string_view_literals;
  EXPECT_EQ(scan("s\r\nA: 1\nB: 2\r\n\r\n"), (Lines{"s", "A| 1\nB: 2!", "end 16"}));
  EXPECT_EQ(scan("s\r\nA: 1\rB: 2\r\n\r\n"), (Lines{"s", "A| 1\rB: 2!", "end 16"}));
  EXPECT_EQ(scan("s\r\nA: 1\r\r\n\r\n"), (Lines{"s", "A| 1\r!", "end 12"}));
  EXPECT_EQ(scan("s\r\nA: \0\r\nB:\r\n\r\n"sv),
            (Lines{"s", std::string("A| \0!", 5), "B|", "end 15"}));
  EXPECT_EQ(scan("s\n\r\n\r\n"), (Lines{"s\n!", "end 6"}));
}

TEST(LineScanner, ALineWithoutItsEndIsNotCounted) {
  EXPECT_EQ(scan("s\r\nA: 1"), (Lines{"s", "cut 3"}));
  EXPECT_EQ(scan("s\r\nA: 1\r"), (Lines{"s", "cut 3"}));
  EXPECT_EQ(scan("s\r\nA: 1\r\n"), (Lines{"s", "A| 1", "cut 9"}));
  EXPECT_EQ(scan("s\r\nA: 1\r\n "), (Lines{"s", "cut 3"}));
  EXPECT_EQ(scan("s"), (Lines{"cut 0"}));
}

TEST(LineScanner, LinesBeyondTheTableAreSkippedUpToTheEmptyLine) {
  for (const std::size_t count : {Head::lines_max, Head::lines_max + 1, Head::lines_max + 500}) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "A: 1\r\n";
    text += "\r\nbody";
    Head head;
    scan_head(text, head);
    EXPECT_EQ(head.line_count, Head::lines_max);
    EXPECT_EQ(head.has_too_many, count > Head::lines_max);
    EXPECT_TRUE(head.is_ended);
    EXPECT_EQ(head.end, text.size() - 4);
  }
}

TEST(LineScanner, ATableIsUsedAgain) {
  Head head;
  scan_head("a\r\nb: c\r\n\r\n", head);
  scan_head("d", head);
  EXPECT_EQ(head.line_count, 0U);
  EXPECT_FALSE(head.is_ended);
}

}  // namespace
}  // namespace imcd::parser
