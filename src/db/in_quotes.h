// Bytes of a row in quotes, fit for a log line: cut to a few dozen, unprintable ones as \xHH.
#pragma once

#include <string>
#include <string_view>

namespace imcd::db {

std::string in_quotes(std::string_view bytes);

}  // namespace imcd::db
