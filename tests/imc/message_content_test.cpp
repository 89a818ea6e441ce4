#include "imc/message_content.h"

#include <gtest/gtest.h>
#include <string>

namespace imcd::imc {
namespace {

class MessageContentTest : public testing::Test {
 protected:
  // `fields`: whole lines.
  const parser::MessageView& parse(const std::string& fields, const std::string& body) {
    text_ = "MESSAGE sip:chat@x SIP/2.0\r\n" + fields +
            "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    EXPECT_TRUE(parser::parse_message(text_, view_)) << text_;
    return view_;
  }

  static std::optional<std::string_view> command_line(const parser::MessageView& view,
                                                      char prefix) {
    static ByteBuffer scratch;
    return find_command_line(view, prefix, scratch);
  }

 private:
  std::string text_;
  parser::MessageView view_;
};

TEST_F(MessageContentTest, TextIsWhatSaysSoAndWhatSaysNothing) {
  EXPECT_TRUE(is_plain_text(parse("", "hi")));
  EXPECT_TRUE(is_plain_text(parse("Content-Type: Text/Plain ; charset=utf-8\r\n", "hi")));
  EXPECT_FALSE(is_plain_text(parse("Content-Type: text/html\r\n", "hi")));
}

TEST_F(MessageContentTest, CommandIsTheFirstLineBehindThePrefix) {
  EXPECT_EQ(command_line(parse("", "#join x\r\nmore"), '#'), "join x");
  EXPECT_EQ(command_line(parse("", "#"), '#'), "");
  EXPECT_EQ(command_line(parse("", "!join"), '!'), "join");
  EXPECT_EQ(command_line(parse("", "\xef\xbb\xbf \r\n#join\t "), '#'), "join");
  EXPECT_EQ(command_line(parse("", "x #join"), '#'), std::nullopt);
  EXPECT_EQ(command_line(parse("", ""), '#'), std::nullopt);
}

TEST_F(MessageContentTest, CommandMayBeWrappedInCpim) {
  const std::string wrapped = "From: <im:al@x>\r\n\r\nContent-Type: text/plain\r\n\r\n#join x\r\n";
  EXPECT_EQ(command_line(parse("Content-Type: message/cpim\r\n", wrapped), '#'), "join x");
}

TEST_F(MessageContentTest, CommandMayBeHtml) {
  for (const char* const type :
       {"text/html", "TEXT / html;charset=utf-8", "application/xhtml+xml"}) {
    const std::string field = "Content-Type: " + std::string(type) + "\r\n";
    EXPECT_EQ(command_line(parse(field, "<p>#join&nbsp;x</p><p>more"), '#'), "join x") << type;
    EXPECT_EQ(command_line(parse(field, "<p>hi #join"), '#'), std::nullopt);
    EXPECT_EQ(command_line(parse(field, "<!-- #join -->"), '#'), std::nullopt);
    EXPECT_EQ(command_line(parse(field + "Content-Encoding: gzip\r\n", "#join"), '#'),
              std::nullopt);
  }
  const std::string wrapped = "From: <im:al@x>\r\n\r\nContent-Type: text/html\r\n\r\n<b>#list</b>";
  EXPECT_EQ(command_line(parse("Content-Type: message/cpim\r\n", wrapped), '#'), "list");
}

TEST_F(MessageContentTest, CommandMayBeTheTextAmongAlternatives) {
  const std::string text = "--b\r\nContent-Type: text/plain\r\n\r\n#join x\r\n";
  const std::string html = "--b\r\nContent-Type: text/html\r\n\r\n<i>#join</i> y\r\n";
  const std::string other = "--b\r\nContent-Type: application/json\r\n\r\n#join z\r\n";
  const std::string coded =
      "--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n#join\r\n";
  const char* const field = "Content-Type: multipart/alternative; boundary=\"b\"\r\n";
  EXPECT_EQ(command_line(parse(field, text + html + "--b--\r\n"), '#'), "join x");
  EXPECT_EQ(command_line(parse(field, "nobody's\r\n" + other + html + text + "--b--"), '#'),
            "join y");
  EXPECT_EQ(command_line(parse(field, coded + html), '#'), "join y");
  EXPECT_EQ(command_line(parse(field, other + "--b--\r\n" + text), '#'), std::nullopt);
  EXPECT_EQ(command_line(parse(field, text.substr(3)), '#'), std::nullopt);
  EXPECT_EQ(command_line(parse("Content-Type: multipart/alternative\r\n", text), '#'),
            std::nullopt);
  EXPECT_EQ(command_line(parse("Content-Type: multipart/mixed;boundary=b\r\n", text), '#'),
            std::nullopt);
}

TEST_F(MessageContentTest, ReadsNoEncodingButIdentity) {
  EXPECT_FALSE(has_unreadable_encoding(parse("", "hi")));
  EXPECT_FALSE(has_unreadable_encoding(parse("Content-Encoding: Identity \r\n", "hi")));
  EXPECT_TRUE(has_unreadable_encoding(parse("Content-Encoding: gzip\r\n", "hi")));
}

TEST_F(MessageContentTest, AutomaticAnswersSayThatTheyAre) {
  EXPECT_FALSE(is_automatic(parse("", "hi")));
  EXPECT_FALSE(is_automatic(parse("Auto-Submitted: no\r\n", "hi")));
  EXPECT_TRUE(is_automatic(parse("Auto-Submitted: auto-replied\r\n", "hi")));
}

}  // namespace
}  // namespace imcd::imc
