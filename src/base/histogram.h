// Histogram: how many of what was observed lay below each of a few bounds, and the sum of all.
// Written like a Counter; an observation costs a walk over the bounds. Durations are kept in
// microseconds and shown in seconds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/counter.h"
#include "base/figure_list.h"
#include "base/time.h"

namespace imcd {

class Histogram {
 public:
  static constexpr std::size_t bounds_max = 12;

  // `bounds` in ascending order, at most bounds_max, of static storage; those of a name that ends
  // in `_seconds` in microseconds.
  Histogram(FigureList& list, std::string_view name, std::span<const std::uint64_t> bounds,
            std::string_view help);

  void observe(std::uint64_t number) {
    std::size_t bucket = 0;
    while (bucket < bounds_.size() && number > bounds_[bucket]) ++bucket;
    counts_[bucket].add();
    sum_.add(number);
  }
  void observe(Duration duration) {
    observe(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count()));
  }

  // One for each bound, and the last for what lay above all.
  [[nodiscard]] std::size_t buckets() const { return bounds_.size() + 1; }
  [[nodiscard]] std::uint64_t in_bucket(std::size_t bucket) const {
    return counts_[bucket].value();
  }
  // "10", "0.0025", "+Inf".
  [[nodiscard]] std::string bound_text(std::size_t bucket) const;
  [[nodiscard]] std::uint64_t sum() const { return sum_.value(); }

 private:
  std::span<const std::uint64_t> bounds_;
  bool is_duration_;
  std::array<Counter, bounds_max + 1> counts_;
  Counter sum_;
};

}  // namespace imcd
