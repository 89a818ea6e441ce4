// DbUrl: where the rooms are kept, as the operator wrote it (config/db_url.h has the form) and as
// the stores take it.
#pragma once

#include <cstdint>
#include <string>

namespace imcd {

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

}  // namespace imcd
