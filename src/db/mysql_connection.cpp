#include "db/mysql_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <errmsg.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/text.h"
#include "db/mysql_statement.h"

namespace imcd::db {
namespace {

constexpr std::array<std::size_t, 3> rows_by_one_statement = {64, 8, 1};
constexpr std::string_view table_options =
    " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

std::unexpected<SqlError> failure(MYSQL* connection) {
  return std::unexpected(mysql_error_of(mysql_errno(connection), mysql_error(connection)));
}

unsigned seconds(Duration duration) {
  return static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

// The library says of a file that is missing only that one is.
SqlResult<void> check_tls_files(const MysqlServer& server) {
  for (const std::string* path : {&server.tls_ca, &server.tls_cert, &server.tls_key}) {
    if (path->empty() || ::access(path->c_str(), R_OK) == 0) continue;
    return std::unexpected(mysql_error_of(
        CR_SSL_CONNECTION_ERROR,
        fmt::format("cannot read {}: {}", *path, std::generic_category().message(errno))));
  }
  return {};
}

// Asked to enforce TLS, the library goes on without it where the server has none.
SqlResult<void> check_tls(MYSQL* connection, const MysqlServer& server) {
  if (server.tls == MysqlTls::off || mysql_get_ssl_cipher(connection) != nullptr) return {};
  return std::unexpected(mysql_error_of(CR_SSL_CONNECTION_ERROR,
                                        "db_url demands TLS, and the server does not support it"));
}

void set_tls(MYSQL* connection, const MysqlServer& server) {
  if (server.tls == MysqlTls::off) return;
  mysql_optionsv(connection, MYSQL_OPT_SSL_CA, or_null(server.tls_ca));
  mysql_optionsv(connection, MYSQL_OPT_SSL_CERT, or_null(server.tls_cert));
  mysql_optionsv(connection, MYSQL_OPT_SSL_KEY, or_null(server.tls_key));
  const my_bool enforce = 1;
  mysql_optionsv(connection, MYSQL_OPT_SSL_ENFORCE, &enforce);
  const my_bool verify = server.tls == MysqlTls::verified ? 1 : 0;
  mysql_optionsv(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

void set_options(MYSQL* connection, const MysqlServer& server) {
  const unsigned connect_timeout = seconds(server.connect_timeout);
  const unsigned read_timeout = seconds(server.read_timeout);
  mysql_optionsv(connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
  mysql_optionsv(connection, MYSQL_OPT_READ_TIMEOUT, &read_timeout);
  mysql_optionsv(connection, MYSQL_OPT_WRITE_TIMEOUT, &read_timeout);
  mysql_optionsv(connection, MYSQL_SET_CHARSET_NAME, server.charset.c_str());
  // A connection that came back by itself would have lost its transaction and its lock unnoticed.
  const my_bool reconnect = 0;
  mysql_optionsv(connection, MYSQL_OPT_RECONNECT, &reconnect);
  // The library takes `localhost` for the local socket even where there is a port.
  const unsigned protocol = MYSQL_PROTOCOL_TCP;
  if (server.socket.empty() && server.port != 0) {
    mysql_optionsv(connection, MYSQL_OPT_PROTOCOL, &protocol);
  }
  set_tls(connection, server);
}

}  // namespace

SqlResult<std::unique_ptr<MysqlConnection>> MysqlConnection::open(const MysqlServer& server) {
  if (auto good = check_tls_files(server); !good) return std::unexpected(good.error());
  auto opened = std::make_unique<MysqlConnection>();
  opened->charset_ = server.charset;
  opened->connection_.reset(mysql_init(nullptr));
  MYSQL* const connection = opened->connection_.get();
  if (connection == nullptr) {
    return std::unexpected(mysql_error_of(CR_OUT_OF_MEMORY, "out of memory"));
  }
  set_options(connection, server);
  // Rows that an UPDATE found count, also where they had the new values already.
  const unsigned long flags = CLIENT_FOUND_ROWS;
  const bool has_socket = !server.socket.empty();
  if (mysql_real_connect(connection, has_socket ? nullptr : server.host.c_str(),
                         server.user.c_str(), server.password.c_str(), server.database.c_str(),
                         has_socket ? 0 : server.port, or_null(server.socket), flags) == nullptr) {
    return failure(connection);
  }
  if (auto good = check_tls(connection, server); !good) return std::unexpected(good.error());
  return opened;
}

SqlResult<std::unique_ptr<SqlStatement>> MysqlConnection::prepare(const std::string& sql) {
  return MysqlStatement::prepare(connection_.get(), sql);
}

SqlResult<void> MysqlConnection::execute(const std::string& sql) {
  MYSQL* const connection = connection_.get();
  if (mysql_real_query(connection, sql.data(), sql.size()) != 0) return failure(connection);
  if (MYSQL_RES* const rows = mysql_store_result(connection); rows != nullptr) {
    mysql_free_result(rows);
  } else if (mysql_errno(connection) != 0) {
    return failure(connection);
  }
  return {};
}

// --- What differs in SQL ------------------------------------------------------------------------

// As the column's collation says, for which there is an index, and by the bytes, since a collation
// may hold Chat for chat, and e with an accent for e.
std::string MysqlConnection::equals(std::string_view column) const {
  return fmt::format("`{0}` = ? AND CAST(CONVERT(`{0}` USING {1}) AS BINARY) = CAST(? AS BINARY)",
                     column, charset_);
}

std::span<const std::size_t> MysqlConnection::rows_at_once() const { return rows_by_one_statement; }

std::string MysqlConnection::type_of(Holds holds) const {
  if (holds == Holds::flags) return "INT UNSIGNED";
  if (holds == Holds::time) return "BIGINT";
  return fmt::format("VARCHAR({})", width_of(holds));
}

std::string MysqlConnection::after_columns() const { return std::string(table_options); }

std::string MysqlConnection::make_version_table() const {
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS version (\n"
      "    table_name VARCHAR(64) PRIMARY KEY NOT NULL,\n"
      "    table_version INT UNSIGNED NOT NULL DEFAULT 0\n"
      "){}",
      table_options);
}

// --- Looking at tables --------------------------------------------------------------------------

SqlResult<std::vector<FoundColumn>> MysqlConnection::columns_of(const std::string& table) {
  auto statement = prepare(
      "SELECT column_name, data_type, collation_name, character_maximum_length"
      " FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?");
  if (!statement) return std::unexpected(statement.error());
  SqlStatement& row = **statement;
  if (auto done = row.run(std::string_view(table)); !done) return std::unexpected(done.error());
  std::vector<FoundColumn> columns;
  SqlResult<bool> more = row.fetch();
  for (; more && *more; more = row.fetch()) {
    FoundColumn& column = columns.emplace_back();
    column.name = row.text(0).value_or("");
    column.type = row.text(1).value_or("");
    column.collation = row.text(2).value_or("");
    if (const auto width = row.number(3)) column.width = static_cast<std::size_t>(*width);
  }
  if (!more) return std::unexpected(more.error());
  return columns;
}

SqlResult<bool> MysqlConnection::has_index(const std::string& table, const std::string& column) {
  const auto found = query(
      "SELECT index_name FROM information_schema.statistics WHERE table_schema = DATABASE()"
      " AND table_name = ? AND column_name = ? AND seq_in_index = 1",
      std::string_view(table), std::string_view(column));
  if (!found) return std::unexpected(found.error());
  return found->has_value();
}

// A batch that is stored by half is worse than one that is not, so there must be transactions.
Result<void> MysqlConnection::check_engine(const std::string& table) {
  const auto engine = query(
      "SELECT engine FROM information_schema.tables"
      " WHERE table_schema = DATABASE() AND table_name = ?",
      std::string_view(table));
  if (!engine) return fail(engine.error().text);
  if (!*engine) return fail(fmt::format("{} is not a table with an engine of its own", table));
  const auto transactions =
      query("SELECT transactions FROM information_schema.engines WHERE engine = ?",
            std::string_view(**engine));
  if (!transactions) return fail(transactions.error().text);
  if (*transactions == "YES") return {};
  return fail(
      fmt::format("table {0} is kept by {1}, which has no transactions; give it another "
                  "engine: ALTER TABLE `{0}` ENGINE = InnoDB",
                  table, **engine));
}

// There must be just the one unique key beside the row's number, it must compare bytes, and numbers
// that are wasted must not run out.
SqlResult<bool> MysqlConnection::puts_at_once(const std::string& table,
                                              std::span<const FoundColumn> columns,
                                              std::span<const std::string> key) {
  for (const FoundColumn& column : columns) {
    if (!column.collation.empty() && column.collation != "utf8mb4_bin") return false;
    if (equal_ignoring_case(column.name, "id") && column.type != "bigint") return false;
  }
  const auto unique_keys = query(
      "SELECT GROUP_CONCAT(names SEPARATOR ';') FROM"
      " (SELECT GROUP_CONCAT(CONCAT(LOWER(column_name), IFNULL(sub_part, ''))"
      "   ORDER BY seq_in_index) AS names"
      "  FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ?"
      "  AND non_unique = 0 GROUP BY index_name) AS found WHERE names <> 'id'",
      std::string_view(table));
  if (!unique_keys) return std::unexpected(unique_keys.error());
  return *unique_keys == fmt::format("{}", fmt::join(key, ","));
}

std::uint64_t MysqlConnection::estimate_rows(std::span<const std::string> tables) {
  std::uint64_t rows = 0;
  for (const std::string& table : tables) {
    const std::string values[] = {table};
    const auto counted = query_number(
        "SELECT table_rows FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = ?",
        values);
    if (counted && *counted) rows += static_cast<std::uint64_t>(**counted);
  }
  return rows;
}

}  // namespace imcd::db
