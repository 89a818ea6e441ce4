// Storage: the database and the thread that would own it. Rows outlive the process; what a batch
// does to them and when the loop learns of it are two events, so that a death can fall between.
//
//   store_open ──▶ store_load, a piece each ──▶ loaded
//   for each batch then: store_apply ──▶ store_answer
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "db/memory_store.h"
#include "sim/checker.h"
#include "sim/world.h"

namespace imcd::sim {

class Storage {
 public:
  Storage(World& world, Checker& checker, db::MemoryDatabase& database);

  // A process began; `life` is its number. Its store opens soon.
  void start(std::uint32_t life);
  // The process is gone. What it had handed over may still be carried out.
  void abandon();

  // Opens the store; the error where it fails, and the next try is on the schedule then.
  std::optional<std::string> open();
  // The next piece of the rows, while there is one.
  std::optional<records::LoadedRows> next_piece();
  // After the last piece: whether the load failed. Then the store opens again soon.
  bool load_failed();

  void submit(db::Batch batch);
  // The database does its part. False: the process died of it.
  bool apply();
  // What the loop now learns.
  db::CommitResult take_result() {
    batch_.reset();
    return *std::exchange(result_, std::nullopt);
  }

  [[nodiscard]] bool is_idle() const { return !batch_; }

 private:
  void plan_faults();
  void commit();
  void read_pieces();

  World& world_;
  Checker& checker_;
  db::MemoryDatabase& database_;
  Dice dice_;
  std::uint32_t life_ = 0;
  std::optional<db::MemoryStore> store_;
  std::vector<records::LoadedRows> pieces_;  // The next one last.
  bool load_failed_ = false;
  std::optional<db::Batch> batch_;
  std::optional<db::CommitResult> result_;
};

// What an older module may have left: rows in several spellings, twice, marked as deleted, without
// a room, and rooms without members.
void write_old_rows(db::MemoryDatabase& database, const Plan& plan, Dice dice);

}  // namespace imcd::sim
