#include "db/piece_writer.h"

#include <fmt/format.h>

namespace imcd::db {

bool PieceWriter::skip(std::string_view table, std::int64_t id, std::string_view fault) {
  piece_.skipped.push_back(fmt::format("row {} of table {} was skipped: {}", id, table, fault));
  return hand_over_full();
}

bool PieceWriter::finish() { return piece_.empty() || sink_(context_, std::exchange(piece_, {})); }

bool PieceWriter::hand_over_full() { return piece_.size() < load_piece_rows_max || finish(); }

}  // namespace imcd::db
