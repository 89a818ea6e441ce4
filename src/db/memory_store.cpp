#include "db/memory_store.h"

#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "db/piece_writer.h"
#include "db/tables.h"
#include "db/touched_rooms.h"

namespace imcd::db {
namespace {

constexpr const char* died = "the process died";

bool takes_place(std::size_t& count) {
  if (count == 0) return false;
  if (count != SIZE_MAX) --count;
  return true;
}

template <records::OfRoom Row>
std::vector<Row> rows_of_room(const MemoryDatabase& database, const std::string& room) {
  typename Row::Key lowest;
  lowest.room = room;
  const auto& table = database.of<Row>();
  std::vector<Row> rows;
  for (auto at = table.lower_bound(lowest); at != table.end() && at->first.room == room; ++at) {
    rows.push_back(at->second);
  }
  return rows;
}

// A change that can be taken back: each step remembers what a row was before it.
class Transaction {
 public:
  explicit Transaction(MemoryDatabase& database) : database_(database) {}

  void apply(const records::Record& record) {
    std::visit([this](const auto& change) { apply(change); }, record);
  }

  // A place to go back to.
  [[nodiscard]] std::size_t savepoint() const { return undo_.size(); }

  void roll_back(std::size_t savepoint = 0) {
    for (; undo_.size() > savepoint; undo_.pop_back()) undo_.back()();
  }

 private:
  template <class Row>
  void apply(const records::Put<Row>& put) {
    remember<Row>(put.row.key);
    database_.put(put.row);
  }
  template <class Row>
  void apply(const records::Erase<Row>& erase) {
    if constexpr (std::is_same_v<Row, records::RoomRow>) erase_rows_of(records::uri_of(erase.key));
    remember<Row>(erase.key);
    database_.of<Row>().erase(erase.key);
  }
  void erase_rows_of(const std::string& room) {
    records::Rows::for_each([&]<class Row>(const Row&) {
      if constexpr (records::OfRoom<Row>) {
        for (const Row& row : rows_of_room<Row>(database_, room))
          apply(records::Erase<Row>{row.key});
      }
    });
  }
  template <class Row>
  void remember(const typename Row::Key& key) {
    auto& table = database_.of<Row>();
    if (const auto row = table.find(key); row != table.end()) {
      undo_.emplace_back([&table, was = row->second] { table.insert_or_assign(was.key, was); });
    } else {
      undo_.emplace_back([&table, key] { table.erase(key); });
    }
  }

  MemoryDatabase& database_;
  std::vector<std::function<void()>> undo_;
};

// The rows as a reader gets them; those that no reader could use are named instead.
template <class Row>
bool write_rows(PieceWriter& out, const MemoryDatabase& database) {
  constexpr std::string_view name = Description<Row>::table.name;
  std::int64_t id = 0;
  for (const auto& [key, row] : database.of<Row>()) {
    const std::string fault = row_fault(row);
    ++id;
    const bool goes_on = fault.empty() ? out.add(Row(row)) : out.skip(name, id, fault);
    if (!goes_on) return false;
  }
  return true;
}

bool write_all(PieceWriter& out, const MemoryDatabase& database) {
  bool goes_on = true;
  records::Rows::for_each(
      [&]<class Row>(const Row&) { goes_on = goes_on && write_rows<Row>(out, database); });
  return goes_on;
}

// The rows of the rooms that the bundle touched, in all tables.
records::LoadedRows rows_of(const MemoryDatabase& database, const Bundle& bundle) {
  records::LoadedRows rows;
  for (const records::RoomRow::Key& room : touched_rooms(bundle)) {
    const auto& rooms = database.of<records::RoomRow>();
    if (const auto row = rooms.find(room); row != rooms.end()) {
      rows.of<records::RoomRow>().push_back(row->second);
    }
    records::Rows::for_each([&]<class Row>(const Row&) {
      if constexpr (records::OfRoom<Row>) {
        for (Row& row : rows_of_room<Row>(database, records::uri_of(room))) {
          rows.of<Row>().push_back(std::move(row));
        }
      }
    });
  }
  return rows;
}

enum class Outcome { applied, refused, dead };

bool dies_here(MemoryFaults& faults) {
  if (!faults.die_after_records) return false;
  if (*faults.die_after_records > 0) return --*faults.die_after_records, false;
  faults.die_after_records.reset();
  return true;
}

Outcome apply(Transaction& transaction, MemoryFaults& faults, const Bundle& bundle) {
  for (const records::Record& record : bundle.records) {
    if (dies_here(faults)) return Outcome::dead;
    if (faults.refuses && faults.refuses(record)) return Outcome::refused;
    transaction.apply(record);
  }
  return Outcome::applied;
}

}  // namespace

Result<void> MemoryStore::open() {
  if (dead_) return fail(died);
  if (takes_place(database_.faults.open_failures)) return fail(database_.faults.error);
  return {};
}

Result<void> MemoryStore::load(Sink sink, void* context) {
  if (dead_) return fail(died);
  const bool fails = takes_place(database_.faults.load_failures);
  // A load that is to fail ends after its first piece, or after the last row of a small one.
  struct Reader {
    Sink sink;
    void* context;
    bool fails;
  } reader{sink, context, fails};
  PieceWriter out(
      [](void* to, records::LoadedRows&& piece) {
        const auto& [real_sink, real_context, ends] = *static_cast<Reader*>(to);
        return real_sink(real_context, std::move(piece)) && !ends;
      },
      &reader);
  const bool done = write_all(out, database_) && out.finish();
  if (fails) return fail(database_.faults.error);
  if (!done) return fail("the load was ended by its reader");
  return {};
}

CommitResult MemoryStore::write(const Batch& batch) {
  CommitResult result{.batch = batch.id};
  MemoryFaults& faults = database_.faults;
  if (faults.replaced) return {.batch = batch.id, .replaced = true, .error = faults.error};
  if (dead_ || takes_place(faults.commit_failures)) {
    result.error = dead_ ? died : faults.error;
    return result;
  }

  Transaction transaction(database_);
  for (std::size_t index = 0; index < batch.bundles.size() && !dead_; ++index) {
    const std::size_t savepoint = transaction.savepoint();
    switch (apply(transaction, faults, batch.bundles[index])) {
      case Outcome::applied:
        break;
      case Outcome::refused:
        transaction.roll_back(savepoint);
        result.refused.push_back({.bundle = index, .error = "the record is refused"});
        break;
      case Outcome::dead:
        dead_ = true;
        break;
    }
  }
  // Death between the last record and the COMMIT.
  if (!dead_ && faults.die_after_records == 0) dead_ = dies_here(faults);

  if (dead_) {
    transaction.roll_back();
    return {.batch = batch.id, .error = died};
  }
  if (takes_place(faults.lost_answers)) return {.batch = batch.id, .error = faults.error};
  for (RefusedBundle& refused : result.refused) {
    refused.rows = rows_of(database_, batch.bundles[refused.bundle]);
  }
  result.committed = true;
  return result;
}

}  // namespace imcd::db
