// Wall time as people read it, in UTC, by ISO 8601. The core has no environment, so it knows no
// time zone.
#pragma once

#include <chrono>
#include <fmt/format.h>
#include <string>

#include "base/time.h"

namespace imcd {

// 2026-11-20
inline std::string date_text(WallTime time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:04}-{:02}-{:02}", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()));
}

// 2026-11-20T10:11:12Z
inline std::string date_time_text(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const std::chrono::hh_mm_ss clock(seconds - std::chrono::floor<std::chrono::days>(seconds));
  return fmt::format("{}T{:02}:{:02}:{:02}Z", date_text(time), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace imcd
