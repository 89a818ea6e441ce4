#include "config/db_url.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "base/text.h"
#include "config/option.h"

namespace imcd::config {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:///";
constexpr std::string_view mysql_scheme = "mysql://";
constexpr std::string_view mysql_form =
    "expected mysql://USER:PASSWORD@HOST[:PORT]/DATABASE, such as "
    "mysql://imcd:imcdrw@localhost/imcd";

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char letter = lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// Nothing where a % is not followed by two digits, or stands for a byte of no text.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0 || high * 16 + low == 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// Cuts `text` at the first `mark`; the second part is empty where there is none.
std::pair<std::string_view, std::string_view> cut(std::string_view text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

bool is_charset(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::ranges::all_of(name, [](char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
  });
}

Result<void> put_parameter(std::string_view name, const std::string& value, MysqlUrl& url) {
  if (name == "charset") {
    if (!is_charset(value)) return fail("expected charset=NAME, such as charset=latin1");
    url.charset = value;
    return {};
  }
  if (name == "tls") {
    for (const auto& [word, tls] : {std::pair("off", DbTls::off),
                                    {"required", DbTls::required},
                                    {"verified", DbTls::verified}}) {
      if (value != word) continue;
      url.tls = tls;
      return {};
    }
    return fail("expected tls=off, tls=required or tls=verified");
  }
  for (const auto& [word, field] : {std::pair("socket", &MysqlUrl::socket),
                                    {"tls_ca", &MysqlUrl::tls_ca},
                                    {"tls_cert", &MysqlUrl::tls_cert},
                                    {"tls_key", &MysqlUrl::tls_key}}) {
    if (name != word) continue;
    if (!value.starts_with('/'))
      return fail(fmt::format("expected {}= and an absolute path", word));
    url.*field = value;
    return {};
  }
  return fail("expected after the ? only socket, charset, tls, tls_ca, tls_cert and tls_key");
}

Result<void> put_parameters(std::string_view query, MysqlUrl& url) {
  while (!query.empty()) {
    const auto [parameter, rest] = cut(query, '&');
    query = rest;
    const auto [name, value] = cut(parameter, '=');
    const auto decoded = decode(value);
    if (!decoded) return fail("expected %HH for a character that is written so");
    if (auto done = put_parameter(name, *decoded, url); !done) return done;
  }
  const bool has_files = !url.tls_ca.empty() || !url.tls_cert.empty() || !url.tls_key.empty();
  if (has_files && url.tls == DbTls::off) {
    return fail("expected tls=required or tls=verified where files for TLS are given");
  }
  if (url.tls_cert.empty() != url.tls_key.empty()) return fail("expected tls_cert with tls_key");
  return {};
}

// `HOST`, `HOST:PORT`, and an IPv6 address in brackets.
bool put_host(std::string_view text, MysqlUrl& url) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    url.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return false;
    if (!port.empty()) port.remove_prefix(1);
    if (port.empty() && text.size() > end + 1) return false;
  } else {
    const auto [host, number] = cut(text, ':');
    url.host = host;
    port = number;
    if (port.empty() && text.contains(':')) return false;
  }
  if (url.host.empty()) return false;
  if (port.empty()) return true;
  const auto number = parse_number(port, 65535);
  if (!number || *number == 0) return false;
  url.port = static_cast<std::uint16_t>(*number);
  return true;
}

Result<DbUrl> parse_mysql_url(std::string_view text) {
  DbUrl parsed{.kind = DbUrl::Kind::mysql, .sqlite_path = {}, .mysql = {}};
  MysqlUrl& url = parsed.mysql;
  // The last @, as a password may have one that nobody wrote as %40.
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return fail(std::string(mysql_form));
  const auto [user, password] = cut(text.substr(0, at), ':');
  const auto [address, rest] = cut(text.substr(at + 1), '/');
  const auto [database, query] = cut(rest, '?');
  const auto decoded_user = decode(user);
  const auto decoded_password = decode(password);
  const auto decoded_database = decode(database);
  if (!decoded_user || !decoded_password || !decoded_database) {
    return fail("expected %HH for a character that is written so, and %25 for a %");
  }
  url.user = *decoded_user;
  url.password = *decoded_password;
  url.database = *decoded_database;
  if (url.user.empty() || url.database.empty() || !put_host(address, url)) {
    return fail(std::string(mysql_form));
  }
  if (auto done = put_parameters(query, url); !done) return std::unexpected(done.error());
  return parsed;
}

}  // namespace

Result<DbUrl> parse_db_url(std::string_view value, Bounds) {
  if (value.starts_with(mysql_scheme)) return parse_mysql_url(value.substr(mysql_scheme.size()));
  if (value.starts_with(sqlite_scheme) && value.size() > sqlite_scheme.size()) {
    return DbUrl{.kind = DbUrl::Kind::sqlite,
                 .sqlite_path = std::string(value.substr(sqlite_scheme.size())),
                 .mysql = {}};
  }
  return fail(
      "expected sqlite:/// and a path, such as sqlite:////var/lib/imcd/imcd.db, or "
      "mysql://USER:PASSWORD@HOST/DATABASE");
}

}  // namespace imcd::config
