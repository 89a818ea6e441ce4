// MysqlServer: where a MySQL or MariaDB server is and how to talk to it. It is all that is needed
// to name a server, also in a build without its client library.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace imcd::db {

enum class MysqlTls : std::uint8_t {
  off,
  required,  // Encrypted, whoever answers; with `tls_ca`, whoever has a certificate signed by it.
  verified,  // Encrypted, and the server's certificate bears its name and is signed by `tls_ca`.
};

struct MysqlServer {
  std::string host = "localhost";
  std::uint16_t port = 0;  // 0: the usual one, and of `localhost` the local socket.
  std::string socket;      // A path; then neither host nor port matter.
  std::string user;
  std::string password;
  std::string database;

  // The character set of the connection. Names are UTF-8; an older module that spoke latin1 to the
  // server has stored other characters than were meant, and only latin1 reads them back.
  std::string charset = "utf8mb4";

  MysqlTls tls = MysqlTls::off;
  std::string tls_ca;    // Files, each may be empty.
  std::string tls_cert;  // With tls_key, imcd's own certificate.
  std::string tls_key;

  // Whole seconds count, as the client library knows no others.
  Duration connect_timeout = 5s;
  Duration read_timeout = 20s;  // Between two packets of an answer.
  Duration lock_timeout = 2s;   // How long one statement waits for another writer's rows.
};

}  // namespace imcd::db
