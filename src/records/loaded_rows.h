// LoadedRows: rows as a store read them, of all tables or of some.
#pragma once

#include <cstddef>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "records/rows.h"

namespace imcd::records {

class LoadedRows {
 public:
  template <class Row>
  [[nodiscard]] std::vector<Row>& of() {
    return std::get<std::vector<Row>>(rows_);
  }
  template <class Row>
  [[nodiscard]] const std::vector<Row>& of() const {
    return std::get<std::vector<Row>>(rows_);
  }
  std::vector<std::string> skipped;  // Rows that could not be read, a sentence each.

  // Calls `visit` with the vector of each row, in the order of Rows.
  template <class Visit>
  void for_each_table(Visit&& visit) const {
    std::apply([&visit](const auto&... rows) { (visit(rows), ...); }, rows_);
  }

  [[nodiscard]] std::size_t size() const {
    std::size_t size = skipped.size();
    for_each_table([&size](const auto& rows) { size += rows.size(); });
    return size;
  }
  [[nodiscard]] bool empty() const { return size() == 0; }

  void append(LoadedRows&& more) {
    for_each_table(
        [this, &more]<class Row>(const std::vector<Row>&) { append(of<Row>(), more.of<Row>()); });
    append(skipped, more.skipped);
  }

 private:
  template <class Value>
  static void append(std::vector<Value>& to, std::vector<Value>& from) {
    to.insert(to.end(), std::move_iterator(from.begin()), std::move_iterator(from.end()));
  }

  template <class Row>
  using Vector = std::vector<Row>;
  Rows::Each<Vector> rows_;
};

}  // namespace imcd::records
