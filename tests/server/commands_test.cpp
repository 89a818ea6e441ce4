// Chat commands as such: how they are written, which room they mean, and those that only show.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

using records::member_flag::invited;
using records::member_flag::owner;

TEST_F(Commands, WrongArgumentsAreRefusedWithTheUsage) {
  make_room();
  for (const char* body :
       {"#create a b", "#create a private c", "#join a b", "#invite", "#invite a b c", "#remove",
        "#exit a b", "#list a b", "#help a b", "#destroy a b", "#accept a b", "#deny a b"}) {
    EXPECT_EQ(code(alice, "chat", body), 400) << body;
    EXPECT_TRUE(alice.has_heard("Usage: #")) << body;
  }
}

TEST_F(Commands, BadNamesAreRefused) {
  make_room();
  for (const char* body : {"#create a:b:c@d", "#create @", "#invite @host",
                           "#create sip:", "#invite bob@", "#create a@b@c"}) {
    EXPECT_EQ(code(alice, "chat", body), 400) << body;
    EXPECT_TRUE(alice.has_heard("*** That is no")) << body;
  }
  EXPECT_EQ(code(alice, "chat", "#create " + std::string(65, 'x')), 400);
  EXPECT_EQ(code(alice, "chat", "#create " + std::string(64, 'x')), 200);
}

// What stands before a colon is a scheme, never a name.
TEST_F(Commands, AddressesOfOtherSchemesAreRefusedAndTheUnderstoodOnesNamed) {
  make_room();
  const std::string understood = "only sip:, sips: and im: addresses are understood";
  for (const char* const other :
       {"tel:+15551234567", "TEL:+1", "tel:+1555@example.org", "mailto:bob@example.org",
        "xmpp:bob@example.org", "pres:bob@example.org", "bob:x", "bob:x@example.org", "<tel:+1>",
        "http://example.org/", "example.org:5060", "tel:", ":bob@example.org",
        "bob:", "urn:service:sos", "ims:bob@example.org"}) {
    for (const char* const command :
         {"#invite {}", "#add {}", "#remove {}", "#modify {} admin", "#create {}", "#join {}",
          "#list {}", "#exit {}", "#destroy {}", "#accept {}", "#deny {}", "#invite carol {}",
          "#create {} private"}) {
      const std::string body = fmt::format(fmt::runtime(command), other);
      EXPECT_EQ(code(alice, "chat", body), 400) << body;
      EXPECT_TRUE(alice.has_heard(understood)) << body;
    }
  }
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
  EXPECT_EQ(h.figures().invitations_pending.value(), 0);
  EXPECT_EQ(h.figures().members.value(), 2);
}

TEST_F(Commands, AddressesOfUnderstoodSchemesAreAsGood) {
  make_room();
  for (const char* const room : {"im:lobby@example.org", "IM:LOBBY@example.org:5060",
                                 "sips:lobby@example.org", "<im:lobby@example.org>"}) {
    EXPECT_EQ(code(carol, "chat", fmt::format("#join {}", room)), 200) << room;
  }
  EXPECT_TRUE(room_stored("lobby"));
  EXPECT_EQ(h.server().conference().rooms().size(), 2U);
  EXPECT_EQ(code(alice, "chat", "#invite im:carol@example.org"), 200);
  EXPECT_EQ(stored("carol"), invited);
  EXPECT_EQ(code(alice, "chat", "#remove IM:Carol@example.org"), 200);
  EXPECT_EQ(stored("carol"), std::nullopt);
  EXPECT_EQ(code(alice, "chat", "#modify im:bob@example.org admin im:chat@example.org"), 200);
}

// A colon behind the `@` is the host's.
TEST_F(Commands, HostsOfArgumentsMayHaveColons) {
  make_room();
  const auto is_stored = [&](const std::string& user, const std::string& host) {
    return h.database.of<records::MemberRow>().contains({"sip:chat@example.org", user, host});
  };
  for (const char* const user : {"im:dan@[2001:db8::1]", "erin@[2001:db8::1]:5080",
                                 "sip:frank@[2001:db8::1]", "grace@192.0.2.7:5080"}) {
    EXPECT_EQ(code(alice, "chat", fmt::format("#add {}", user)), 200) << user;
  }
  EXPECT_TRUE(is_stored("dan", "[2001:db8::1]"));
  EXPECT_TRUE(is_stored("erin", "[2001:db8::1]"));
  EXPECT_TRUE(is_stored("frank", "[2001:db8::1]"));
  EXPECT_TRUE(is_stored("grace", "192.0.2.7"));
}

