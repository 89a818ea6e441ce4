#include "db/mysql_store.h"

#include <chrono>
#include <fmt/format.h>
#include <utility>

namespace imcd::db {

Result<std::unique_ptr<Store>> make_mysql_store(MysqlOptions options) {
  return std::make_unique<MysqlStore>(std::move(options));
}

MysqlStore::MysqlStore(MysqlOptions options)
    : SqlStore(options.tables, options.reads_only),
      options_(std::move(options)),
      instance_(options_.tables, options_.shared) {}

Result<std::unique_ptr<SqlConnection>> MysqlStore::connect() {
  auto connection = MysqlConnection::open(options_.server);
  if (!connection) return failure(connection.error());
  // Strict, so that what a column cannot hold is refused and not cut.
  const auto done =
      (*connection)
          ->execute(fmt::format(
              "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1,"
              " foreign_key_checks = 1, innodb_lock_wait_timeout = {}, net_write_timeout = 600",
              std::chrono::ceil<std::chrono::seconds>(options_.server.lock_timeout).count()));
  if (!done) return failure(done.error());
  if (reads_only()) return *std::move(connection);
  // Only who has the database looks at its tables, and makes what is missing.
  if (const auto claimed = instance_.claim(**connection, was_open()); !claimed) {
    instance_.forget();
    return fail(fmt::format("database {}: {}", name(), claimed.error().text));
  }
  return *std::move(connection);
}

SqlResult<void> MysqlStore::configure(SqlConnection& connection) {
  if (was_open()) return {};
  const auto flush = connection.query_number("SELECT @@innodb_flush_log_at_trx_commit", {});
  if (!flush) return std::unexpected(flush.error());
  if (*flush == 1) return {};
  warn(
      fmt::format("the database server writes its log late (innodb_flush_log_at_trx_commit = {}): "
                  "a power cut may take back room changes that were acknowledged",
                  flush->value_or(-1)));
  return {};
}

}  // namespace imcd::db
