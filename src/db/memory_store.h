// MemoryStore: the twin of the SQL stores that tests and the simulator use, with faults on command.
//
// There are two objects, because a process dies and its database does not. MemoryDatabase is the
// disk: the test owns it, reads and fills its rows, and sets its faults. MemoryStore is the
// process' connection to it. To play a crash, drop the server and its MemoryStore, then start both
// again on the same MemoryDatabase: exactly what was committed is there.
//
// commit() does its work before it returns, and no time passes in it. A slow or hanging database is
// played by the caller, who decides when the loop learns the answer: call commit() late and the
// rows change late; call it at once, but deliver the CommitResult late (or never, and then crash),
// and the rows have changed although nobody was told.
//
// What a death or a failure interrupts leaves nothing behind: batches are applied all or nothing,
// but for bundles that `refuses` picks, which are left out by themselves as the SQL stores do.
// Nothing here is random or depends on addresses; rows come in the order of their keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "db/store.h"

namespace imcd::db {

// Each count is taken down by one where its fault happens; SIZE_MAX lasts until it is set back.
// Where several would happen in one commit, the first in this order does.
struct MemoryFaults {
  // The next opens fail.
  std::size_t open_failures = 0;
  // The next loads fail once their first piece is handed over.
  std::size_t load_failures = 0;
  // The next commits change nothing and fail retryably.
  std::size_t commit_failures = 0;
  // Another database stands in the place of this one: all commits fail for good.
  bool replaced = false;
  // The process dies when so many more records have been applied, counted over all batches to come:
  // before the next record, or before the COMMIT where the batch has no more. The transaction that
  // is open then leaves nothing behind. Taken back when it happens.
  std::optional<std::size_t> die_after_records;
  // Records that are refused for good, with the whole bundle they belong to. They count as
  // applied for die_after_records, as a database too learns of the refusal only by trying.
  std::function<bool(const records::Record&)> refuses;
  // The next commits change the rows, but say that they did not.
  std::size_t lost_answers = 0;

  // What the errors of the first three and of lost answers say.
  std::string error = "the memory database is away";
};

class MemoryDatabase {
 public:
  // A table's rows by their keys, which are its unique ones, compared as bytes. A test may put
  // anything here, also rows that no store would write.
  template <class Row>
  using Table = std::map<typename Row::Key, Row>;
  template <class Row>
  [[nodiscard]] Table<Row>& of() {
    return std::get<Table<Row>>(tables_);
  }
  template <class Row>
  [[nodiscard]] const Table<Row>& of() const {
    return std::get<Table<Row>>(tables_);
  }
  template <class Row>
  void put(Row row) {
    of<Row>().insert_or_assign(row.key, row);
  }

  MemoryFaults faults;

 private:
  records::Rows::Each<Table> tables_;
};

class MemoryStore final : public Store {
 public:
  // The database must outlive the store.
  explicit MemoryStore(MemoryDatabase& database) : database_(database) {}

  Result<void> open() override;
  Result<void> load(Sink sink, void* context) override;

  // Whether die_after_records has struck. A dead store fails whatever it is asked, open() included:
  // the caller is to end the process it belongs to and to make a new one.
  [[nodiscard]] bool is_dead() const { return dead_; }

 private:
  CommitResult write(const Batch& batch) override;
  MemoryDatabase& database_;
  bool dead_ = false;
};

}  // namespace imcd::db
