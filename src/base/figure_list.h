// FigureList: the rows of all figures, in the order in which figures.h declares them. A figure
// enters itself when it is made; who shows figures (the statistics of the management interface,
// docs/FIGURES.md) walks the list and knows none of them by name.
//
// The list is complete before a second thread runs and does not change after. The values behind it
// are atomics that the loop writes; any thread may read each at any time, for itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace imcd {

class Counter;
class Gauge;
class Histogram;

// A label of a row and the texts of its values, in their order. A value with an empty text is not
// shown: nothing is counted there.
struct FigureLabel {
  std::string_view name;
  std::vector<std::string_view> texts;
};

struct FigureRow {
  std::string_view name;  // Without the prefix `imcd_`; rows of one name stand together.
  std::vector<FigureLabel> labels;
  std::string_view help;  // One line, no capital, no stop; empty: as the row above of this name.
  // The first of as many as the labels' texts can be combined, the last label's running fastest.
  std::variant<const Counter*, const Gauge*, const Histogram*> first;

  // "counter", "gauge" or "histogram".
  [[nodiscard]] std::string_view kind() const;
  // "bytes" or "seconds", as the name says; else empty.
  [[nodiscard]] std::string_view unit() const;
};

// One number of a row. The views hold during the visit.
struct FigureValue {
  const FigureRow& row;
  std::span<const std::string_view> texts;  // Of the row's labels.
  std::string_view suffix;                  // Of a histogram: "_bucket", "_sum" or "_count".
  std::string_view bound;                   // Of a bucket: `le`, in the row's unit.
  std::uint64_t number = 0;                 // A sum of seconds: in microseconds.
};

class FigureList {
 public:
  FigureList() = default;
  ~FigureList() = default;
  FigureList(const FigureList&) = delete;
  FigureList& operator=(const FigureList&) = delete;

  // Gives the number of the row.
  std::size_t enter(FigureRow row);
  // What the values of the row's only label are called, where a folder above knows it: once, at
  // the start.
  void name_values(std::size_t row, std::vector<std::string_view> texts) {
    rows_[row].labels.front().texts = std::move(texts);
  }

  [[nodiscard]] std::span<const FigureRow> rows() const { return rows_; }
  void for_each_value(const std::function<void(const FigureValue&)>& visit) const;

 private:
  std::vector<FigureRow> rows_;
};

// "deliveries_total{result=accepted}", "fanout_recipients_bucket{le=10}",
// "db_commit_seconds_sum_us".
std::string value_name(const FigureValue& value);

}  // namespace imcd
