// What real clients send that the grammar or the usual form has otherwise: malformed fields that
// nobody needs, content in other charsets and codings, commands behind marks and blanks.

#include <array>
#include <string>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

using namespace std::string_literals;

class Liberties : public Commands {
 protected:
  Liberties() {
    make_room();
    EXPECT_EQ(code(carol, "chat", "#join"), 200);
    for (Peer* const who : {&alice, &bob, &carol}) who->forget();
  }

  // What carol gets when bob says this with these header fields.
  Heard heard(std::string_view body, std::string_view fields) {
    carol.forget();
    bob.forget();
    bob.say("chat", body, fields);
    h.run_for(1s);
    EXPECT_EQ(bob.last_code(), 200) << fields;
    EXPECT_EQ(carol.requests.size(), 1U) << fields;
    return carol.requests.empty() ? Heard{} : carol.requests[0];
  }
  static bool holds(const Heard& heard, std::string_view text) {
    return heard.bytes.find(text) != std::string::npos;
  }
};

// RFC 3261 8.2.2: ignored and counted, neither relayed nor echoed.
TEST_F(Liberties, AMalformedFieldThatNobodyNeedsGoesNowhere) {
  const std::array fields = {"X-Device Grandstream\r\n", "X Device: a\r\n",
                             "Expires: Thu, 01 Dec 2030 16:00:00 GMT\r\n",
                             "Expires: 10\r\nExpires: 20\r\n", "X-Device: phone\n"};
  for (const char* const field : fields) {
    const auto before = h.figures().header_fields_ignored.value();
    const Heard one = heard("hello", field);
    EXPECT_EQ(one.body, "<bob@example.org>: hello") << field;
    for (const char* const part : {"Device", "Expires", "Grandstream", "phone"}) {
      EXPECT_FALSE(holds(one, part)) << field;
      EXPECT_EQ(bob.responses.back().bytes.find(part), std::string::npos) << field;
    }
    EXPECT_EQ(h.figures().header_fields_ignored.value(), before + 1) << field;
  }
}

TEST_F(Liberties, AnEmptyRequireNamesNoExtension) {
  EXPECT_EQ(heard("hello", "Require:\r\n").body, "<bob@example.org>: hello");
  bob.say("chat", "hello", "Require:\r\nRequire: x\r\n");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 420);
}

// RFC 3261 7.4.1, RFC 2045 3: without them the content can't be read.
TEST_F(Liberties, TheFieldsOfTheContentTravelWithIt) {
  const Heard picture =
      heard("aGVsbG8=",
            "Content-Type: image/png\r\nMIME-Version: 1.0\r\n"
            "content-transfer-encoding: base64\r\nContent-ID: <a1@example.org>\r\n"
            "Content-Disposition: render\r\nContent-Language: de\r\n"
            "s: picture\r\nPriority: urgent\r\nX-Other: 1\r\n");
  EXPECT_EQ(picture.body, "aGVsbG8=");
  for (const char* const field :
       {"\r\nMIME-Version: 1.0\r\n", "\r\nContent-Transfer-Encoding: base64\r\n",
        "\r\nContent-ID: <a1@example.org>\r\n", "\r\nContent-Disposition: render\r\n",
        "\r\nContent-Language: de\r\n", "\r\nSubject: picture\r\n", "\r\nPriority: urgent\r\n"}) {
    EXPECT_TRUE(holds(picture, field)) << field;
  }
  EXPECT_FALSE(holds(picture, "X-Other"));
}

