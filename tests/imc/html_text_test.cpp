#include "imc/html_text.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

#include "parser/utf8.h"

namespace imcd::imc {
namespace {

std::string text_of(std::string_view html) {
  ByteBuffer out;
  write_html_text(out, html);
  return std::string(out.view());
}

TEST(HtmlText, TagsAndCommentsGo) {
  EXPECT_EQ(text_of("<html><body><b>a</b> <i class=\"x\">b</i></body></html>"), "a b");
  EXPECT_EQ(text_of("a<!-- <b>no</b> -->b<!doctype html>c<?xml version='1'?>d"), "abcd");
  EXPECT_EQ(text_of("<a title=\"1 > 0\" x = '<b>'>link</a>"), "link");
  EXPECT_EQ(text_of("1 < 2 and 3 > 2, <3"), "1 < 2 and 3 > 2, <3");
}

TEST(HtmlText, WhatIsNotShownGoes) {
  EXPECT_EQ(text_of("<script>go('</b>')</script>a<STYLE>b{}</Style >c<title>t</title>"), "ac");
  EXPECT_EQ(text_of("a<script>if (1 </scripty) </script>b"), "ab");
  EXPECT_EQ(text_of("a<script>never ends"), "a");
  EXPECT_EQ(text_of("a<!-- never ends"), "a");
  EXPECT_EQ(text_of("a<b title=\"never ends"), "a");
}

TEST(HtmlText, EntitiesAreDecoded) {
  EXPECT_EQ(text_of("&lt;b&gt; &amp;amp; &quot;&#65;&#x42;&#X43&quot;"), "<b> &amp; \"ABC\"");
  EXPECT_EQ(text_of("gr&uuml;&szlig;e &#x1F600; &euro;&hellip;"),
            "gr\xc3\xbc\xc3\x9f"
            "e \xf0\x9f\x98\x80 \xe2\x82\xac\xe2\x80\xa6");
  EXPECT_EQ(text_of("a&nbsp;b & c &unknown; &; &#; &#x; &toolonganentity;"),
            "a b & c &unknown; &; &#; &#x; &toolonganentity;");
  EXPECT_EQ(text_of("&#0;&#xd800;&#99999999999;&#7;"),
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  // A tag that is written is text.
  EXPECT_EQ(text_of("&lt;script&gt;"), "<script>");
}

TEST(HtmlText, LinesBeginWhereBlocksDo) {
  EXPECT_EQ(text_of("<p>a</p><p>b</p>"), "a\r\nb");
  EXPECT_EQ(text_of("<div><div>a</div></div>\n<ul><li>b<li>c</ul>"), "a\r\nb\r\nc");
  EXPECT_EQ(text_of("a<br>b<br/><br />c<br>"), "a\r\nb\r\n\r\nc");
  EXPECT_EQ(text_of("a \r\n\t b&#10;c"), "a b c");
  EXPECT_EQ(text_of("<tr><td>a</td><td>b</td></tr>"), "a b");
  EXPECT_EQ(text_of(""), "");
  EXPECT_EQ(text_of(" <p> "), "");
}

TEST(HtmlText, OtherCharsetsAreTakenForLatin1) {
  EXPECT_EQ(text_of("gr\xfc\xdf"
                    "e"),
            "gr\xc3\xbc\xc3\x9f"
            "e");
  EXPECT_EQ(text_of(std::string_view("a\0b\x01"
                                     "c\x7f",
                                     6)),
            "abc");
}

TEST(HtmlText, WhateverComesGivesAShortTextInUtf8) {
  std::mt19937 random(7);
  constexpr std::string_view pieces[] = {
      "<",   ">",   "</", "<!--", "-->",  "<script", "</script>", "&",        "&#",
      "&#x", "&#1", ";",  "&lt;", "\"",   "'",       "=",         "<br>",     "<p",
      "/",   "a",   " ",  "\n",   "\xc3", "\xbc",    "\xff",      "\xe2\x82", "x"};
  for (int run = 0; run < 20000; ++run) {
    std::string html;
    for (std::size_t left = random() % 40; left > 0; --left) {
      html += pieces[random() % std::size(pieces)];
    }
    const std::string text = text_of(html);
    EXPECT_LE(text.size(), 2 * html.size()) << html;
    EXPECT_TRUE(parser::is_utf8(text)) << html;
    EXPECT_EQ(text.find("<script>"), std::string::npos) << html;
  }
  // One walk, whatever the depth.
  std::string deep;
  for (int i = 0; i < 30000; ++i) deep += "</<!-<script<&#";
  EXPECT_LE(text_of(deep).size(), 2 * deep.size());
}

}  // namespace
}  // namespace imcd::imc
