// What content goes to members in which form: option content_types.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/commands_fixture.h"

namespace imcd::server {
namespace {

class Content : public Commands {
 protected:
  Content() { make_room(); }
  // What bob gets of what alice says; an empty one when she is refused.
  Heard heard(std::string_view body, std::string_view headers) {
    alice.forget();
    bob.forget();
    alice.say("chat", body, headers);
    h.run_for(1s);
    return bob.requests.empty() ? Heard{} : bob.requests[0];
  }
  void relay(std::vector<std::string> types) {
    Settings settings = default_settings();
    settings.conference.content_types = std::move(types);
    h.apply(settings);
  }
};

constexpr std::string_view html = "<html><script>go()</script><b>&lt;bob&gt;:</b> yes</html>";

TEST_F(Content, HtmlBecomesTheSendersText) {
  for (const std::string_view type :
       {"text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml"}) {
    const Heard it = heard(html, fmt::format("Content-Type: {}\r\n", type));
    EXPECT_EQ(it.content_type, "text/plain;charset=UTF-8") << type;
    EXPECT_EQ(it.body, "<alice@example.org>: <bob>: yes") << type;
  }
  // What its blocks make lines of is held to what a text is.
  EXPECT_EQ(heard("hi<p>&lt;bob@x&gt;: yes<br>*** gone", "Content-Type: text/html\r\n").body,
            "<alice@example.org>: hi\r\n| <bob@x>: yes\r\n| *** gone");
}

TEST_F(Content, FieldsThatBelongToThePageGoWithIt) {
  const Heard it = heard("<b>x</b>",
                         "Content-Type: text/html\r\nContent-Disposition: render\r\n"
                         "Content-Encoding: identity\r\nContent-Language: de\r\n");
  EXPECT_EQ(it.bytes.find("Content-Disposition"), std::string::npos);
  EXPECT_EQ(it.bytes.find("Content-Encoding"), std::string::npos);
  EXPECT_NE(it.bytes.find("Content-Language: de\r\n"), std::string::npos);
  EXPECT_NE(it.bytes.find(fmt::format("Content-Length: {}\r\n", it.body.size())),
            std::string::npos);
}

TEST_F(Content, HtmlInACodingThatIsNotReadIsRefused) {
  EXPECT_EQ(heard("xyz", "Content-Type: text/html\r\nContent-Encoding: gzip\r\n").body, "");
  EXPECT_EQ(alice.last_code(), 415);
}

TEST_F(Content, HtmlInsideCpimBecomesText) {
  const std::string headers = "From: <sip:alice@example.org>\r\nSubject: x\r\n\r\n";
  const auto it = heard(headers + "Content-Type: text/html\r\n\r\n" + std::string(html),
                        "Content-Type: message/cpim\r\n");
  EXPECT_EQ(it.content_type, "message/cpim");
  EXPECT_EQ(it.body, headers + "Content-Type: text/plain;charset=UTF-8\r\n\r\n<bob>: yes");
}

TEST_F(Content, HtmlGoesAsItIsOnlyWhereItIsNamed) {
  relay({"*/*", "text/*"});
  EXPECT_EQ(heard(html, "Content-Type: text/html\r\n").content_type, "text/plain;charset=UTF-8");
  relay({"*/*", "text/html"});
  const Heard it = heard(html, "Content-Type: text/html\r\n");
  EXPECT_EQ(it.content_type, "text/html");
  EXPECT_EQ(it.body, html);
}

TEST_F(Content, TypeThatIsNotCoveredIs415WithAccept) {
  EXPECT_EQ(heard("x", "Content-Type: application/x-y\r\n").body, "x");
  relay({"image/*", "text/markdown"});
  EXPECT_EQ(heard("x", "Content-Type: application/x-y\r\n").body, "");
  EXPECT_EQ(alice.last_code(), 415);
  EXPECT_EQ(alice.last_reason(), "Unsupported Media Type");
  EXPECT_NE(alice.responses.back().bytes.find("Accept: text/plain, image/*, text/markdown\r\n"),
            std::string::npos);
  EXPECT_EQ(heard("x", "Content-Type: image/png\r\n").body, "x");
  EXPECT_EQ(heard("x", "Content-Type: Text/Markdown;a=b\r\n").body, "x");
  EXPECT_EQ(heard("x", "Content-Type: text/plain\r\n").body, "<alice@example.org>: x");
  EXPECT_EQ(heard(html, "Content-Type: text/html\r\n").body, "<alice@example.org>: <bob>: yes");
  EXPECT_EQ(heard("x", "Content-Type: imagex/png\r\n").body, "");
}

}  // namespace
}  // namespace imcd::server
