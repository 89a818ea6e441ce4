// Nobody speaks in another's name: neither by a room at their address, nor by what a text looks
// like.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

// --- Rooms at users' addresses -------------------------------------------------------------------

class Addresses : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.domains = {"example.org", "example.net"};
    return settings;
  }
  Addresses() : Commands(settings()) {}
};

TEST_F(Addresses, RoomAtTheAddressOfWhoHasSpokenIsRefusedAndTold) {
  for (const std::string_view command :
       {"#create bob@example.org", "#join bob", "#create sip:%62OB@EXAMPLE.org:5080",
        "#create bob@example.net", "#create bob private"}) {
    EXPECT_EQ(code(alice, "chat", command), 403) << command;
    EXPECT_EQ(alice.last_reason(), "Address Of A User") << command;
    EXPECT_TRUE(alice.has_heard("is the address of a user, so it can't be a room's.")) << command;
  }
  EXPECT_EQ(code(alice, "bob", "#create"), 403);
  EXPECT_EQ(code(alice, "bob", "#join"), 403);
  EXPECT_EQ(h.server().conference().rooms().size(), 0U);
  EXPECT_EQ(code(alice, "chat", "#create"), 200);
}

TEST_F(Addresses, NobodyMakesARoomOfTheOwnAddress) {
  Peer& dave = h.peer("dave");
  EXPECT_EQ(code(dave, "chat", "#join dave"), 403);
  EXPECT_EQ(code(dave, "dave", "#create"), 403);
  EXPECT_EQ(code(dave, "chat", "#create"), 200);
}

TEST_F(Addresses, UserOfAnAliasKeepsTheAddressToo) {
  Peer& dave = h.peer("dave");
  dave.own_uri = "sip:dave@example.net";
  EXPECT_EQ(code(dave, "chat", "#help"), 200);
  EXPECT_EQ(code(alice, "dave", "#create"), 403);
}

TEST_F(Addresses, MemberKeepsTheAddressAcrossARestart) {
  make_room();
  h.restart();
  EXPECT_EQ(code(alice, "chat", "#create bob"), 403);
  // Who was only heard of in an earlier life is nobody's member, and a room may be there.
  EXPECT_EQ(code(alice, "chat", "#create carol"), 200);
}

TEST_F(Addresses, OperatorMakesNoneAtAUsersAddressEither) {
  Outbox out;
  for (const std::string_view room : {"bob", "dave", "hall"}) {
    h.server().on_mi_bytes(
        fmt::format(":imc_create_room:\nsip:{}@example.org\nsip:dave@example.org\npublic\n\n",
                    room),
        h.now(), out);
    h.run_for(1s);
  }
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
  EXPECT_TRUE(room_stored("hall"));
}

TEST_F(Addresses, RoomOfThatAddressIsUsedOnWhoeverSpeaks) {
  make_room();
  Peer& chat = h.peer("chat");
  EXPECT_EQ(code(chat, "nowhere", "hello"), 404);
  EXPECT_EQ(code(carol, "chat", "#join"), 200);
  EXPECT_EQ(code(chat, "chat", "#join"), 200);
  EXPECT_EQ(code(chat, "chat", "I am chat"), 200);
  EXPECT_TRUE(alice.has_heard("<chat@example.org>: I am chat"));
}

// --- Text that looks like another's --------------------------------------------------------------

class Texts : public Commands {
 protected:
  Texts() { make_room(); }
  // What bob hears of what alice says; nothing when she is refused.
  std::string heard(std::string_view text, std::string_view headers) {
    alice.forget();
    bob.forget();
    alice.say("chat", text, headers);
    h.run_for(1s);
    return bob.requests.empty() ? "" : bob.requests[0].body;
  }
  std::string shown(std::string_view text) { return heard(text, "Content-Type: text/plain\r\n"); }
};

