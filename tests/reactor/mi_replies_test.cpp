#include "reactor/mi_replies.h"

#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "temporary_directory.h"
#include "test_core.h"

namespace imcd::reactor {
namespace {

using Events = std::vector<MiReplyEvent>;

class MiReplyTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Reactor::open({.mi_reply_dir = directory.path()}, figures);
    ASSERT_TRUE(opened) << opened.error().text;
    reactor = std::move(*opened);
    reactor->wake();
  }

  // A client's side: makes the FIFO and opens it for reading.
  [[nodiscard]] Fd make_reader(const std::string& name) const {
    const std::string path = directory / name;
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return open_reader(name);
  }
  [[nodiscard]] Fd open_reader(const std::string& name) const {
    return Fd(::open((directory / name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  static std::string read(const Fd& reader, std::size_t most = 1 << 20) {
    std::string text(most, '\0');
    const ssize_t count = ::read(reader.get(), text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }

  // What comes of opening the name.
  MiReplyEvent result_of_open(const std::string& name) {
    MiReplyEvent result{};
    core.wake = [&](Outbox& out) { out.open_mi_reply(1, name); };
    core.mi_reply = [&](MiReplyId reply, MiReplyEvent event, Outbox& out) {
      EXPECT_EQ(reply, 1U);
      result = event;
      out.exit(0);
    };
    reactor->wake();
    EXPECT_EQ(reactor->run(core, core), 0);
    return result;
  }

  TemporaryDirectory directory;
  Figures figures;
  std::unique_ptr<Reactor> reactor;
  TestCore core;
};

TEST_F(MiReplyTest, IsOpenedWrittenAndClosed) {
  const Fd reader = make_reader("reply");
  Events seen;
  core.wake = [&](Outbox& out) {
    out.open_mi_reply(9, "reply");
    out.write_mi_reply(9, "200 OK\n");
  };
  core.mi_reply = [&](MiReplyId reply, MiReplyEvent event, Outbox& out) {
    EXPECT_EQ(reply, 9U);
    seen.push_back(event);
    if (event != MiReplyEvent::writable) return;
    out.close_mi_reply(9);
    out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(seen, (Events{MiReplyEvent::opened, MiReplyEvent::writable}));
  EXPECT_EQ(read(reader), "200 OK\n");
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0) << "the writer's end is not closed";
}

TEST_F(MiReplyTest, AbsentFifoHasNoReaderYet) {
  EXPECT_EQ(result_of_open("absent"), MiReplyEvent::no_reader);
}

TEST_F(MiReplyTest, FifoThatNobodyReadsHasNoReaderYetAndOpensLater) {
  {
    const Fd made = make_reader("reply");
  }
  EXPECT_EQ(result_of_open("reply"), MiReplyEvent::no_reader);
  const Fd reader = open_reader("reply");
  EXPECT_EQ(result_of_open("reply"), MiReplyEvent::opened);
}

TEST_F(MiReplyTest, NameThatCouldLeaveTheDirectoryIsRefused) {
  const Fd reader = make_reader("a.b");
  ASSERT_EQ(::mkdir((directory / "sub").c_str(), 0700), 0);
  const Fd inner = make_reader("sub/reply");
  const Fd cut = make_reader("cut");
  for (const std::string& name :
       std::vector<std::string>{"", ".", "..", "a.b", "sub/reply", "/etc/passwd", "../x",
                                std::string("cut\0", 4), std::string(300, 'x')}) {
    EXPECT_EQ(result_of_open(name), MiReplyEvent::refused) << name;
  }
}

TEST_F(MiReplyTest, RegularFileIsRefusedAndUntouched) {
  std::ofstream(directory / "file") << "precious";
  EXPECT_EQ(result_of_open("file"), MiReplyEvent::refused);
  std::string content;
  std::ifstream(directory / "file") >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(MiReplyTest, DirectoryIsRefused) {
  ASSERT_EQ(::mkdir((directory / "sub").c_str(), 0700), 0);
  EXPECT_EQ(result_of_open("sub"), MiReplyEvent::refused);
}

TEST_F(MiReplyTest, SocketIsRefused) {
  // Through a name relative to the directory, as the room for a socket's path is small.
  const Fd listener(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const std::string path = directory / "socket";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) GTEST_SKIP() << "the path is too long";
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(result_of_open("socket"), MiReplyEvent::refused);
}

TEST_F(MiReplyTest, SymbolicLinkToAFifoIsRefused) {
  const Fd reader = make_reader("reply");
  ASSERT_EQ(::symlink((directory / "reply").c_str(), (directory / "link").c_str()), 0);
  EXPECT_EQ(result_of_open("link"), MiReplyEvent::refused);
}

TEST_F(MiReplyTest, FifoWithASecondLinkIsRefused) {
  const Fd reader = make_reader("reply");
  ASSERT_EQ(::link((directory / "reply").c_str(), (directory / "second").c_str()), 0);
  EXPECT_EQ(result_of_open("reply"), MiReplyEvent::refused);
  EXPECT_EQ(result_of_open("second"), MiReplyEvent::refused);
}

TEST_F(MiReplyTest, MegabyteReachesASlowReaderWhole) {
  const Fd reader = make_reader("reply");
  constexpr std::size_t chunk = 32768;
  constexpr std::size_t total = 1 << 20;
  std::size_t written = 0;
  std::string received;
  core.wake = [&](Outbox& out) { out.open_mi_reply(1, "reply"); };
  core.mi_reply = [&](MiReplyId, MiReplyEvent event, Outbox& out) {
    EXPECT_TRUE(event == MiReplyEvent::opened || event == MiReplyEvent::writable);
    EXPECT_LE(written, received.size() + 65536) << "told too early that all is in the pipe";
    if (written == total) return out.close_mi_reply(1);
    out.write_mi_reply(1, std::string(chunk, static_cast<char>('a' + written / chunk % 26)));
    written += chunk;
  };
  core.tick([&](Outbox& out) {
    received += read(reader, 5000);
    if (received.size() == total) out.exit(0);
  });
  EXPECT_EQ(reactor->run(core, core), 0);
  ASSERT_EQ(received.size(), total);
  for (std::size_t i = 0; i < total; i += chunk) {
    const std::string expected(chunk, static_cast<char>('a' + i / chunk % 26));
    ASSERT_EQ(received.substr(i, chunk), expected) << "at " << i;
  }
}

TEST_F(MiReplyTest, OneWriteLargerThanThePipeIsToldOfOnceWhenAllOfItIsIn) {
  const Fd reader = make_reader("reply");
  std::string received;
  Events seen;
  core.wake = [&](Outbox& out) {
    out.open_mi_reply(1, "reply");
    out.write_mi_reply(1, std::string(300000, 'x'));
    out.write_mi_reply(1, "end");
  };
  core.mi_reply = [&](MiReplyId, MiReplyEvent event, Outbox& out) {
    seen.push_back(event);
    if (event == MiReplyEvent::writable) out.exit(0);
  };
  core.tick([&](Outbox&) { received += read(reader, 65536); });
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(seen, (Events{MiReplyEvent::opened, MiReplyEvent::writable}));
  for (std::string more = read(reader); !more.empty(); more = read(reader)) received += more;
  EXPECT_EQ(received, std::string(300000, 'x') + "end");
}

TEST_F(MiReplyTest, EmptyWriteIsDoneAtOnce) {
  const Fd reader = make_reader("reply");
  core.wake = [&](Outbox& out) {
    out.open_mi_reply(1, "reply");
    out.write_mi_reply(1, "");
  };
  core.mi_reply = [&](MiReplyId, MiReplyEvent event, Outbox& out) {
    if (event == MiReplyEvent::writable) out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
}

TEST_F(MiReplyTest, ReaderThatDiesBeforeTheWriteBreaksTheReply) {
  Fd reader = make_reader("reply");
  Events seen;
  core.wake = [&](Outbox& out) { out.open_mi_reply(1, "reply"); };
  core.mi_reply = [&](MiReplyId, MiReplyEvent event, Outbox& out) {
    seen.push_back(event);
    if (event == MiReplyEvent::broken) return out.exit(0);
    reader = Fd();
    out.write_mi_reply(1, "nobody reads this");
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(seen, (Events{MiReplyEvent::opened, MiReplyEvent::broken}));
}

TEST_F(MiReplyTest, ReaderThatDiesWhileBytesWaitBreaksTheReply) {
  Fd reader = make_reader("reply");
  core.wake = [&](Outbox& out) { out.open_mi_reply(1, "reply"); };
  core.mi_reply = [&](MiReplyId, MiReplyEvent event, Outbox& out) {
    if (event == MiReplyEvent::broken) return out.exit(0);
    EXPECT_EQ(event, MiReplyEvent::opened);
    out.write_mi_reply(1, std::string(1 << 20, 'x'));
    core.tick([&](Outbox&) { reader = Fd(); });
  };
  EXPECT_EQ(reactor->run(core, core), 0);
}

TEST_F(MiReplyTest, TwoWritesThatFitAreToldOfOnce) {
  const Fd reader = make_reader("reply");
  Events seen;
  core.wake = [&](Outbox& out) {
    out.open_mi_reply(1, "reply");
    out.write_mi_reply(1, "one ");
    out.write_mi_reply(1, "two");
  };
  core.mi_reply = [&](MiReplyId, MiReplyEvent event, Outbox&) { seen.push_back(event); };
  core.tick([&, ticks = 0](Outbox& out) mutable {
    if (++ticks == 3) out.exit(0);
  });
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(seen, (Events{MiReplyEvent::opened, MiReplyEvent::writable}));
  EXPECT_EQ(read(reader), "one two");
}

TEST_F(MiReplyTest, ActionForAReplyThatIsGoneDoesNothing) {
  const Fd reader = make_reader("reply");
  const Fd other = make_reader("other");
  int events = 0;
  core.wake = [&](Outbox& out) {
    out.open_mi_reply(2, "other");
    out.write_mi_reply(5, "never opened");
    out.close_mi_reply(5);
    out.open_mi_reply(1, "reply");
    out.close_mi_reply(1);
    out.write_mi_reply(1, "too late");
    out.close_mi_reply(1);
  };
  core.mi_reply = [&](MiReplyId reply, MiReplyEvent, Outbox&) { events += reply != 2 ? 1 : 0; };
  core.tick([&, ticks = 0](Outbox& out) mutable {
    if (++ticks == 3) out.exit(0);
  });
  EXPECT_EQ(reactor->run(core, core), 0);
  EXPECT_EQ(events, 0) << "who closes a reply hears no more of it";
  EXPECT_EQ(read(reader), "");
  EXPECT_EQ(read(other), "");
}

TEST_F(MiReplyTest, RepliesUnderWayDoNotMix) {
  std::vector<Fd> readers;
  for (int i = 0; i < 16; ++i) readers.push_back(make_reader("reply" + std::to_string(i)));
  int closed = 0;
  core.wake = [&](Outbox& out) {
    for (MiReplyId id = 0; id < 16; ++id) out.open_mi_reply(id, "reply" + std::to_string(id));
  };
  core.mi_reply = [&](MiReplyId id, MiReplyEvent event, Outbox& out) {
    if (event == MiReplyEvent::opened) return out.write_mi_reply(id, "for " + std::to_string(id));
    EXPECT_EQ(event, MiReplyEvent::writable);
    out.close_mi_reply(id);
    if (++closed == 16) out.exit(0);
  };
  EXPECT_EQ(reactor->run(core, core), 0);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(read(readers[i]), "for " + std::to_string(i));
}

}  // namespace
}  // namespace imcd::reactor
