#include "reactor/mi_fifo_keeper.h"

#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "reactor/budget.h"
#include "temporary_directory.h"

namespace imcd::reactor {
namespace {

class MiFifoKeeperTest : public testing::Test {
 protected:
  void SetUp() override {
    epoll = *Epoll::open();
    const auto opened = keeper->open(path, 0622);
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_FALSE(keeper->on_deadline(now)) << "it is in its place";
  }
  // What is told at the next look, and at nothing before it; empty: nothing.
  std::string look() {
    EXPECT_FALSE(keeper->on_deadline(now + budget::mi_fifo_look - 1ns));
    EXPECT_EQ(keeper->next_deadline(), now + budget::mi_fifo_look);
    now += budget::mi_fifo_look;
    const auto line = keeper->on_deadline(now);
    if (!line) return {};
    EXPECT_EQ(line->level, LogLevel::warning);
    return line->text;
  }
  [[nodiscard]] std::string there_again() const {
    return "the management FIFO " + path + " was gone or another file: it is there again";
  }
  // A client writes to the path; what comes of it.
  std::string ask(std::string_view text) {
    const Fd client(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    EXPECT_EQ(::write(client.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    const auto events = epoll.wait(false);
    EXPECT_EQ(events.size(), 1U) << "the loop is not woken";
    EXPECT_TRUE(events.empty() || Epoll::source_of(events[0]).kind == SourceKind::mi_fifo);
    return std::string(keeper->read().value_or(""));
  }
  [[nodiscard]] bool is_fifo() const {
    struct stat found{};
    return ::lstat(path.c_str(), &found) == 0 && S_ISFIFO(found.st_mode);
  }

  TemporaryDirectory directory;
  std::string path = directory / "imcd_fifo";
  Epoll epoll;
  std::optional<MiFifoKeeper> keeper{std::in_place, epoll};
  MonoTime now{1h};
};

TEST_F(MiFifoKeeperTest, WhatIsInItsPlaceIsLeftAlone) {
  struct stat before{};
  struct stat after{};
  ::lstat(path.c_str(), &before);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(look(), "");
  ::lstat(path.c_str(), &after);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(ask("one"), "one");
}

TEST_F(MiFifoKeeperTest, DeletedOneIsMadeAgainWithItsModeAndToldOnce) {
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_EQ(look(), there_again());
  struct stat found{};
  ASSERT_EQ(::lstat(path.c_str(), &found), 0);
  EXPECT_TRUE(S_ISFIFO(found.st_mode));
  EXPECT_EQ(found.st_mode & 07777U, 0622U);
  EXPECT_EQ(ask("two"), "two");
  EXPECT_EQ(look(), "");
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_EQ(look(), there_again());
  keeper.reset();
  EXPECT_FALSE(is_fifo()) << "one that was made again goes with imcd too";
}

TEST_F(MiFifoKeeperTest, AnotherFifoInItsPlaceIsTakenOver) {
  ASSERT_EQ(::mkfifo((directory / "other").c_str(), 0600), 0);
  ASSERT_EQ(::rename((directory / "other").c_str(), path.c_str()), 0);
  EXPECT_EQ(look(), there_again());
  EXPECT_EQ(ask("three"), "three");
  keeper.reset();
  EXPECT_TRUE(is_fifo()) << "who has not made it does not remove it";
}

// A client whose shell wrote while the FIFO was gone has made a plain file.
TEST_F(MiFifoKeeperTest, PlainFileInItsPlaceIsToldOnceAndStaysUntilSomebodyTakesIt) {
  ASSERT_EQ(::unlink(path.c_str()), 0);
  std::ofstream(path) << "precious";
  EXPECT_EQ(look(), "cannot use the management FIFO " + path + ": it is another kind of file");
  EXPECT_EQ(look(), "");
  std::string content;
  std::ifstream(path) >> content;
  EXPECT_EQ(content, "precious");
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_EQ(look(), there_again());
  EXPECT_EQ(ask("four"), "four");
}

TEST_F(MiFifoKeeperTest, DirectoryThatIsGoneIsToldAndTheFifoComesBackWithIt) {
  const std::string moved = directory / "moved";
  const std::string inner = directory / "run";
  ASSERT_EQ(::mkdir(inner.c_str(), 0700), 0);
  MiFifoKeeper other(epoll);
  ASSERT_TRUE(other.open(inner + "/imcd_fifo", 0600));
  EXPECT_FALSE(other.on_deadline(now));
  ASSERT_EQ(::rename(inner.c_str(), moved.c_str()), 0);
  now += budget::mi_fifo_look;
  const auto line = other.on_deadline(now);
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->text.ends_with("No such file or directory")) << line->text;
  ASSERT_EQ(::mkdir(inner.c_str(), 0700), 0);
  now += budget::mi_fifo_look;
  EXPECT_TRUE(other.on_deadline(now));
  EXPECT_EQ(::access((inner + "/imcd_fifo").c_str(), F_OK), 0);
}

TEST_F(MiFifoKeeperTest, WithoutOneThereIsNothingToDo) {
  MiFifoKeeper none(epoll);
  EXPECT_EQ(none.next_deadline(), std::nullopt);
  EXPECT_FALSE(none.on_deadline(now + 1h));
}

}  // namespace
}  // namespace imcd::reactor
