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
  EXPECT_EQ(find_command_line(parse("", "#join x\r\nmore"), '#'), "join x");
  EXPECT_EQ(find_command_line(parse("", "#"), '#'), "");
  EXPECT_EQ(find_command_line(parse("", "!join"), '!'), "join");
  EXPECT_EQ(find_command_line(parse("", "\xef\xbb\xbf \r\n#join\t "), '#'), "join");
  EXPECT_EQ(find_command_line(parse("", "x #join"), '#'), std::nullopt);
  EXPECT_EQ(find_command_line(parse("", ""), '#'), std::nullopt);
  EXPECT_EQ(find_command_line(parse("Content-Type: text/html\r\n", "#join"), '#'), std::nullopt);
}

TEST_F(MessageContentTest, CommandMayBeWrappedInCpim) {
  const std::string wrapped = "From: <im:al@x>\r\n\r\nContent-Type: text/plain\r\n\r\n#join x\r\n";
  EXPECT_EQ(find_command_line(parse("Content-Type: message/cpim\r\n", wrapped), '#'), "join x");
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
