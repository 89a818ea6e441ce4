#include "make_store.h"

#include <utility>

#include "db/mysql_options.h"
#include "db/sqlite_store.h"

namespace imcd {
namespace {

db::MysqlTls tls_of(config::DbTls tls) {
  switch (tls) {
    case config::DbTls::off:
      return db::MysqlTls::off;
    case config::DbTls::required:
      return db::MysqlTls::required;
    case config::DbTls::verified:
      return db::MysqlTls::verified;
  }
  std::unreachable();
}

db::MysqlServer server_of(const config::MysqlUrl& url) {
  db::MysqlServer server;
  server.host = url.host;
  server.port = url.port;
  server.socket = url.socket;
  server.user = url.user;
  server.password = url.password;
  server.database = url.database;
  server.charset = url.charset;
  server.tls = tls_of(url.tls);
  server.tls_ca = url.tls_ca;
  server.tls_cert = url.tls_cert;
  server.tls_key = url.tls_key;
  return server;
}

}  // namespace

Result<std::unique_ptr<db::Store>> make_store(const config::Config& config, Access access) {
  const bool reads_only = access == Access::read;
  db::TableNames tables;
  tables.rooms = config.rooms_table;
  tables.members = config.members_table;
  if (config.db_url.kind == config::DbUrl::Kind::mysql) {
    return db::make_mysql_store({.server = server_of(config.db_url.mysql),
                                 .tables = tables,
                                 .shared = config.db_shared,
                                 .reads_only = reads_only});
  }
  db::SqliteOptions options;
  options.tables = tables;
  options.shared = config.db_shared;
  options.reads_only = reads_only;
  return std::make_unique<db::SqliteStore>(config.db_url.sqlite_path, options);
}

}  // namespace imcd
