#include "config/db_url.h"

#include <gtest/gtest.h>
#include <string>

#include "config/option.h"
#include "fixture.h"

namespace imcd::config {
namespace {

MysqlUrl mysql(std::string_view url) {
  const auto parsed = parse_db_url(url, {});
  if (!parsed) ADD_FAILURE() << url << ": " << parsed.error().text;
  return parsed ? parsed->mysql : MysqlUrl{};
}

TEST(DbUrl, OfSqliteHasThePathAfterThreeSlashes) {
  const auto absolute = parse_db_url("sqlite:////var/lib/imcd/imcd.db", {});
  EXPECT_EQ(absolute->kind, DbUrl::Kind::sqlite);
  EXPECT_EQ(absolute->sqlite_path, "/var/lib/imcd/imcd.db");
  EXPECT_EQ(parse_db_url("sqlite:///rooms.db", {})->sqlite_path, "rooms.db");
}

TEST(DbUrl, OfTheOlderModulesIsTaken) {
  const auto parsed = parse_db_url("mysql://openser:openserrw@localhost/openser", {});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->kind, DbUrl::Kind::mysql);
  EXPECT_EQ(
      parsed->mysql,
      (MysqlUrl{
          .host = "localhost", .user = "openser", .password = "openserrw", .database = "openser"}));
}

TEST(DbUrl, TakesPortsAddressesAndNoPassword) {
  EXPECT_EQ(mysql("mysql://u@db.example.org:3307/d").port, 3307);
  EXPECT_EQ(mysql("mysql://u@db.example.org:3307/d").host, "db.example.org");
  EXPECT_EQ(mysql("mysql://u@[2001:db8::1]:3307/d").host, "2001:db8::1");
  EXPECT_EQ(mysql("mysql://u@[2001:db8::1]:3307/d").port, 3307);
  EXPECT_EQ(mysql("mysql://u@[2001:db8::1]/d").port, 0);
  EXPECT_EQ(mysql("mysql://u@h/d").password, "");
}

TEST(DbUrl, TakesAnyPassword) {
  EXPECT_EQ(mysql("mysql://u:se:cr@t/x@h/d").password, "se:cr@t/x");
  EXPECT_EQ(mysql("mysql://u:%70%40%25%2f@h/d").password, "p@%/");
  EXPECT_EQ(mysql("mysql://u%40x:p@h/d").user, "u@x");
}

TEST(DbUrl, TakesParameters) {
  const MysqlUrl url = mysql(
      "mysql://u@h/d?socket=/run/my%20sql&charset=latin1&tls=verified&tls_ca=/a&tls_cert=/b"
      "&tls_key=/c");
  EXPECT_EQ(url.socket, "/run/my sql");
  EXPECT_EQ(url.charset, "latin1");
  EXPECT_EQ(url.tls, DbTls::verified);
  EXPECT_EQ(url.tls_ca, "/a");
  EXPECT_EQ(url.tls_cert, "/b");
  EXPECT_EQ(url.tls_key, "/c");
  EXPECT_EQ(mysql("mysql://u@h/d").charset, "utf8mb4");
  EXPECT_EQ(mysql("mysql://u@h/d").tls, DbTls::off);
  EXPECT_EQ(mysql("mysql://u@h/d?tls=required").tls, DbTls::required);
}

TEST(DbUrl, RefusesWhatLeadsToNoDatabase) {
  for (const char* value : {"",
                            "sqlite://",
                            "sqlite:///",
                            "/var/lib/imcd.db",
                            "sqlite:/var/x",
                            "mysql:",
                            "mysql://",
                            "mysql://h/d",
                            "mysql://@h/d",
                            "mysql://u@/d",
                            "mysql://u@h",
                            "mysql://u@h/",
                            "mysql://u@h:/d",
                            "mysql://u@h:0/d",
                            "mysql://u@h:65536/d",
                            "mysql://u@[::1/d",
                            "mysql://u@[::1]x/d",
                            "mysql://u@[::1]:/d",
                            "mysql://u:%4@h/d",
                            "mysql://u:%zz@h/d",
                            "mysql://u:%00@h/d",
                            "mysql://u@h/d?tls",
                            "mysql://u@h/d?tls=maybe",
                            "mysql://u@h/d?what=1",
                            "mysql://u@h/d?socket=mysql.sock",
                            "mysql://u@h/d?charset=a'b",
                            "mysql://u@h/d?tls_ca=/a",
                            "mysql://u@h/d?tls=required&tls_key=/a",
                            "postgres://u@h/d"}) {
    EXPECT_FALSE(parse_db_url(value, {})) << value;
  }
}

TEST(DbPassword, ComesFromItsFileOrTheEnvironmentWhereTheUrlHasNone) {
  const auto read = [](const std::string& path) -> Result<std::string> {
    if (path == "/etc/imcd.pw") return std::string("from file\r\nmore");
    return fail("cannot read " + path);
  };
  const auto password = [&](std::vector<std::string_view> arguments, const Variables& variables) {
    const auto loaded = load_config(arguments, "1", environment_of(variables), read);
    return loaded ? loaded->settings.storage.db_url.mysql.password : loaded.error().text;
  };
  const std::string_view bare = "--db_url=mysql://u@h/d";
  const std::string_view file = "--db_password_file=/etc/imcd.pw";
  const Variables set = {{"HOME", "/home/op"}, {"IMCD_DB_PASSWORD", "from environment"}};
  EXPECT_EQ(password({bare}, home), "");
  EXPECT_EQ(password({bare, file}, set), "from file");
  EXPECT_EQ(password({bare}, set), "from environment");
  EXPECT_EQ(password({"--db_url=mysql://u:own@h/d", file}, set), "own");
  EXPECT_EQ(password({bare, "--db_password_file=/none"}, set),
            "db_password_file: cannot read /none");
  // What SQLite does not need is not asked for.
  EXPECT_EQ(password({"--db_password_file=/none"}, set), "");
}

}  // namespace
}  // namespace imcd::config