TEST_F(Commands, UnknownCommandIsNamedAndHelpOffered) {
  EXPECT_EQ(code(alice, "chat", "#dance now"), 400);
  EXPECT_TRUE(alice.has_heard("*** Unknown command \"#dance\". Try #help."));
  EXPECT_EQ(code(alice, "chat", "#"), 400);
  EXPECT_EQ(code(alice, "chat", "#" + std::string(5000, 'y')), 400);
  EXPECT_LT(alice.requests[0].body.size(), 200U);
}

TEST_F(Commands, CommandEndsAtTheLineEnd) {
  EXPECT_EQ(code(alice, "chat", "#create\r\nand more"), 200);
  EXPECT_EQ(code(alice, "chat", "#create two\nmore"), 200);
  EXPECT_TRUE(room_stored("two"));
}

TEST_F(Commands, CommandInsideCpimIsUnderstoodAndCpimChatRelayedAsItIs) {
  make_room();
  const std::string_view type = "Content-Type: message/cpim\r\n";
  carol.forget();
  carol.say("chat", "From: <im:c@x>\r\n\r\nContent-type: text/plain\r\n\r\n#join", type);
  h.run_for(1s);
  EXPECT_EQ(stored("carol"), 0U);
  const std::string chat =
      "From: <im:carol@example.org>\r\n\r\nContent-type: text/plain\r\n\r\nhello";
  carol.say("chat", chat, type);
  h.run_for(1s);
  EXPECT_EQ(bob.requests.back().body, chat);
  EXPECT_EQ(bob.requests.back().content_type, "message/cpim");
  carol.say("chat", "From: x\r\n\r\nContent-type: application/json\r\n\r\n#exit", type);
  h.run_for(1s);
  EXPECT_EQ(stored("carol"), 0U);
  carol.say("chat", "From: x\r\n\r\nContent-type: text/html\r\n\r\n<p>#exit</p>", type);
  h.run_for(1s);
  EXPECT_FALSE(stored("carol"));
}

TEST_F(Commands, NamesCompareWithoutCaseAndWithEscapes) {
  make_room();
  EXPECT_EQ(code(carol, "CHAT", "#join"), 200);
  EXPECT_EQ(code(carol, "ch%61t", "#exit"), 200);
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
}

TEST_F(Commands, CommandThatNamesARoomMayGoToAnyAddress) {
  EXPECT_EQ(code(alice, "lobby", "#create chat"), 200);
  EXPECT_EQ(code(bob, "lobby", "#join chat"), 200);
  EXPECT_EQ(code(bob, "lobby", "#list chat"), 200);
  EXPECT_EQ(code(bob, "lobby", "hello"), 404);
}

TEST_F(Commands, OtherNamesOfCommandsWork) {
  make_room();
  EXPECT_EQ(code(bob, "chat", "#members"), 200);
  EXPECT_EQ(code(alice, "chat", "#kick bob"), 200);
  EXPECT_FALSE(stored("bob"));
  EXPECT_EQ(code(bob, "chat", "#join"), 200);
  EXPECT_EQ(code(bob, "chat", "#Leave"), 200);
  EXPECT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(carol, "chat", "#reject"), 200);
  EXPECT_FALSE(stored("carol"));
}

class DomainAliases : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.domains = {"chat.example.net", "example.org", "192.0.2.1"};
    return settings;
  }
  DomainAliases() : Commands(settings()) {}
};

TEST_F(DomainAliases, RoomsAtAnyAliasAreTheRoomAtTheFirst) {
  EXPECT_EQ(code(alice, "chat", "#create"), 200);
  EXPECT_EQ((h.database.of<records::RoomRow>().count({"chat", "chat.example.net"})), 1U);
  EXPECT_EQ(code(bob, "lobby", "#join sip:chat@192.0.2.1"), 200);
  EXPECT_EQ(code(carol, "lobby", "#join chat@CHAT.example.net"), 200);
  EXPECT_EQ(h.server().conference().rooms().size(), 1U);
  alice.say("chat", "hello");
  h.run_for(1s);
  EXPECT_TRUE(bob.has_heard("hello"));
  EXPECT_TRUE(carol.has_heard("hello"));
  EXPECT_EQ(code(bob, "lobby", "#create chat@elsewhere.example"), 200);
  EXPECT_EQ(h.server().conference().rooms().size(), 2U);
}

