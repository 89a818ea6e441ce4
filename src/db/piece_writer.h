// PieceWriter: collects loaded rows into pieces of load_piece_rows_max and hands each full one to
// the sink. Every call that says false ends the load.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "db/store.h"
#include "records/loaded_rows.h"

namespace imcd::db {

class PieceWriter {
 public:
  PieceWriter(Store::Sink sink, void* context) : sink_(sink), context_(context) {}

  template <class Row>
  [[nodiscard]] bool add(Row row) {
    piece_.of<Row>().push_back(std::move(row));
    return hand_over_full();
  }
  // A row that cannot be used, for records::LoadedRows::skipped.
  [[nodiscard]] bool skip(std::string_view table, std::int64_t id, std::string_view fault);
  // What is left over.
  [[nodiscard]] bool finish();

 private:
  bool hand_over_full();

  Store::Sink sink_;
  void* context_;
  records::LoadedRows piece_;
};

}  // namespace imcd::db
