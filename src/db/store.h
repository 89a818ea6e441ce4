// Store: where rooms live when the process does not. It runs on the storage thread (or inline in
// tests) and may block. Three implementations: memory (tests, with faults), SQLite, MySQL. None of
// them throws: what goes wrong is the world's fault and comes back as a sentence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/outbox.h"
#include "base/result.h"
#include "records/loaded_rows.h"
#include "records/record.h"

namespace imcd::db {

// Records that stand or fall together: those of one room change.
struct Bundle {
  std::vector<records::Record> records;
};

// All that is applied in one SQL transaction.
struct Batch {
  BatchId id = 0;
  std::vector<Bundle> bundles;
};

// Rows of one piece of a load: large enough that handing it over costs nothing beside reading it,
// small enough that the pieces under way stay within a few megabytes.
inline constexpr std::size_t load_piece_rows_max = 4096;

// A bundle that the database refuses for good (a constraint, data too long).
struct RefusedBundle {
  std::size_t bundle = 0;  // Index into Batch::bundles.
  std::string error;
  // The rows of the rooms that it touched, in all tables, as they are in the store after
  // the batch. Users' rows are not among them: they matter at the next start only.
  records::LoadedRows rows;
};

struct CommitResult {
  BatchId batch = 0;
  // True: everything but the refused bundles is durable. False: nothing of the batch is, or it is
  // not known (a lost answer to COMMIT); the same batch is to be tried again.
  bool committed = false;
  // Another database stands where the one was that was loaded. It lacks what was acknowledged, so
  // no later try will succeed.
  bool replaced = false;
  std::string error;                   // Of a batch that did not commit.
  std::vector<RefusedBundle> refused;  // In the order of their indexes.
  std::vector<Bundle> bundles;         // The batch's, handed back.
};

class Store {
 public:
  virtual ~Store() = default;

  // Opens the database, makes missing tables, checks the schema's version. May be called again
  // after a failure.
  virtual Result<void> open() = 0;

  // About how many rows load() will read; 0: nobody knows. Costs little, unlike a count.
  virtual std::uint64_t estimate_rows() { return 0; }

  // Calls `sink` with pieces of all rows, in the order of records::Rows, none empty and none above
  // load_piece_rows_max. A sink that returns false ends the load, which then counts as failed.
  using Sink = bool (*)(void* context, records::LoadedRows&& piece);
  virtual Result<void> load(Sink sink, void* context) = 0;

  // What the operator should know of a database that opened: a sentence each, each once.
  virtual std::vector<std::string> take_warnings() { return {}; }

  // Applies the batch in one transaction, and hands its bundles back. A broken connection is opened
  // again by the next call.
  CommitResult commit(Batch batch) {
    CommitResult result = write(batch);
    result.bundles = std::move(batch.bundles);
    return result;
  }

 private:
  virtual CommitResult write(const Batch& batch) = 0;
};

}  // namespace imcd::db