// --- list, rooms, help ---------------------------------------------------------------------------

TEST_F(Commands, ListMarksTheOwnerAndShowsInvitationsToHer) {
  make_room();
  ASSERT_EQ(code(alice, "chat", "#invite carol"), 200);
  EXPECT_EQ(code(alice, "chat", "#list"), 200);
  EXPECT_EQ(alice.requests.back().body,
            "*** Members of chat@example.org: 2\r\n*alice@example.org\r\nbob@example.org\r\n"
            "carol@example.org (invited 2024-10-04)");
  EXPECT_EQ(code(bob, "chat", "#list"), 200);
  EXPECT_FALSE(bob.has_heard("carol"));
  EXPECT_EQ(code(carol, "chat", "#list"), 403);
  EXPECT_EQ(code(carol, "none", "#list"), 404);
}

TEST_F(Commands, LongListComesInSeveralNoticesAndSaysHowManyMore) {
  make_room();
  for (int i = 0; i < 250; ++i) h.peer("member" + std::to_string(i)).say("chat", "#join");
  h.run_for(30s);
  EXPECT_EQ(code(bob, "chat", "#list"), 200);
  ASSERT_GT(bob.requests.size(), 3U);
  EXPECT_TRUE(bob.requests.front().body.starts_with("*** Members of chat@example.org: 252"));
  EXPECT_TRUE(bob.requests.back().body.ends_with("and 52 more"));
  std::size_t lines = 0;
  for (const Heard& heard : bob.requests) {
    EXPECT_LT(heard.bytes.size(), limits::udp_request_bytes_max);
    for (std::size_t at = 0; (at = heard.body.find("@example.org\r\n", at)) != std::string::npos;
         ++at) {
      ++lines;
    }
  }
  EXPECT_GT(lines, 190U);
}

TEST_F(Commands, HelpShowsTheCommandsAndOneOfThem) {
  EXPECT_EQ(code(alice, "anything", "#help"), 200);
  for (const char* name : {"#create", "#join", "#invite", "#accept", "#deny", "#remove", "#exit",
                           "#destroy", "#list", "#help"}) {
    EXPECT_TRUE(alice.has_heard(name)) << name;
  }
  EXPECT_LT(alice.requests.back().bytes.size(), 1300U);
  EXPECT_EQ(code(alice, "anything", "#help invite"), 200);
  EXPECT_FALSE(alice.has_heard("#create"));
  EXPECT_EQ(code(alice, "anything", "#help dance"), 400);
}

class OtherPrefix : public Commands {
 protected:
  static Settings settings() {
    Settings settings = default_settings();
    settings.conference.command_prefix = '/';
    return settings;
  }
  OtherPrefix() : Commands(settings()) {}
};

TEST_F(OtherPrefix, NoticesSpeakOfTheConfiguredPrefix) {
  EXPECT_EQ(code(alice, "chat", "/create"), 200);
  EXPECT_EQ(code(alice, "chat", "/invite bob"), 200);
  EXPECT_TRUE(bob.has_heard("/accept"));
  EXPECT_FALSE(bob.has_heard("#"));
  EXPECT_EQ(code(alice, "chat", "#create"), 200);  // Chat now.
  EXPECT_EQ(code(alice, "chat", "/help"), 200);
  EXPECT_FALSE(alice.has_heard("#"));
}

TEST_F(Commands, RoomsShowsPublicOnesAndTheSendersPrivateOnes) {
  make_room();
  ASSERT_EQ(code(alice, "secret", "#create private"), 200);
  EXPECT_EQ(code(carol, "anything", "#rooms"), 200);
  EXPECT_EQ(carol.requests.back().body, "*** Rooms:\r\nchat@example.org 2");
  EXPECT_EQ(code(alice, "anything", "#rooms"), 200);
  EXPECT_TRUE(alice.has_heard("chat@example.org 2\r\nsecret@example.org 1 (private)"));
  for (int i = 0; i < 250; ++i) bob.say("room" + std::to_string(i), "#create");
  h.run_for(5s);
  EXPECT_EQ(code(carol, "anything", "#rooms"), 200);
  EXPECT_TRUE(carol.requests.back().body.ends_with("and 51 more"));
}

