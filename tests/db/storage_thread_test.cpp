// The storage thread with a real second thread. Run it under the thread sanitizer too. No test
// depends on how fast a thread is: each waits for an answer or for a gate.
#include "db/storage_thread.h"

#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <semaphore>

#include "db/memory_store.h"
#include "db/sqlite_store.h"
#include "sample_rows.h"
#include "scratch.h"

namespace imcd::db {
namespace {

// A short pause between tries, as the tests wait for the next one.
constexpr StorageOptions impatient = {.retry_first = 1ms, .retry_longest = 2ms};

// A thread with the loop's part played by the test.
class Loop {
 public:
  explicit Loop(std::unique_ptr<Store> store, StorageOptions options = impatient)
      : thread_(std::move(store), [this] { woken_.release(); }, options) {}

  StorageThread& thread() { return thread_; }

  // Waits to be woken until there is an answer.
  Answer next() {
    for (;;) {
      if (std::optional<Answer> answer = thread_.take()) return std::move(*answer);
      woken_.acquire();
    }
  }
  // The next answer, which must be of this kind.
  template <class Kind>
  Kind next_of() {
    Answer answer = next();
    EXPECT_TRUE(std::holds_alternative<Kind>(answer)) << "it is of kind " << answer.index();
    return std::holds_alternative<Kind>(answer) ? std::get<Kind>(std::move(answer)) : Kind{};
  }
  void expect_empty_load() {
    next_of<Opened>();
    const auto finished = next_of<LoadFinished>();
    EXPECT_EQ(finished.rooms + finished.members + finished.skipped, 0U);
  }

 private:
  std::counting_semaphore<> woken_{0};
  StorageThread thread_;
};

// A store that does what the test lets it: each call passes a gate, if there is one.
struct Gate {
  std::binary_semaphore entered{0};  // The store is in the call.
  std::binary_semaphore opened{0};   // It may go on.

  void pass() {
    entered.release();
    opened.acquire();
  }
};

class GatedStore final : public Store {
 public:
  explicit GatedStore(MemoryDatabase& database) : store_(database) {}

  Result<void> open() override { return store_.open(); }
  Result<void> load(Sink sink, void* context) override {
    if (load_gate != nullptr) load_gate->pass();
    return store_.load(sink, context);
  }
  CommitResult write(const Batch& batch) override {
    if (commit_gate != nullptr) commit_gate->pass();
    return store_.commit(batch);
  }

  // Set before the thread starts.
  Gate* load_gate = nullptr;
  Gate* commit_gate = nullptr;

