// What complaints show of options that may hold a password, and the complaints themselves.
#include "config/shown_setting.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>

#include "fixture.h"

namespace imcd::config {
namespace {

constexpr const char* malformed[] = {
    "mysql:/imcd:secret@host",
    "mysql:/imcd:secret@host/imcd",
    "imcd:secret@host/x",
    "imcd:/secret@host",
    "imcd:secret//x@host",
    "imcd:secret@host//x",
    "mysql:imcd:secret@host",
    "mysql:secret@host",
    "mysql//imcd:secret@host/imcd",
    "mysql;//imcd:secret@host/imcd",
    ":secret@host",
    "mysql://:secret@host",
    "imcd:se://secret@host",
    "mysql://imcd:secret",
    "mysql://imcd:secret/imcd",
    "mysql://imcd:12secret",
    "mysql://imcd:secret@",
    "mysql://imcd:secret@/imcd",
    "mysql://imcd:secret%40host/imcd",
    "mysql://imcd%3Asecret@",
    "mysql://imcd%3asecret",
    "mysql://imcd/secret@host/",
    "mysql://imcd:%secret@host/imcd",
    "mysql://imcd:x@secret:y@host:port/imcd",
    "mysql://imcd:x=secret@host",
    "imcd:x=secret@host/imcd",
    "mysql://imcd:x?secret@host",
    "sqlite:imcd:secret@host",
    "sqlite://imcd:secret@host/imcd",
    "MYSQL://imcd:secret@host/imcd",
    "mariadb://imcd:secret@host/imcd",
};

TEST(ShownSetting, AMalformedUrlIsShownWithoutItsPassword) {
  for (const std::string_view text : malformed) {
    for (const char* option : {"--db_url", "--db_uri", "--listen", "--hop_window"}) {
      const std::string error = error_of(load({option, text}));
      EXPECT_NE(error, "") << text;
      EXPECT_FALSE(error.contains("secret")) << error;
    }
    for (const std::string& argument :
         {std::string(text), fmt::format("-db_url={}", text), fmt::format("--db_url:{}", text)}) {
      const std::string error = error_of(load({argument, "--check"}));
      EXPECT_NE(error, "") << text;
      EXPECT_FALSE(error.contains("secret")) << error;
    }
  }
}

TEST(ShownSetting, NeitherIsItInAFile) {
  for (const std::string_view text : malformed) {
    for (const char* form : {"{}\n", "db_url = {}\n", "db_ulr = {}\n", "db_url {}\n",
                             "db_url: {}\n", "db_url = {} # ours\n", "db_url = \x01{}\n"}) {
      const std::string error = error_of(load_file(fmt::format(fmt::runtime(form), text)));
      EXPECT_NE(error, "") << text;
      EXPECT_FALSE(error.contains("secret")) << error;
    }
  }
}

// Digits behind a colon are a port elsewhere.
TEST(ShownSetting, APasswordOfDigitsIsHiddenWhereADatabaseIsNamed) {
  EXPECT_EQ(shown_setting("db_url = mysql://imcd:1234/imcd"), "db_url = mysql://imcd:***");
  EXPECT_EQ(shown_setting("db_url = imcd:1234"), "db_url = imcd:***");
  EXPECT_EQ(shown_setting("db_url imcd:1234"), "db_url imcd:***");
  EXPECT_EQ(shown_setting("outbound_proxy = http://host:5060/"),
            "outbound_proxy = http://host:5060/");
}

TEST(ShownSetting, UserAndHostAreShown) {
  EXPECT_EQ(shown_setting("db_url = mysql:///imcd:s/e:c@r@host"),
            "db_url = mysql:///imcd:***@host");
}

TEST(ShownSetting, WhatHasNoPasswordIsShownWhole) {
  for (const std::string_view text :
       {"mysql://host/imcd", "mysql://imcd@", "mysql://imcd@host:x", "http://[::1",
        "http://[::1]:80", "sqlite:/var/lib/imcd.db", "sqlite:rooms.db", "sqlite://rooms.db",
        "/var/lib/imcd.db", "mysql://", "x", ""}) {
    const std::string setting = fmt::format("db_url = {}", text);
    EXPECT_EQ(shown_setting(setting), setting);
  }
  EXPECT_EQ(shown_setting("listen = 127.0.0.1:5070"), "listen = 127.0.0.1:5070");
  EXPECT_EQ(shown_setting("extra_hdrs = P-Flags: 3"), "extra_hdrs = P-Flags: 3");
}

TEST(ShownSetting, APasswordIsNotShownWhereOnlyItsFileWasAskedFor) {
  const std::vector<std::vector<std::string_view>> command_lines = {
      {"--db_password", "secret"}, {"--password=secret"},   {"--db_password_file", "secret"},
      {"--db_passwd=/secret"},     {"-db_password=secret"}, {"db_password:secret"}};
  for (const auto& arguments : command_lines) {
    const std::string error = error_of(load(arguments));
    EXPECT_NE(error, "");
    EXPECT_FALSE(error.contains("secret")) << error;
  }
  EXPECT_FALSE(error_of(load_file("db_password secret\n")).contains("secret"));
  EXPECT_EQ(shown_setting("db_password_file = /etc/imcd/pw"), "db_password_file = /etc/imcd/pw");
}

TEST(ShownSetting, ControlCharactersAreReplaced) {
  EXPECT_EQ(shown_setting("domain = a\x1b[2J\x7f"), "domain = a?[2J?");
}

}  // namespace
}  // namespace imcd::config
