#include "parser/line_scanner.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "guarded_bytes.h"
#include "parser/cases.h"

namespace imcd::parser {
namespace {

using Lines = std::vector<std::string>;

std::vector<Scanner> scanners() {
  std::vector<Scanner> all;
  for (const Scanner scanner : {Scanner::scalar, Scanner::sse2, Scanner::avx2}) {
    if (has_scanner(scanner)) all.push_back(scanner);
  }
  return all;
}

// The lines of a head as text: `name|value` split at the first colon, `~` for folded, `!` for a
// control character; the last entry tells how the head ended.
Lines show(std::string_view bytes, const Head& head) {
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
  if (head.has_too_many) lines.emplace_back("too many");
  lines.push_back((head.is_ended ? "end " : "cut ") + std::to_string(head.end));
  return lines;
}

// Whether all scanners tell the same of the bytes, which lie before a guarded page.
void expect_same(std::string_view bytes, Head& first, Head& other) {
  scan_head(Scanner::scalar, bytes, first);
  const Lines expected = show(bytes, first);
  for (const Scanner scanner : scanners()) {
    scan_head(scanner, bytes, other);
    EXPECT_EQ(show(bytes, other), expected) << "scanner " << static_cast<int>(scanner);
  }
}

Lines scan(std::string_view text) {
  const GuardedBytes guarded(text);
  const auto head = std::make_unique<Head>();
  const auto other = std::make_unique<Head>();
  expect_same(guarded.view(), *head, *other);
  scan_head(guarded.view(), *head);
  return show(guarded.view(), *head);
}

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
    for (const Scanner scanner : scanners()) {
      scan_head(scanner, text, head);
      EXPECT_EQ(head.line_count, Head::lines_max);
      EXPECT_EQ(head.has_too_many, count > Head::lines_max);
      EXPECT_TRUE(head.is_ended);
      EXPECT_EQ(head.end, text.size() - 4);
    }
  }
}

TEST(LineScanner, ATableIsUsedAgain) {
  Head head;
  for (const Scanner scanner : scanners()) {
    scan_head(scanner, "a\r\nb: c\r\n\r\n", head);
    scan_head(scanner, "d", head);
    EXPECT_EQ(head.line_count, 0U);
    EXPECT_FALSE(head.is_ended);
  }
}

// The scanners look at 64 bytes at a time; whatever they look for comes to stand at each place of
// such a block, and the text ends at each.
TEST(LineScanner, AllScannersTellTheSameWhereverALineEnds) {
  using namespace std::string_view_literals;
  GuardedBytes pages(1024);
  const auto first = std::make_unique<Head>();
  const auto other = std::make_unique<Head>();
  for (std::size_t length = 0; length < 200; ++length) {
    for (const std::string_view rest :
         {"\r\n\r\n"sv, "\r\n\r\nbody:\r\n\0\r"sv, "\r\n \t:\r\nB:\r\n\r\n \n"sv, "\r"sv, "\n"sv,
          ":\r\n"sv, "\0:\r\n\r\n"sv, "\r\r\n\r\n"sv, "\n\r\n\r\n"sv, "\r\nB: 2\r\n\r\n\n"sv}) {
      for (const std::string_view start : {""sv, "s\r\n"sv, "s\r\nA:"sv}) {
        const std::string text = std::string(start) + std::string(length, 'x') + std::string(rest);
        expect_same(pages.place(text), *first, *other);
        if (HasFailure()) FAIL() << length << " bytes, then " << testing::PrintToString(rest);
      }
    }
  }
}

TEST(LineScanner, AllScannersTellTheSameOfTheCases) {
  GuardedBytes pages(limits::datagram_bytes_max);
  const auto first = std::make_unique<Head>();
  const auto other = std::make_unique<Head>();
  for (const Case& one : cases()) {
    const std::string_view whole = one.bytes;
    for (std::size_t length = 0; length <= whole.size(); length = next_cut(length, whole.size())) {
      expect_same(pages.place(whole.substr(0, length)), *first, *other);
      if (HasFailure()) FAIL() << one.name << " cut at " << length;
    }
  }
}

// Texts of nothing but what the scanners look for, and the cases with some of it put in.
TEST(LineScanner, AllScannersTellTheSameOfNoise) {
  using namespace std::string_view_literals;
  static constexpr std::string_view pieces[] = {"\r\n"sv, "\r\n "sv,    "\r\n\t"sv,  "\r"sv,
                                                "\n"sv,   ":"sv,        "\0"sv,      " "sv,
                                                "x"sv,    "\r\n\r\n"sv, "A: 1\r\n"sv};
  GuardedBytes pages(limits::datagram_bytes_max);
  const auto first = std::make_unique<Head>();
  const auto other = std::make_unique<Head>();
  Random random({3, 4});
  const auto piece = [&] { return pieces[random.below(std::size(pieces))]; };
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    // Clean heads must be common, as others are all left to one scanner.
    const bool is_clean = random.below(2) == 0;
    for (std::uint64_t left = random.below(100); left > 0; --left) {
      const std::string_view next = piece();
      text += is_clean && next.size() == 1 && next != ":" ? "y" : next;
      text.append(random.below(12), 'x');
    }
    expect_same(pages.place(text), *first, *other);
    if (HasFailure()) FAIL() << testing::PrintToString(text);
  }
  for (const Case& one : cases()) {
    for (int round = 0; round < 20; ++round) {
      std::string text = one.bytes;
      text.insert(random.below(text.size() + 1), piece());
      expect_same(pages.place(text), *first, *other);
      if (HasFailure()) FAIL() << one.name << " with a piece";
    }
  }
}

}  // namespace
}  // namespace imcd::parser