// A name before it in ASCII would make it unreadable.
TEST_F(Liberties, TextInAnotherCharsetThanOneLikeAsciiGoesAsItIs) {
  const std::string text = "\xff\xfe#\0l\0i\0s\0t\0"s;
  for (const char* const type : {"text/plain; charset=UTF-16", "text/plain;charset=\"utf-16le\"",
                                 "text / plain;charset=UTF-32", "text/plain; charset=ucs-2;",
                                 "text/plain", "text/plain;charset=EBCDIC-US"}) {
    EXPECT_EQ(heard(text, "Content-Type: "s + type + "\r\n").body, text) << type;
  }
  const std::string command = "#list";
  EXPECT_EQ(heard(command, "Content-Type: text/plain;charset=utf-16be\r\n").body, command);
  EXPECT_EQ(
      heard("aGVsbG8=", "Content-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n").body,
      "aGVsbG8=");
  for (const char* const type : {"text/plain;charset=iso-8859-1", "text / plain", "TEXT/plain;",
                                 "text/plain;charset=utf-8;x=a=b", "text/\r\n plain"}) {
    EXPECT_EQ(heard("hi", "Content-Type: "s + type + "\r\n").body, "<bob@example.org>: hi") << type;
  }
}

// A charset's name there is no compression, but what the receivers would make of it nobody knows.
TEST_F(Liberties, AContentEncodingThatIsNoneChangesNothing) {
  for (const char* const name : {"UTF-8", "identity", "8bit", "iso-8859-1", ""}) {
    const std::string field = "Content-Encoding: "s + name + "\r\n";
    const Heard one = heard("hello", field);
    EXPECT_EQ(one.body, "<bob@example.org>: hello") << name;
    EXPECT_FALSE(holds(one, "Content-Encoding")) << name;
    bob.forget();
    bob.say("chat", "#list", field);
    h.run_for(1s);
    EXPECT_TRUE(bob.has_heard("alice@example.org")) << name;
  }
  EXPECT_EQ(heard("\x1f\x8b", "Content-Encoding: gzip\r\n").body, "\x1f\x8b");
}

TEST_F(Liberties, ACommandInACodingIsRefusedAndTold) {
  bob.say("chat", "#list", "Content-Encoding: gzip\r\n");
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 415);
  EXPECT_TRUE(bob.has_heard("*** "));
}

TEST_F(Liberties, ACommandIsOneBehindMarksAndBlanks) {
  for (const std::string& text :
       {"\xef\xbb\xbf#list"s, " \t#list"s, "\r\n\r\n#list"s, "\xef\xbb\xbf \n#list"s, "#list\0"s,
        "#list\0\0\r\n\0"s, "#list \r\n"s, "\n#list\nmore"s}) {
    bob.forget();
    carol.forget();
    bob.say("chat", text);
    h.run_for(1s);
    EXPECT_TRUE(bob.has_heard("carol@example.org")) << text;
    EXPECT_TRUE(carol.requests.empty()) << text;
  }
  EXPECT_EQ(heard("say #list", "").body, "<bob@example.org>: say #list");
}

// RFC 3261 8.2.6.2: the response's To has one tag, at the place that was left for it.
TEST_F(Liberties, AnEmptyToTagIsNone) {
  for (const char* const parameters : {";tag=", ";tag=;x=y", ";x=y;Tag= "}) {
    bob.forget();
    const std::string text = RequestText{.from = "<sip:bob@example.org>;tag=1",
                                         .to = "<sip:chat@example.org>"s + parameters,
                                         .body = "hello"}
                                 .text();
    bob.send(text);
    h.run_for(1s);
    EXPECT_EQ(bob.last_code(), 200) << parameters;
    const std::string to = to_lower(bob.responses.back().to);
    const std::size_t tag = to.find(";tag=");
    ASSERT_NE(tag, std::string::npos) << parameters;
    EXPECT_EQ(to.find("tag=", tag + 5), std::string::npos) << to;
    EXPECT_NE(to.find_first_of("0123456789abcdef", tag + 5), std::string::npos) << to;
  }
  bob.send(RequestText{.from = "<sip:bob@example.org>;tag=", .body = "hello"}.text());
  h.run_for(1s);
  EXPECT_EQ(bob.last_code(), 400);
}

}  // namespace
}  // namespace imcd::server
