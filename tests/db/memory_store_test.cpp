#include "db/memory_store.h"

#include <gtest/gtest.h>

#include "sample_rows.h"

namespace imcd::db {
namespace {

const Lines chat_with_bob = {"member bob of sip:chat@conf.example.com 1", "room chat 0"};

Batch chat_is_made(BatchId id = 1) {
  return batch(id, {{put_room("chat"), put_member("chat", "bob", 1)}});
}

TEST(MemoryStore, LeavesItsRowsToTheNextStoreOnTheDatabase) {
  MemoryDatabase database;
  {
    MemoryStore store(database);
    ASSERT_TRUE(store.open());
    ASSERT_TRUE(store.commit(chat_is_made()).committed);
  }
  MemoryStore store(database);
  EXPECT_EQ(stored(store), chat_with_bob);
}

TEST(MemoryStore, SkipsRowsThatNobodyCouldUse) {
  MemoryDatabase database;
  database.put(records::RoomRow{{"bad name", "d"}, 0});
  database.put(records::MemberRow{{"no uri", "bob", "d"}, 0});
  MemoryStore store(database);
  EXPECT_EQ(
      load_all(store).rows.skipped,
      (Lines{"row 1 of table imc_rooms was skipped: its name 'bad name' cannot stand in a SIP URI",
             "row 1 of table imc_members was skipped: its room 'no uri' is not of the form "
             "sip:name@domain"}));
}

TEST(MemoryStore, FailsToOpenOnCommand) {
  MemoryDatabase database;
  database.faults.open_failures = 2;
  MemoryStore store(database);
  EXPECT_FALSE(store.open());
  EXPECT_FALSE(store.open());
  EXPECT_TRUE(store.open());
}

TEST(MemoryStore, FailsToLoadOnCommandAfterItsFirstPiece) {
  MemoryDatabase database;
  MemoryStore store(database);
  for (std::size_t i = 0; i <= load_piece_rows_max; ++i) {
    database.put(records::RoomRow{{"r" + std::to_string(i), "d"}, 0});
  }
  database.faults.load_failures = 1;
  const Loaded loaded = load_all(store);
  ASSERT_FALSE(loaded.result);
  EXPECT_EQ(loaded.result.error().text, database.faults.error);
  EXPECT_EQ(loaded.pieces, (std::vector<std::size_t>{load_piece_rows_max}));

  EXPECT_TRUE(load_all(store).result);
}

TEST(MemoryStore, FailsToLoadNothingOnCommand) {
  MemoryDatabase database;
  database.faults.load_failures = 1;
  MemoryStore store(database);
  EXPECT_FALSE(load_all(store).result);
}

TEST(MemoryStore, FailsCommitsOnCommandAndKeepsNothingOfThem) {
  MemoryDatabase database;
  database.faults.commit_failures = 1;
  database.faults.error = "the disk is full";
  MemoryStore store(database);

  const CommitResult failed = store.commit(chat_is_made(7));
  EXPECT_EQ(failed.batch, 7U);
  EXPECT_FALSE(failed.committed);
  EXPECT_EQ(failed.error, "the disk is full");
  EXPECT_EQ(stored(store), Lines{});

  EXPECT_TRUE(store.commit(chat_is_made(7)).committed);
  EXPECT_EQ(stored(store), chat_with_bob);
}

TEST(MemoryStore, IsAwayUntilToldOtherwise) {
  MemoryDatabase database;
  database.faults.commit_failures = SIZE_MAX;
  MemoryStore store(database);
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(store.commit(chat_is_made()).committed);
  database.faults.commit_failures = 0;
  EXPECT_TRUE(store.commit(chat_is_made()).committed);
}

TEST(MemoryStore, LosesAnAnswerOnCommandButNotTheRows) {
  MemoryDatabase database;
  database.faults.lost_answers = 1;
  MemoryStore store(database);
  const CommitResult lost = store.commit(chat_is_made());
  EXPECT_FALSE(lost.committed);
  EXPECT_EQ(lost.error, database.faults.error);
  EXPECT_EQ(stored(store), chat_with_bob);

  EXPECT_TRUE(store.commit(chat_is_made()).committed);
  EXPECT_EQ(stored(store), chat_with_bob);
}

TEST(MemoryStore, DiesBetweenTwoRecordsAndLeavesNothingOfTheBatch) {
  MemoryDatabase database;
  MemoryStore store(database);
  ASSERT_TRUE(store.commit(chat_is_made()).committed);

  const Batch change = batch(2, {{delete_room("chat")}, {put_room("a"), put_room("b")}});
  for (std::size_t records = 0; records <= 3; ++records) {
    database.faults.die_after_records = records;
    MemoryStore victim(database);
    EXPECT_FALSE(victim.commit(change).committed);
    EXPECT_TRUE(victim.is_dead());
    EXPECT_FALSE(database.faults.die_after_records);
    EXPECT_EQ(stored(store), chat_with_bob) << "died after record " << records;
  }
}

TEST(MemoryStore, CountsTheRecordsToItsDeathOverBatches) {
  MemoryDatabase database;
  database.faults.die_after_records = 3;
  MemoryStore store(database);
  EXPECT_TRUE(store.commit(chat_is_made(1)).committed);
  EXPECT_FALSE(store.commit(batch(2, {{put_room("a"), put_room("b")}})).committed);
  EXPECT_TRUE(store.is_dead());

  MemoryStore restarted(database);
  EXPECT_EQ(stored(restarted), chat_with_bob);
}

TEST(MemoryStore, DoesNothingOnceItIsDead) {
  MemoryDatabase database;
  database.faults.die_after_records = 0;
  MemoryStore store(database);
  EXPECT_FALSE(store.commit(chat_is_made()).committed);

  EXPECT_FALSE(store.open());
  EXPECT_FALSE(load_all(store).result);
  EXPECT_FALSE(store.commit(chat_is_made()).committed);
  EXPECT_TRUE(database.of<records::RoomRow>().empty());

  MemoryStore restarted(database);
  EXPECT_TRUE(restarted.open());
  EXPECT_TRUE(restarted.commit(chat_is_made()).committed);
}

TEST(MemoryStore, CountsARefusedRecordOnTheWayToItsDeath) {
  MemoryDatabase database;
  database.faults.refuses = [](const records::Record& record) { return names_room(record, "bad"); };
  database.faults.die_after_records = 2;
  MemoryStore store(database);
  EXPECT_FALSE(
      store.commit(batch(1, {{put_room("bad")}, {put_room("a")}, {put_room("b")}})).committed);
  EXPECT_TRUE(database.of<records::RoomRow>().empty());
}

}  // namespace
}  // namespace imcd::db
