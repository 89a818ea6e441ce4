// What all stores share about rows: which rooms a command's records are about, which rows can be
// used, and how a row that cannot is reported.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "db/store.h"
#include "records/record.h"

namespace imcd::db {

// The rooms that a command's records name, each once, in the order of their first mention. Records
// of users name none.
std::vector<records::RoomRow::Key> touched_rooms(const Command& command);

// Why a row cannot be used, for the end of a sentence ("its name is empty"); empty for a good row.
// Names go into SIP headers, so a byte that could end a header or a URI makes a row bad.
std::string row_fault(const records::RoomRow& row);
std::string row_fault(const records::MemberRow& row);
std::string row_fault(const records::UserRow& row);
std::string row_fault(const records::InvitationRow& row);

// The sentence for records::LoadedRows::skipped.
std::string skipped_row(std::string_view table, std::int64_t id, std::string_view fault);

// Bytes of a row in quotes, fit for a log line: cut to a few dozen, unprintable ones as \xHH.
std::string in_quotes(std::string_view bytes);

// Collects rows into pieces of load_piece_rows_max and hands each full one to the sink. Every call
// that says false ends the load.
class PieceWriter {
 public:
  PieceWriter(Store::Sink sink, void* context) : sink_(sink), context_(context) {}

  template <class Row>
  [[nodiscard]] bool add(Row&& row) {
    piece_.of<Row>().push_back(std::move(row));
    return hand_over_full();
  }
  [[nodiscard]] bool skip(std::string&& sentence);
  // What is left over.
  [[nodiscard]] bool finish();

 private:
  bool hand_over_full();

  Store::Sink sink_;
  void* context_;
  records::LoadedRows piece_;
};

}  // namespace imcd::db
