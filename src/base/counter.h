// Counters: numbers that go up only. The loop is the only writer, so a load and a store do;
// relaxed, as no other data hangs on them. A family has one counter for each value of an enum.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/figure_list.h"

namespace imcd {

class Counter {
 public:
  // Of a family, which enters them all.
  Counter() = default;
  Counter(FigureList& list, std::string_view name, std::string_view help) {
    list.enter({name, {}, help, this});
  }
  // One of several rows of this name.
  Counter(FigureList& list, std::string_view name, FigureLabel label, std::string_view help) {
    list.enter({name, {std::move(label)}, help, this});
  }

  void add(std::uint64_t by = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// How many values an enum has that counts.
template <class Enum>
constexpr std::size_t count_of = static_cast<std::size_t>(Enum::count);

template <class Enum>
class CounterBy {
 public:
  // `texts`: what its values are called, in their order.
  template <std::size_t size>
  CounterBy(FigureList& list, std::string_view name, std::string_view label,
            const std::string_view (&texts)[size], std::string_view help)
      : CounterBy(list, name, label, help) {
    static_assert(size == count_of<Enum>);
    name_values({std::begin(texts), std::end(texts)});
  }
  // What they are called is said by name_values(), where a folder above knows it.
  CounterBy(FigureList& list, std::string_view name, std::string_view label, std::string_view help)
      : list_(list),
        row_(list.enter({name,
                         {{label, std::vector<std::string_view>(count_of<Enum>)}},
                         help,
                         counters_.data()})) {}
  void name_values(std::vector<std::string_view> texts) {
    texts.resize(count_of<Enum>);
    list_.name_values(row_, std::move(texts));
  }

  Counter& operator[](Enum key) { return counters_[static_cast<std::size_t>(key)]; }
  const Counter& operator[](Enum key) const { return counters_[static_cast<std::size_t>(key)]; }
  // Of all together.
  [[nodiscard]] std::uint64_t value() const {
    std::uint64_t sum = 0;
    for (const Counter& counter : counters_) sum += counter.value();
    return sum;
  }

 private:
  std::array<Counter, count_of<Enum>> counters_;
  FigureList& list_;
  std::size_t row_;
};

template <class Enum>
Counter& at(CounterBy<Enum>& counters, Enum key) {
  return counters[key];
}
template <class Enum>
const Counter& at(const CounterBy<Enum>& counters, Enum key) {
  return counters[key];
}

}  // namespace imcd
