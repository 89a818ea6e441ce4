// Histogram: counts of durations in buckets that grow with their value, so that any percentile is
// known to 1.6 % from 12 KB, whatever the number of values. Adding one costs a few nanoseconds.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace imcd::bench {

class Histogram {
 public:
  void add(Duration value) {
    const auto nanoseconds = static_cast<std::uint64_t>(std::max(value, Duration::zero()).count());
    ++buckets_[bucket_of(nanoseconds)];
    ++count_;
    longest_ = std::max(longest_, nanoseconds);
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Duration longest() const { return Duration(longest_); }

  // The value that `share` (0 to 1) of all values do not exceed; zero when there are none.
  [[nodiscard]] Duration percentile(double share) const {
    const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_) + 0.5);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
      seen += buckets_[bucket];
      if (seen >= rank && seen > 0) return Duration(std::min(highest_in(bucket), longest_));
    }
    return Duration::zero();
  }

  void clear() { *this = Histogram{}; }

 private:
  // Each power of two has 64 buckets; below the first 64 each value has its own.
  static constexpr unsigned step_bits = 6;
  static constexpr std::uint64_t steps = 1U << step_bits;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < steps) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - step_bits - 1;
    return std::min<std::size_t>((shift + 1) * steps + (value >> shift) - steps, last);
  }
  static std::uint64_t highest_in(std::size_t bucket) {
    if (bucket < steps) return bucket;
    const unsigned shift = static_cast<unsigned>(bucket / steps) - 1;
    return ((bucket % steps + steps + 1) << shift) - 1;
  }

  // Up to 2^40 ns, 18 minutes, which no run outlasts by much.
  static constexpr std::size_t last = (40 - step_bits + 1) * steps - 1;
  std::array<std::uint32_t, last + 1> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t longest_ = 0;
};

}  // namespace imcd::bench
