// db_url: where the rooms are kept, as the operator wrote it.
//
//     sqlite:///PATH
//     mysql://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?NAME=VALUE[&NAME=VALUE...]]
//
// In a mysql URL any character may be written as %HH. The names are
//
//     socket=PATH      a local server's socket; HOST is then only decoration
//     charset=NAME     the connection's character set; utf8mb4 where it is not given
//     tls=off|required|verified
//     tls_ca=PATH, tls_cert=PATH, tls_key=PATH
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace imcd::config {

enum class DbTls : std::uint8_t { off, required, verified };

struct MysqlUrl {
  std::string host;
  std::uint16_t port = 0;  // 0: not given.
  std::string user;
  std::string password;
  std::string database;
  std::string socket;
  std::string charset = "utf8mb4";
  DbTls tls = DbTls::off;
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;

  friend bool operator==(const MysqlUrl&, const MysqlUrl&) = default;
};

struct DbUrl {
  enum class Kind : std::uint8_t { sqlite, mysql };

  Kind kind = Kind::sqlite;
  std::string sqlite_path;
  MysqlUrl mysql;

  friend bool operator==(const DbUrl&, const DbUrl&) = default;
};

struct Bounds;  // Of option.h; no URL has any.

Result<DbUrl> parse_db_url(std::string_view value, Bounds bounds);

}  // namespace imcd::config
