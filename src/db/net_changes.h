// NetChanges: what a batch leaves behind, row by row. Records are absolute, so of all that a batch
// says about one row only the last counts, and rows may be written in any order: first what goes,
// then what stays. A store that can write many rows by one statement does so with these.
#pragma once

#include <string>
#include <vector>

#include "db/store.h"
#include "records/record.h"

namespace imcd::db {

// Of one table, in the order of their keys, so that two writers ask for rows in one order.
template <class Row>
struct NetRows {
  std::vector<const typename Row::Key*> erased;
  std::vector<const Row*> put;
};

class NetChanges {
 public:
  // The batch must outlive it: rows are pointers to its records.
  explicit NetChanges(const Batch& batch);

  // URIs of rooms whose rows in other tables go, all of them.
  std::vector<std::string> emptied_rooms;
  template <class Row>
  [[nodiscard]] const NetRows<Row>& of() const {
    return std::get<NetRows<Row>>(rows_);
  }

 private:
  records::Rows::Each<NetRows> rows_;
};

}  // namespace imcd::db
