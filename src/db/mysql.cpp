#include "db/mysql.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace imcd::db {
namespace {

// Some of the server's codes have no name in every version of the library's header.
constexpr unsigned er_cannot_convert_character = 3854;
constexpr unsigned er_mysql_check_constraint = 3819;
constexpr unsigned er_mariadb_constraint_failed = 4025;
constexpr unsigned er_connection_killed = 1927;

// The row itself is at fault: each of these comes back whenever the row is tried again.
constexpr unsigned refusals[] = {
    ER_BAD_NULL_ERROR,
    ER_DUP_ENTRY,
    ER_DUP_ENTRY_WITH_KEY_NAME,
    ER_DUP_KEY,
    ER_DUP_UNIQUE,
    ER_WARN_DATA_OUT_OF_RANGE,
    ER_DATA_OUT_OF_RANGE,
    WARN_DATA_TRUNCATED,
    ER_TRUNCATED_WRONG_VALUE,
    ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
    ER_INVALID_CHARACTER_STRING,
    ER_CANT_AGGREGATE_2COLLATIONS,
    er_cannot_convert_character,
    ER_DATA_TOO_LONG,
    ER_NO_DEFAULT_FOR_FIELD,
    ER_NO_REFERENCED_ROW,
    ER_NO_REFERENCED_ROW_2,
    ER_ROW_IS_REFERENCED,
    ER_ROW_IS_REFERENCED_2,
    ER_SIGNAL_EXCEPTION,
    ER_VIEW_CHECK_FAILED,
    er_mysql_check_constraint,
    er_mariadb_constraint_failed,
};

constexpr unsigned retries[] = {
    ER_CON_COUNT_ERROR,    ER_TOO_MANY_USER_CONNECTIONS,
    ER_USER_LIMIT_REACHED, ER_DISK_FULL,
    ER_RECORD_FILE_FULL,   ER_OPTION_PREVENTS_STATEMENT,
    ER_OPEN_AS_READONLY,   ER_READ_ONLY_MODE,
    ER_OUT_OF_RESOURCES,   ER_OUTOFMEMORY,
    ER_OUT_OF_SORTMEMORY,  ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION,
    ER_ERROR_ON_WRITE,     ER_LOCK_TABLE_FULL,
};

std::unexpected<MysqlError> failure(MYSQL* connection) {
  return std::unexpected(MysqlError{mysql_errno(connection), mysql_error(connection)});
}

unsigned seconds(Duration duration) {
  return static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

// The library says of a file that is missing only that one is.
MysqlResult<void> check_tls_files(const MysqlServer& server) {
  for (const std::string* path : {&server.tls_ca, &server.tls_cert, &server.tls_key}) {
    if (path->empty() || ::access(path->c_str(), R_OK) == 0) continue;
    return std::unexpected(MysqlError{
        CR_SSL_CONNECTION_ERROR,
        fmt::format("cannot read {}: {}", *path, std::generic_category().message(errno))});
  }
  return {};
}

// Asked to enforce TLS, the library goes on without it where the server has none.
MysqlResult<void> check_tls(MYSQL* connection, const MysqlServer& server) {
  if (server.tls == MysqlTls::off || mysql_get_ssl_cipher(connection) != nullptr) return {};
  return std::unexpected(MysqlError{CR_SSL_CONNECTION_ERROR,
                                    "db_url demands TLS, and the server does not support it"});
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

MysqlVerdict verdict(const MysqlError& error) {
  if (error.code == ER_LOCK_DEADLOCK || error.code == ER_LOCK_WAIT_TIMEOUT) {
    return MysqlVerdict::again;
  }
  if (std::ranges::find(refusals, error.code) != std::end(refusals)) return MysqlVerdict::refuse;
  if (std::ranges::find(retries, error.code) != std::end(retries)) return MysqlVerdict::retry;
  return MysqlVerdict::reconnect;
}

bool is_lost_connection(const MysqlError& error) {
  return error.code == CR_SERVER_GONE_ERROR || error.code == CR_SERVER_LOST ||
         error.code == CR_SERVER_LOST_EXTENDED || error.code == ER_SERVER_SHUTDOWN ||
         error.code == er_connection_killed || error.code == ER_NEW_ABORTING_CONNECTION;
}

// --- A statement --------------------------------------------------------------------------------

std::unexpected<MysqlError> MysqlStatement::failure() const {
  return std::unexpected(MysqlError{mysql_stmt_errno(get()), mysql_stmt_error(get())});
}

void MysqlStatement::bind(std::string_view text) {
  MYSQL_BIND& parameter = parameters_.at(bound_++);
  parameter = {};
  parameter.buffer_type = MYSQL_TYPE_STRING;
  // The library never writes to what a parameter points to.
  parameter.buffer = const_cast<char*>(text.empty() ? "" : text.data());
  parameter.buffer_length = text.size();
}

void MysqlStatement::bind(std::int64_t number) {
  numbers_.at(bound_) = number;
  MYSQL_BIND& parameter = parameters_.at(bound_);
  parameter = {};
  parameter.buffer_type = MYSQL_TYPE_LONGLONG;
  parameter.buffer = &numbers_[bound_];
  ++bound_;
}

MysqlResult<void> MysqlStatement::execute() {
  bound_ = 0;
  if (!parameters_.empty() && mysql_stmt_bind_param(get(), parameters_.data()) != 0) {
    return failure();
  }
  if (mysql_stmt_execute(get()) != 0) return failure();
  return {};
}

MysqlResult<void> MysqlStatement::bind_columns() {
  columns_.resize(mysql_stmt_field_count(get()));
  if (columns_.empty()) return {};
  std::vector<MYSQL_BIND> binds(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    column.bytes.resize(column_bytes_max);
    binds[i].buffer_type = MYSQL_TYPE_STRING;
    binds[i].buffer = column.bytes.data();
    binds[i].buffer_length = column.bytes.size();
    binds[i].length = &column.length;
    binds[i].is_null = &column.is_null;
  }
  if (mysql_stmt_bind_result(get(), binds.data()) != 0) return failure();
  return {};
}

MysqlResult<bool> MysqlStatement::fetch() {
  switch (mysql_stmt_fetch(get())) {
    case 0:
    case MYSQL_DATA_TRUNCATED:
      return true;
    case MYSQL_NO_DATA:
      return false;
    default:
      return failure();
  }
}

void MysqlStatement::reset() { mysql_stmt_free_result(get()); }

std::string_view MysqlStatement::text(std::size_t column) const {
  const Column& found = columns_[column];
  return std::string_view(found.bytes)
      .substr(0, std::min<std::size_t>(found.length, column_bytes_max));
}

// --- A connection -------------------------------------------------------------------------------

MysqlResult<MysqlConnection> MysqlConnection::open(const MysqlServer& server) {
  if (auto good = check_tls_files(server); !good) return std::unexpected(good.error());
  MysqlConnection opened;
  opened.connection_.reset(mysql_init(nullptr));
  MYSQL* const connection = opened.connection_.get();
  if (connection == nullptr) return std::unexpected(MysqlError{CR_OUT_OF_MEMORY, "out of memory"});
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

MysqlResult<void> MysqlConnection::execute(std::string_view sql) {
  MYSQL* const connection = connection_.get();
  if (mysql_real_query(connection, sql.data(), sql.size()) != 0) return failure(connection);
  if (MYSQL_RES* const rows = mysql_store_result(connection); rows != nullptr) {
    mysql_free_result(rows);
  } else if (mysql_errno(connection) != 0) {
    return failure(connection);
  }
  return {};
}

MysqlResult<MysqlStatement> MysqlConnection::prepare(std::string_view sql) {
  MysqlStatement prepared;
  prepared.statement_.reset(mysql_stmt_init(connection_.get()));
  if (prepared.statement_ == nullptr) return failure(connection_.get());
  if (mysql_stmt_prepare(prepared.get(), sql.data(), sql.size()) != 0) return prepared.failure();
  prepared.parameters_.resize(mysql_stmt_param_count(prepared.get()));
  prepared.numbers_.resize(prepared.parameters_.size());
  if (auto done = prepared.bind_columns(); !done) return std::unexpected(done.error());
  return prepared;
}

}  // namespace imcd::db
