// Gauge: a number that goes up and down; written like a Counter.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "base/figure_list.h"

namespace imcd {

class Gauge {
 public:
  // Of a family, which enters them all.
  Gauge() = default;
  Gauge(FigureList& list, std::string_view name, std::string_view help) {
    list.enter({name, {}, help, this});
  }
  // One of several rows of this name.
  Gauge(FigureList& list, std::string_view name, std::vector<FigureLabel> labels,
        std::string_view help) {
    list.enter({name, std::move(labels), help, this});
  }

  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t by = 1) { set(value() + by); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// One for each value of an enum.
template <class Enum>
class GaugeBy {
 public:
  // `texts`: what its values are called, in their order.
  template <std::size_t size>
  GaugeBy(FigureList& list, std::string_view name, std::string_view label,
          const std::string_view (&texts)[size], std::string_view help) {
    static_assert(size == static_cast<std::size_t>(Enum::count));
    list.enter({name, {{label, {std::begin(texts), std::end(texts)}}}, help, gauges_.data()});
  }

  Gauge& operator[](Enum key) { return gauges_[static_cast<std::size_t>(key)]; }
  const Gauge& operator[](Enum key) const { return gauges_[static_cast<std::size_t>(key)]; }

 private:
  std::array<Gauge, static_cast<std::size_t>(Enum::count)> gauges_;
};

}  // namespace imcd
