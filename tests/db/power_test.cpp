// The power goes while rooms change. What was acknowledged must be there when it comes back, and
// of what was not each command whole or not at all.
#include <gtest/gtest.h>
#include <memory>
#include <random>

#include "db/memory_store.h"
#include "db/sqlite_store.h"
#include "power_cut.h"
#include "sample_rows.h"
#include "scratch.h"

namespace imcd::db {
namespace {

// One command of each kind of shape: a room with members, a change of all, an end.
std::vector<records::Record> command(unsigned number, std::mt19937& chance) {
  const std::string room = "room" + std::to_string(number % 50);
  if (chance() % 5 == 0) return {delete_room(room)};
  std::vector<records::Record> records = {put_room(room, number)};
  for (unsigned member = 0; member < 12; ++member) {
    records.push_back(put_member(room, "user" + std::to_string(member), number));
  }
  return records;
}

struct Outcome {
  std::size_t acknowledged = 0;
  bool was_cut = false;
  bool opens = false;
  bool as_acknowledged = false;  // Or as it would be with the last batch.
};

// What the rows would be after these batches, by a store that nothing happens to.
Lines rows_after(const std::vector<Batch>& batches) {
  MemoryDatabase database;
  MemoryStore store(database);
  for (const Batch& each : batches) EXPECT_TRUE(store.commit(each).committed);
  return stored(store);
}

Outcome cut_power(std::size_t operations, unsigned seed, const std::string& synchronous) {
  Scratch scratch;
  const std::string path = scratch.file("imcd.db");
  // The file and its tables are older than the trouble.
  EXPECT_TRUE(SqliteStore(path, {.synchronous = "OFF"}).open());
  std::mt19937 chance(seed);
  PowerCut power(operations, seed);
  std::vector<Batch> acknowledged;
  std::vector<Batch> with_last;
  {
    FaultyVfs vfs;
    vfs.watcher = &power;
    SqliteStore store(path, {.synchronous = synchronous, .vfs = vfs.name()});
    for (unsigned number = 0; number < 400; ++number) {
      const Batch change = batch(number, {command(number, chance), command(number + 7, chance)});
      with_last.push_back(change);
      if (!store.commit(change).committed) break;
      acknowledged.push_back(change);
    }
  }
  Outcome outcome{.acknowledged = acknowledged.size(), .was_cut = power.is_dark()};
  power.restore();
  SqliteStore again(path, {.synchronous = "OFF"});
  outcome.opens = again.open().has_value();
  if (!outcome.opens) return outcome;
  const Loaded loaded = load_all(again);
  const Lines rows = lines(loaded.rows);
  outcome.as_acknowledged = loaded.result.has_value() &&
                            (rows == rows_after(acknowledged) || rows == rows_after(with_last));
  return outcome;
}

constexpr unsigned cuts = 30;

// From the first write to beyond several checkpoints, in steps that hit every kind of write.
std::size_t operations_before(unsigned cut) { return 1 + cut * 191; }

TEST(PowerCut, TakesNothingBackThatWasAcknowledged) {
  std::size_t most = 0;
  for (unsigned cut = 0; cut < cuts; ++cut) {
    const Outcome outcome = cut_power(operations_before(cut), cut, "FULL");
    SCOPED_TRACE(cut);
    EXPECT_TRUE(outcome.was_cut);
    EXPECT_TRUE(outcome.opens);
    EXPECT_TRUE(outcome.as_acknowledged) << outcome.acknowledged << " batches";
    most = std::max(most, outcome.acknowledged);
  }
  // Else the cuts were all too early to mean anything.
  EXPECT_GT(most, 200U);
}

TEST(PowerCut, TakesBackALotWhereTheDiskIsNotWaitedFor) {
  unsigned losses = 0;
  for (unsigned cut = 0; cut < cuts; ++cut) {
    const Outcome outcome = cut_power(operations_before(cut), cut, "OFF");
    losses += !outcome.opens || !outcome.as_acknowledged;
  }
  EXPECT_GT(losses, cuts / 2);
}

}  // namespace
}  // namespace imcd::db