TEST_F(Commands, RoomsCostsWhatItShowsAndHidesNoPublicRoom) {
  for (int i = 0; i < 150; ++i) {
    ASSERT_EQ(code(alice, fmt::format("p{}", i), "#create private"), 200);
  }
  for (int i = 0; i < 120; ++i) {
    ASSERT_EQ(code(bob, fmt::format("q{}", i), i < 105 ? "#create private" : "#create"), 200);
  }
  EXPECT_EQ(code(carol, "x", "#rooms"), 200);
  std::string shown;
  for (const std::string& body : carol.heard()) shown += body;
  for (int i = 105; i < 120; ++i) {
    EXPECT_NE(shown.find(fmt::format("\r\nq{}@example.org 1", i)), std::string::npos) << i;
  }
  EXPECT_EQ(shown.find("private"), std::string::npos);
  EXPECT_EQ(code(alice, "x", "#rooms"), 200);
  shown.clear();
  for (const std::string& body : alice.heard()) shown += body;
  EXPECT_NE(shown.find("q119@example.org 1"), std::string::npos);
  EXPECT_NE(shown.find("p0@example.org 1 (private)"), std::string::npos);
  EXPECT_NE(shown.find("and 50 more"), std::string::npos);
}

TEST_F(Commands, RoomsShowsPrivateRoomsAsLongAsTheSenderIsInThem) {
  ASSERT_EQ(code(alice, "secret", "#create private"), 200);
  const auto shows = [&](Peer& who) {
    EXPECT_EQ(code(who, "x", "#rooms"), 200);
    return who.has_heard("secret@example.org");
  };
  ASSERT_EQ(code(alice, "secret", "#invite bob"), 200);
  EXPECT_FALSE(shows(bob));
  ASSERT_EQ(code(bob, "secret", "#accept"), 200);
  EXPECT_TRUE(shows(bob));
  ASSERT_EQ(code(alice, "secret", "#modify bob admin"), 200);
  h.restart();
  EXPECT_TRUE(shows(bob));
  ASSERT_EQ(code(bob, "secret", "#exit"), 200);
  EXPECT_FALSE(shows(bob));
  ASSERT_EQ(code(alice, "secret", "#add bob"), 200);
  EXPECT_TRUE(shows(bob));
  ASSERT_EQ(code(alice, "secret", "#destroy"), 200);
  EXPECT_FALSE(shows(bob));
  EXPECT_FALSE(shows(alice));
}

TEST_F(Commands, OwnerAndAdminsHearOfAStrangerOnceInTenMinutesAndOfTenInAnHour) {
  ASSERT_EQ(code(alice, "secret", "#create private"), 200);
  const auto heard = [&] {
    int count = 0;
    for (const std::string& body : alice.heard()) count += body.contains("wants to enter") ? 1 : 0;
    return count;
  };
  alice.forget();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(code(bob, "x", i % 2 == 0 ? "#join secret" : "#create secret"), 403);
  }
  EXPECT_EQ(heard(), 1);
  // Of another room they hear, and of another stranger.
  ASSERT_EQ(code(alice, "secret2", "#create private"), 200);
  alice.forget();
  EXPECT_EQ(code(bob, "secret2", "#join"), 403);
  EXPECT_EQ(code(carol, "secret", "#join"), 403);
  EXPECT_EQ(heard(), 2);
  h.run_for(10min);
  alice.forget();
  EXPECT_EQ(code(bob, "secret", "#join"), 403);
  EXPECT_EQ(heard(), 1);
  for (int i = 0; i < 30; ++i) {
    Peer& stranger = h.peer("stranger" + std::to_string(i));
    EXPECT_EQ(code(stranger, "secret", "#join"), 403);
  }
  EXPECT_EQ(heard(), 8);  // With the two of the ten minutes before.
  EXPECT_EQ(h.figures().knocks_untold.value(), 19U + 22U + 1U);
  h.run_for(1h);
  alice.forget();
  EXPECT_EQ(code(bob, "secret", "#join"), 403);
  EXPECT_EQ(heard(), 1);
}

}  // namespace
}  // namespace imcd::server
