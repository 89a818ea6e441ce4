#include "db/table.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/text.h"
#include "db/in_quotes.h"
#include "db/tables.h"

namespace imcd::db {
namespace {

constexpr std::size_t table_name_bytes_max = 64;
constexpr std::string_view version_table = "version";

bool is_name_character(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

Result<void> check_table_name(std::string_view name) {
  const bool is_name = !name.empty() && name.size() <= table_name_bytes_max &&
                       !is_digit(name.front()) && std::ranges::all_of(name, is_name_character);
  if (!is_name) {
    return fail(
        fmt::format("{} cannot be the name of a table: expected 1 to {} letters, digits and "
                    "underscores, no digit first",
                    in_quotes(name), table_name_bytes_max));
  }
  if (starts_with_ignoring_case(name, "sqlite_") || equal_ignoring_case(name, version_table)) {
    return fail(fmt::format("{} cannot be the name of a table: it is taken", in_quotes(name)));
  }
  return {};
}

}  // namespace

Result<void> check_table_names(const TableNames& names) {
  std::vector<std::string> taken;
  for (const Table* table : tables) {
    std::string name = table->name_among(names);
    if (Result<void> good = check_table_name(name); !good) return good;
    const auto is_name = [&](const std::string& one) { return equal_ignoring_case(one, name); };
    if (std::ranges::any_of(taken, is_name)) {
      return fail(fmt::format("two tables cannot both be called {}", name));
    }
    taken.push_back(std::move(name));
  }
  return {};
}

Result<void> check_table_version(std::string_view table, std::int64_t version) {
  if (version >= table_version && version <= table_version_highest) return {};
  return fail(
      fmt::format("table {} has version {}, expected {} (as OpenSER and Kamailio make it) "
                  "or {} (as OpenSIPS does)",
                  table, version, table_version, table_version_highest));
}

}  // namespace imcd::db
