#include "db/mysql_statement.h"

#include <algorithm>
#include <charconv>
#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>
#include <system_error>

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

bool is_lost_connection(unsigned code) {
  return code == CR_SERVER_GONE_ERROR || code == CR_SERVER_LOST ||
         code == CR_SERVER_LOST_EXTENDED || code == ER_SERVER_SHUTDOWN ||
         code == er_connection_killed || code == ER_NEW_ABORTING_CONNECTION;
}

SqlVerdict verdict(unsigned code) {
  if (code == ER_LOCK_DEADLOCK || code == ER_LOCK_WAIT_TIMEOUT) return SqlVerdict::again;
  if (is_lost_connection(code)) return SqlVerdict::lost;
  if (std::ranges::find(refusals, code) != std::end(refusals)) return SqlVerdict::refuse;
  if (std::ranges::find(retries, code) != std::end(retries)) return SqlVerdict::retry;
  return SqlVerdict::reconnect;
}

}  // namespace

SqlError mysql_error_of(unsigned code, std::string_view words) {
  return {static_cast<int>(code), fmt::format("{} (MySQL's error {})", words, code), verdict(code)};
}

SqlResult<std::unique_ptr<MysqlStatement>> MysqlStatement::prepare(MYSQL* connection,
                                                                   const std::string& sql) {
  auto prepared = std::make_unique<MysqlStatement>();
  prepared->statement_.reset(mysql_stmt_init(connection));
  if (prepared->statement_ == nullptr) {
    return std::unexpected(mysql_error_of(mysql_errno(connection), mysql_error(connection)));
  }
  if (mysql_stmt_prepare(prepared->get(), sql.data(), sql.size()) != 0) return prepared->failure();
  prepared->parameters_.resize(mysql_stmt_param_count(prepared->get()));
  prepared->numbers_.resize(prepared->parameters_.size());
  if (auto done = prepared->bind_columns(); !done) return std::unexpected(done.error());
  return prepared;
}

std::unexpected<SqlError> MysqlStatement::failure() const {
  return std::unexpected(mysql_error_of(mysql_stmt_errno(get()), mysql_stmt_error(get())));
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

SqlResult<void> MysqlStatement::execute() {
  bound_ = 0;
  if (!parameters_.empty() && mysql_stmt_bind_param(get(), parameters_.data()) != 0) {
    return failure();
  }
  if (mysql_stmt_execute(get()) != 0) return failure();
  return {};
}

SqlResult<void> MysqlStatement::bind_columns() {
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

SqlResult<bool> MysqlStatement::fetch() {
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

std::optional<std::string_view> MysqlStatement::text(std::size_t column) const {
  const Column& found = columns_[column];
  if (found.is_null != 0) return std::nullopt;
  return std::string_view(found.bytes)
      .substr(0, std::min<std::size_t>(found.length, column_bytes_max));
}

std::optional<std::int64_t> MysqlStatement::number(std::size_t column) const {
  const std::string_view digits = text(column).value_or("");
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

// Nobody waits for the rows that are still under way.
void MysqlStatement::cut() { mariadb_cancel(get()->mysql); }

}  // namespace imcd::db
