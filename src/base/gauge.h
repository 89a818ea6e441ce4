// Gauge: a number that goes up and down; written like a Counter.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/figure_list.h"

namespace imcd {

class Gauge {
 public:
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

}  // namespace imcd
