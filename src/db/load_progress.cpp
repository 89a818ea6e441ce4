#include "db/load_progress.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace imcd::db {
namespace {

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

}  // namespace

bool LoadProgress::is_due(MonoTime now, Duration every) {
  if (now - last_ < every) return false;
  last_ = now;
  return true;
}

std::string LoadProgress::text(MonoTime now) const {
  const double elapsed_s = std::chrono::duration<double>(now - began_).count();
  const auto rate = static_cast<std::uint64_t>(
      elapsed_s > 0 ? static_cast<double>(rows_) / elapsed_s : static_cast<double>(rows_));
  if (expected_ == 0) {
    return fmt::format("{} rows, {} a second", with_commas(rows_), with_commas(rate));
  }
  const std::uint64_t expected = std::max(expected_, rows_ + 1);
  const std::uint64_t share = std::min<std::uint64_t>(rows_ * 100 / expected, 99);
  std::string out = fmt::format("{} of about {} rows ({} %), {} a second", with_commas(rows_),
                                with_commas(expected_), share, with_commas(rate));
  if (rate > 0) out += fmt::format(", {} s left", (expected - rows_ + rate - 1) / rate);
  return out;
}

}  // namespace imcd::db
