#include "reactor/mi_fifo.h"

#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "reactor/budget.h"
#include "temporary_directory.h"
#include "test_core.h"

namespace imcd::reactor {
namespace {

class MiFifoTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Reactor>> open(const std::string& fifo) {
    return Reactor::open({.mi_fifo = fifo, .mi_fifo_mode = 0622, .mi_reply_dir = directory.path()},
                         figures);
  }
  void open() {
    auto opened = open(path);
    ASSERT_TRUE(opened) << opened.error().text;
    reactor = std::move(*opened);
  }
  // As a client does: opens, writes once, closes.
  void write(std::string_view text) const {
    const Fd client(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    EXPECT_EQ(::write(client.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] struct stat file() const {
    struct stat found{};
    EXPECT_EQ(::lstat(path.c_str(), &found), 0);
    return found;
  }

  TemporaryDirectory directory;
  std::string path = directory / "imcd_fifo";
  Figures figures;
  std::unique_ptr<Reactor> reactor;
  TestCore core;
};

TEST_F(MiFifoTest, IsMadeWithItsModeWhateverTheUmask) {
  const mode_t before = ::umask(077);
  open();
  ::umask(before);
  EXPECT_TRUE(S_ISFIFO(file().st_mode));
  EXPECT_EQ(file().st_mode & 07777U, 0622U);
}

TEST_F(MiFifoTest, GoesAwayWithTheReactor) {
  open();
  reactor.reset();
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(MiFifoTest, SeveralClientsAreReadAndTheirLeavingIsNoEnd) {
  open();
  std::string seen;
  core.mi_bytes = [&](std::string_view bytes, Outbox& out) {
    seen += bytes;
    if (seen == ":one:r\n\n") write(":two:r\n\n");
    if (seen.ends_with(":two:r\n\n")) write(":three:r\n\n");
    if (seen.ends_with(":three:r\n\n")) out.exit(0);
  };
  write(":one:r\n\n");
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(seen, ":one:r\n\n:two:r\n\n:three:r\n\n");
}

TEST_F(MiFifoTest, RequestInPiecesComesAsItIsWritten) {
  open();
  const Fd client(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  const std::string request = ":imc_list_members:reply\nsip:room@example.com\n\n";
  std::size_t written = 0;
  std::string seen;
  core.tick([&](Outbox&) {
    if (written == request.size() || written > seen.size()) return;
    ASSERT_EQ(::write(client.get(), &request[written++], 1), 1);
  });
  core.mi_bytes = [&](std::string_view bytes, Outbox& out) {
    seen += bytes;
    if (seen.size() == request.size()) out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(seen, request);
}

TEST_F(MiFifoTest, FloodOfRequestsIsReadWhole) {
  open();
  const Fd client(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  const std::string block(10000, 'x');
  std::size_t written = 0;
  std::size_t seen = 0;
  core.tick([&](Outbox& out) {
    if (seen == written && written > 1000000) return out.exit(0);
    if (written > 1000000) return;
    for (ssize_t count = 1; count > 0;) {
      count = ::write(client.get(), block.data(), block.size());
      if (count > 0) written += static_cast<std::size_t>(count);
    }
  });
  core.mi_bytes = [&](std::string_view bytes, Outbox&) {
    EXPECT_LE(bytes.size(), budget::mi_read_bytes);
    seen += bytes.size();
  };
  EXPECT_EQ(reactor->run(core, core), 0);
}

TEST_F(MiFifoTest, StaleOneOfAFormerRunIsUsedAgainAndGetsTheMode) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  open();
  EXPECT_EQ(file().st_mode & 07777U, 0622U);
  write("hello");
  core.mi_bytes = [](std::string_view bytes, Outbox& out) {
    EXPECT_EQ(bytes, "hello");
    out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  reactor.reset();
  EXPECT_EQ(::access(path.c_str(), F_OK), 0) << "who has not made it does not remove it";
}

TEST_F(MiFifoTest, RegularFileInItsPlaceIsAnErrorAndStays) {
  std::ofstream(path) << "precious";
  const auto opened = open(path);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text,
            "cannot use the management FIFO " + path + ": it is another kind of file");
  std::string content;
  std::ifstream(path) >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(MiFifoTest, LinkToAFifoInItsPlaceIsAnError) {
  const std::string target = directory / "elsewhere";
  ASSERT_EQ(::mkfifo(target.c_str(), 0600), 0);
  ASSERT_EQ(::symlink(target.c_str(), path.c_str()), 0);
  const auto opened = open(path);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text,
            "cannot use the management FIFO " + path + ": it is another kind of file");
}

TEST_F(MiFifoTest, FifoOfAnotherUserIsAnError) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::mkfifo(path.c_str(), 0666), 0);
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  const auto opened = open(path);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text,
            "cannot use the management FIFO " + path + ": it belongs to another user");
}

TEST_F(MiFifoTest, MissingDirectoryIsAnErrorThatNamesThePath) {
  const std::string nowhere = directory / "missing/imcd_fifo";
  const auto opened = open(nowhere);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text,
            "cannot create the management FIFO " + nowhere + ": No such file or directory");
}

TEST_F(MiFifoTest, OneThatIsServedAlreadyIsAnErrorAndStays) {
  open();
  const auto second = open(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text,
            "cannot use the management FIFO " + path + ": another process serves it");
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
}

TEST_F(MiFifoTest, WhatOthersPutInItsPlaceIsNotRemoved) {
  open();
  ASSERT_EQ(::unlink(path.c_str()), 0);
  std::ofstream(path) << "precious";
  reactor.reset();
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
}

// tests/reactor/mi_fifo_keeper_test.cpp has what the loop asks of the keeper; here it asks.
TEST_F(MiFifoTest, OneThatIsDeletedIsMadeAgainWhileTheLoopTurns) {
  open();
  ASSERT_EQ(::unlink(path.c_str()), 0);
  std::string told;
  core.actions = [&](const Outbox& out) {
    for (const LogLine& line : out.log_lines()) told += line.text;
  };
  core.tick([&, is_written = false](Outbox&) mutable {
    if (is_written || ::access(path.c_str(), F_OK) != 0) return;
    is_written = true;
    write("hello");
  });
  core.mi_bytes = [](std::string_view bytes, Outbox& out) {
    EXPECT_EQ(bytes, "hello");
    out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(told, "the management FIFO " + path + " was gone or another file: it is there again");
}

TEST_F(MiFifoTest, MissingReplyDirectoryIsAWarning) {
  const std::string nowhere = directory / "missing";
  auto opened = Reactor::open({.mi_fifo = path, .mi_reply_dir = nowhere}, figures);
  ASSERT_TRUE(opened) << opened.error().text;
  ASSERT_EQ((*opened)->warnings().size(), 1U);
  EXPECT_EQ((*opened)->warnings()[0],
            "no management reply can be written in " + nowhere + ": No such file or directory");
}

}  // namespace
}  // namespace imcd::reactor
