#include "make_store.h"

#include <utility>

#include "db/mysql_options.h"
#include "db/sqlite_store.h"

namespace imcd {
namespace {

db::MysqlTls tls_of(DbTls tls) {
  switch (tls) {
    case DbTls::off:
      return db::MysqlTls::off;
    case DbTls::required:
      return db::MysqlTls::required;
    case DbTls::verified:
      return db::MysqlTls::verified;
  }
  std::unreachable();
}

db::MysqlServer server_of(const MysqlUrl& url) {
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

Result<std::unique_ptr<db::Store>> make_store(const StorageSettings& settings, Access access) {
  const bool reads_only = access == Access::read;
  db::TableNames tables;
  tables.rooms = settings.rooms_table;
  tables.members = settings.members_table;
  if (settings.db_url.kind == DbUrl::Kind::mysql) {
    return db::make_mysql_store({.server = server_of(settings.db_url.mysql),
                                 .tables = tables,
                                 .shared = settings.db_shared,
                                 .reads_only = reads_only});
  }
  db::SqliteOptions options;
  options.tables = tables;
  options.shared = settings.db_shared;
  options.reads_only = reads_only;
  return std::make_unique<db::SqliteStore>(settings.db_url.sqlite_path, options);
}

}  // namespace imcd