 private:
  MemoryStore store_;
};

Batch one_room(BatchId id) { return batch(id, {{put_room("r" + std::to_string(id))}}); }

void fill(MemoryDatabase& database, std::size_t rooms, std::size_t members) {
  for (std::size_t i = 0; i < rooms; ++i)
    database.put(records::RoomRow{{"r" + std::to_string(i), "d"}, 0});
  for (std::size_t i = 0; i < members; ++i) {
    database.put(records::MemberRow{{"sip:r0@d", "u" + std::to_string(i), "d"}, 0});
  }
}

TEST(StorageThread, OpensThenLoadsThenCommits) {
  MemoryDatabase database;
  fill(database, 2, 3);
  database.put(records::RoomRow{{"", "d"}, 0});
  Loop loop(std::make_unique<MemoryStore>(database));
  loop.next_of<Opened>();
  const auto rows = loop.next_of<records::LoadedRows>();
  EXPECT_EQ(rows.of<records::RoomRow>().size(), 2U);
  EXPECT_EQ(rows.of<records::MemberRow>().size(), 3U);
  EXPECT_EQ(rows.skipped.size(), 1U);
  const auto finished = loop.next_of<LoadFinished>();
  EXPECT_EQ(finished.rooms, 2U);
  EXPECT_EQ(finished.members, 3U);
  EXPECT_EQ(finished.skipped, 1U);

  ASSERT_TRUE(loop.thread().submit(one_room(7)));
  const auto result = loop.next_of<CommitResult>();
  EXPECT_EQ(result.batch, 7U);
  EXPECT_TRUE(result.committed);
  loop.thread().stop();
  EXPECT_EQ(database.of<records::RoomRow>().size(), 4U);
}

TEST(StorageThread, GivesNoAnswerUnasked) {
  MemoryDatabase database;
  Loop loop(std::make_unique<MemoryStore>(database));
  loop.expect_empty_load();
  loop.thread().stop();
  EXPECT_FALSE(loop.thread().take());
}

TEST(StorageThread, PassesOnWhatWentWrong) {
  MemoryDatabase database;
  database.faults.commit_failures = 1;
  database.faults.refuses = [](const records::Record& record) { return names_room(record, "bad"); };
  Loop loop(std::make_unique<MemoryStore>(database));
  loop.expect_empty_load();
  ASSERT_TRUE(loop.thread().submit(one_room(1)));
  EXPECT_EQ(loop.next_of<CommitResult>().error, "the memory database is away");
  ASSERT_TRUE(loop.thread().submit(batch(2, {{put_room("bad")}})));
  EXPECT_EQ(loop.next_of<CommitResult>().refused.size(), 1U);
}

TEST(StorageThread, CommitsInTheOrderOfSubmission) {
  MemoryDatabase database;
  Loop loop(std::make_unique<MemoryStore>(database));
  loop.expect_empty_load();
  BatchId submitted = 0;
  for (BatchId answered = 1; answered <= 1000; ++answered) {
    while (submitted < 1000 && loop.thread().submit(one_room(submitted + 1))) ++submitted;
    ASSERT_EQ(loop.next_of<CommitResult>().batch, answered);
  }
}

TEST(StorageThread, RefusesABatchBeyondItsRingAndLeavesItWhole) {
  MemoryDatabase database;
  Gate gate;
  auto store = std::make_unique<GatedStore>(database);
  store->commit_gate = &gate;
  Loop loop(std::move(store));
  loop.expect_empty_load();
  ASSERT_TRUE(loop.thread().submit(one_room(1)));
  gate.entered.acquire();  // The first is with the store now.
  for (BatchId id = 2; id < 2 + StorageThread::batches_max; ++id) {
    ASSERT_TRUE(loop.thread().submit(one_room(id)));
  }
  Batch refused = one_room(99);
  EXPECT_FALSE(loop.thread().submit(std::move(refused)));
  EXPECT_EQ(refused.id, 99U);
  EXPECT_EQ(refused.bundles.size(), 1U);

  for (std::size_t i = 0; i < StorageThread::batches_max; ++i) {
    gate.opened.release();
    gate.entered.acquire();
  }
  gate.opened.release();
  for (BatchId id = 1; id < 2 + StorageThread::batches_max; ++id) {
    EXPECT_EQ(loop.next_of<CommitResult>().batch, id);
  }
}

TEST(StorageThread, WaitsForALoopThatTakesNothing) {
  MemoryDatabase database;
  const std::size_t pieces = 3 * StorageThread::answers_max;
  fill(database, pieces * load_piece_rows_max, 0);
  std::atomic<std::size_t> wakes{0};
  std::binary_semaphore full{0};
  StorageThread thread(
      std::make_unique<MemoryStore>(database),
      [&] {
        if (++wakes == StorageThread::answers_max) full.release();
      },
      impatient);
  full.acquire();
  // Not one more answer, however long the loop is busy with something else.
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_EQ(wakes, StorageThread::answers_max);

  std::size_t rooms = 0;
  for (bool finished = false; !finished;) {
    const std::optional<Answer> answer = thread.take();
    if (!answer) {
      std::this_thread::yield();
      continue;
    }
    if (const auto* piece = std::get_if<records::LoadedRows>(&*answer))
      rooms += piece->of<records::RoomRow>().size();
    finished = std::holds_alternative<LoadFinished>(*answer);
  }
  EXPECT_EQ(rooms, pieces * load_piece_rows_max);
}

TEST(StorageThread, TriesToOpenUntilItSucceeds) {
  MemoryDatabase database;
  database.faults.open_failures = 5;
  Loop loop(std::make_unique<MemoryStore>(database));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(loop.next_of<OpenFailed>().error, "the memory database is away");
  }
  loop.expect_empty_load();
}

TEST(StorageThread, OpensAndLoadsAgainWhenALoadFails) {
  MemoryDatabase database;
  fill(database, load_piece_rows_max + 1, 0);
  database.faults.load_failures = 1;
  Loop loop(std::make_unique<MemoryStore>(database));
  loop.next_of<Opened>();
  loop.next_of<records::LoadedRows>();
  EXPECT_EQ(loop.next_of<LoadFailed>().error, "the memory database is away");

  loop.next_of<Opened>();
  EXPECT_EQ(loop.next_of<records::LoadedRows>().of<records::RoomRow>().size(), load_piece_rows_max);
  EXPECT_EQ(loop.next_of<records::LoadedRows>().of<records::RoomRow>().size(), 1U);
  EXPECT_EQ(loop.next_of<LoadFinished>().rooms, load_piece_rows_max + 1);
}

TEST(StorageThread, StopEndsABackOff) {
  MemoryDatabase database;
  database.faults.open_failures = SIZE_MAX;
  Loop loop(std::make_unique<MemoryStore>(database),
            {.retry_first = std::chrono::hours(1), .retry_longest = std::chrono::hours(1)});
  loop.next_of<OpenFailed>();
  // A ring that is not the end of the wait.
  ASSERT_TRUE(loop.thread().submit(one_room(1)));
  loop.thread().stop();
}

TEST(StorageThread, StopAnswersBatchesOfADatabaseThatNeverOpened) {
  MemoryDatabase database;
  database.faults.open_failures = SIZE_MAX;
  Loop loop(std::make_unique<MemoryStore>(database),
            {.retry_first = std::chrono::hours(1), .retry_longest = std::chrono::hours(1)});
  loop.next_of<OpenFailed>();
  ASSERT_TRUE(loop.thread().submit(one_room(1)));
  ASSERT_TRUE(loop.thread().submit(one_room(2)));
  loop.thread().stop();
  for (const BatchId id : {1U, 2U}) {
    const auto result = loop.next_of<CommitResult>();
    EXPECT_EQ(result.batch, id);
    EXPECT_FALSE(result.committed);
    EXPECT_NE(result.error, "");
  }
  EXPECT_FALSE(loop.thread().take());
  EXPECT_TRUE(database.of<records::RoomRow>().empty());
}

TEST(StorageThread, StopFinishesWhatWasSubmitted) {
  MemoryDatabase database;
  Gate gate;
  auto store = std::make_unique<GatedStore>(database);
  store->load_gate = &gate;
  Loop loop(std::move(store));
  loop.next_of<Opened>();
  for (BatchId id = 1; id <= StorageThread::batches_max; ++id) {
    ASSERT_TRUE(loop.thread().submit(one_room(id)));
  }
  gate.entered.acquire();
  gate.opened.release();
  loop.next_of<LoadFinished>();
  loop.thread().stop();
  for (BatchId id = 1; id <= StorageThread::batches_max; ++id) {
    const auto result = loop.next_of<CommitResult>();
    EXPECT_EQ(result.batch, id);
    EXPECT_TRUE(result.committed);
  }
  EXPECT_EQ(database.of<records::RoomRow>().size(), StorageThread::batches_max);
}

TEST(StorageThread, StopKeepsAnswersThatTheFullRingHasNoRoomFor) {
  // Many times, as the thread is to be met at all the places where it may wait.
  for (int round = 0; round < 200; ++round) {
    MemoryDatabase database;
    Loop loop(std::make_unique<MemoryStore>(database));
    loop.expect_empty_load();
    // With nothing taken, so many answers cannot all stand in the ring.
    constexpr std::size_t batches = StorageThread::answers_max + StorageThread::batches_max;
    for (BatchId id = 1; id <= batches; ++id) {
      while (!loop.thread().submit(one_room(id))) std::this_thread::yield();
    }
    for (int i = 0; i < round; ++i) std::this_thread::yield();
    loop.thread().stop();
    for (BatchId id = 1; id <= batches; ++id) {
      ASSERT_EQ(loop.next_of<CommitResult>().batch, id);
    }
    EXPECT_FALSE(loop.thread().take());
    EXPECT_EQ(database.of<records::RoomRow>().size(), batches);
  }
}

TEST(StorageThread, StopInMidLoadDoesNotWaitForItsEnd) {
  MemoryDatabase database;
  fill(database, 4 * StorageThread::answers_max * load_piece_rows_max, 0);
  Loop loop(std::make_unique<MemoryStore>(database));
  loop.next_of<Opened>();
  loop.next_of<records::LoadedRows>();
  loop.thread().stop();

  std::size_t pieces = 0;
  bool failed = false;
  while (const std::optional<Answer> answer = loop.thread().take()) {
    EXPECT_FALSE(std::holds_alternative<LoadFinished>(*answer));
    if (std::holds_alternative<records::LoadedRows>(*answer)) ++pieces;
    failed = std::holds_alternative<LoadFailed>(*answer);
  }
  EXPECT_TRUE(failed);  // And it is the last answer.
  EXPECT_LE(pieces, 2 * StorageThread::answers_max);
}

TEST(StorageThread, MayBeStoppedTwice) {
  MemoryDatabase database;
  Loop loop(std::make_unique<MemoryStore>(database));
  loop.thread().stop();
  loop.thread().stop();
}

TEST(StorageThread, MayBeDestroyedAtAnyMoment) {
  MemoryDatabase database;
  fill(database, 2 * load_piece_rows_max, 0);
  for (int i = 0; i < 50; ++i) {
    Loop loop(std::make_unique<MemoryStore>(database));
    for (int taken = 0; taken < i % 5; ++taken) loop.next();
    static_cast<void>(loop.thread().submit(one_room(1)));
  }
}

TEST(StorageThread, ServesASqliteDatabase) {
  Scratch scratch;
  const std::string path = scratch.file("imcd.db");
  {
    Loop loop(std::make_unique<SqliteStore>(path));
    loop.expect_empty_load();
    for (BatchId id = 1; id <= 20; ++id) {
      ASSERT_TRUE(loop.thread().submit(one_room(id)));
      EXPECT_TRUE(loop.next_of<CommitResult>().committed);
    }
  }
  Loop loop(std::make_unique<SqliteStore>(path));
  loop.next_of<Opened>();
  EXPECT_EQ(loop.next_of<records::LoadedRows>().of<records::RoomRow>().size(), 20U);
  EXPECT_EQ(loop.next_of<LoadFinished>().rooms, 20U);
}

}  // namespace
}  // namespace imcd::db
