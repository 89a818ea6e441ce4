#include "db/sql.h"

namespace imcd::db {

SqlResult<std::optional<std::int64_t>> SqlConnection::query_number(
    const std::string& sql, std::span<const std::string> values) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  for (const std::string& value : values) (*statement)->bind(value);
  if (auto done = (*statement)->execute(); !done) return std::unexpected(done.error());
  const SqlResult<bool> row = (*statement)->fetch();
  if (!row) return std::unexpected(row.error());
  const auto number = *row ? (*statement)->number(0) : std::nullopt;
  (*statement)->reset();
  return number;
}

}  // namespace imcd::db
