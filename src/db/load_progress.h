// LoadProgress: how far the reading of a database has come, in words: rows, share, rate, time left.
// The number of all rows is an estimate (an exact count would read the tables once more), so the
// share stays below all of it until the load has ended.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace imcd::db {

class LoadProgress {
 public:
  LoadProgress(std::uint64_t rows_expected, MonoTime now) : expected_(rows_expected), began_(now) {}

  void add(std::uint64_t rows) { rows_ += rows; }

  // Whether it is time for another word: `every` has passed since this was last true, or since the
  // beginning.
  [[nodiscard]] bool is_due(MonoTime now, Duration every);

  // `1,200,000 of about 2,000,000 rows (60 %), 400,000 a second, 2 s left`; without an estimate
  // only rows and rate.
  [[nodiscard]] std::string text(MonoTime now) const;

 private:
  std::uint64_t expected_;
  MonoTime began_;
  MonoTime last_ = began_;
  std::uint64_t rows_ = 0;
};

}  // namespace imcd::db