TEST_F(Texts, FurtherLinesThatLookLikeASpeakerOrANoticeAreMarked) {
  const std::string before = "<alice@example.org>: ";
  EXPECT_EQ(shown("hi\n<bob@x>: yes"), before + "hi\n| <bob@x>: yes");
  EXPECT_EQ(shown("hi\r<bob@x>: yes"), before + "hi\r| <bob@x>: yes");
  EXPECT_EQ(shown("hi\r\n<bob@x>: yes\r\n"), before + "hi\r\n| <bob@x>: yes\r\n");
  EXPECT_EQ(shown("\n<b>:\n*** gone\r\r*** gone"), before + "\n| <b>:\n| *** gone\r\r| *** gone");
  EXPECT_EQ(shown("hi\n \t<bob@x> :yes"), before + "hi\n|  \t<bob@x> :yes");
  EXPECT_EQ(shown("hi\n\xc2\xa0\xe2\x80\x8b*** a"), before + "hi\n| \xc2\xa0\xe2\x80\x8b*** a");
  EXPECT_EQ(shown("hi\n***\tgone"), before + "hi\n| ***\tgone");
  EXPECT_EQ(shown("hi\n<a>b>: yes"), before + "hi\n| <a>b>: yes");
  EXPECT_EQ(shown("hi\xe2\x80\xa8<b@x>: a\xc2\x85*** b\v<c>:"),
            before + "hi\xe2\x80\xa8| <b@x>: a\xc2\x85| *** b\v| <c>:");
  // The length that is told is that of what is sent.
  EXPECT_NE(bob.requests[0].bytes.find(
                fmt::format("Content-Length: {}\r\n", bob.requests[0].body.size())),
            std::string::npos);
}

TEST_F(Texts, OtherLinesStayAsTheyAre) {
  for (const std::string text :
       {"one line", "<bob@x>: yes", "*** gone", "a\nb\r\nc\rd\r\n", "a\n<b>bold</b>\n", "a\n***\n",
        "a\n***bold***\n", "a\n> quoted: <x>", "a\n<open", "a\n<x>\n: y", "a\n** two",
        "\r\n\r\n"}) {
    EXPECT_EQ(shown(text), "<alice@example.org>: " + text);
  }
  EXPECT_EQ(heard("a\n<b>: c", "Content-Type: application/x-y\r\n"), "a\n<b>: c");
}

// --- message/cpim --------------------------------------------------------------------------------

constexpr std::string_view wrapped = "Content-Type: message/cpim\r\n";
constexpr std::string_view content = "\r\n\r\nContent-Type: text/plain\r\n\r\nI agree";

TEST_F(Texts, CpimOfTheSenderGoesByteForByte) {
  for (const std::string_view from :
       {"From: <sip:alice@example.org>", "From: <im:alice@example.org>",
        "To: <im:x@y>\r\nfrom : \"Al\" <IM:%61lice@EXAMPLE.org>", "From: im:alice@example.org"}) {
    const std::string body = std::string(from) + std::string(content);
    EXPECT_EQ(heard(body, wrapped), body);
  }
}

TEST_F(Texts, CpimOfAnotherIsRefused) {
  for (const std::string_view from :
       {"From: <sip:bob@example.org>", "From: <im:alice@example.com>", "FROM: im:bob@example.org",
        "From: <sip:alice@example.org>\r\nFrom: <sip:bob@example.org>",
        "To: x\rFrom: <sip:bob@example.org>", "To: x\r\r\nFrom: <sip:bob@example.org>",
        "From: <sip:bob@example.org> <sip:alice@example.org>", "From: ", "From: bob",
        "\tFrom: <im:bob@example.org>", "From: <sip:alice@example.org> <sip:bob@example.org"}) {
    EXPECT_EQ(heard(std::string(from) + std::string(content), wrapped), "") << from;
    EXPECT_EQ(alice.last_code(), 403) << from;
    EXPECT_EQ(alice.last_reason(), "Text Names Another Sender") << from;
  }
  // Nor one whose headers don't end.
  EXPECT_EQ(heard("From: <sip:bob@example.org>", wrapped), "");
  EXPECT_EQ(alice.last_code(), 403);
  EXPECT_EQ(heard("x", "Content-Type: message/cpim\r\nContent-Encoding: gzip\r\n"), "");
  EXPECT_EQ(alice.last_code(), 415);
}

TEST_F(Texts, AnonymousCpimGetsTheSenderFilledIn) {
  const std::string named = "From: <sip:alice@example.org>\r\n";
  const std::string to = "To: <sip:chat@example.org>";
  const std::string rest = to + std::string(content);
  EXPECT_EQ(heard(rest, wrapped), named + rest);
  EXPECT_EQ(heard("From: <sip:anonymous@anonymous.invalid>\r\n" + rest, wrapped), named + rest);
  EXPECT_EQ(
      heard(to + "\r\nFrom: \"Bob\" <im:x@Anonymous.Invalid>" + std::string(content), wrapped),
      named + to + "\r\n" + std::string(content.substr(2)));
  EXPECT_EQ(alice.last_code(), 200);
}

}  // namespace
}  // namespace imcd::server
