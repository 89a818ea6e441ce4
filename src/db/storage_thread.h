// StorageThread: a store on a thread of its own, so that a database that blocks never blocks the
// loop. It opens the store, loads all rows, then serves batches, and says so in answers:
//
//     open ──failed──▶ OpenFailed, again after a back-off
//      └─▶ Opened ─▶ load ──failed──▶ LoadFailed, open again after a back-off, rows are void
//                     └─▶ LoadedRows* ─▶ LoadFinished ─▶ CommitResult for each batch, in order
//
// The loop thread never waits: submit() and take() are a few instructions on a ring each. When the
// loop takes no answers, the storage thread waits. Only stop() waits, for the store's current call.
//
// All public functions belong to the loop thread. Batches may be submitted before the load has
// finished; they are served after it.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "db/doorbell.h"
#include "db/spsc_ring.h"
#include "db/store.h"

namespace imcd::db {

struct Opened {
  std::vector<std::string> warnings;
  std::uint64_t rows_expected = 0;
};
struct OpenFailed {
  std::string error;
};
struct LoadFinished {
  std::size_t rooms = 0;
  std::size_t members = 0;
  std::size_t skipped = 0;
};
struct LoadFailed {
  std::string error;
};
using Answer =
    std::variant<Opened, OpenFailed, records::LoadedRows, LoadFinished, LoadFailed, CommitResult>;

struct StorageOptions {
  // How long before an open or a load that failed is tried again: doubling between the two.
  Duration retry_first = limits::commit_retry_first;
  Duration retry_longest = limits::commit_retry_longest;
};

class StorageThread {
 public:
  // `wake` is called from the storage thread after each answer it queued, and may be called until
  // stop() has returned. It must neither block nor throw (an eventfd is written to).
  StorageThread(std::unique_ptr<Store> store, std::function<void()> wake,
                StorageOptions options = {});
  // Stops; answers that were not taken are lost.
  ~StorageThread();
  StorageThread(const StorageThread&) = delete;
  StorageThread& operator=(const StorageThread&) = delete;

  // False: there are batches_max under way already, and `batch` is as it was.
  [[nodiscard]] bool submit(Batch&& batch);
  // The oldest answer not yet taken.
  std::optional<Answer> take();

  // Ends an opening or a load that is under way, commits what was submitted, and joins the thread.
  // Where the store was never loaded, what was submitted is answered as not committed. The answers
  // are there to be taken afterwards. A store that hangs is waited for.
  void stop();

  // The journal has one batch under way; a few more only keep a caller's mistake from being lost.
  static constexpr std::size_t batches_max = 4;
  // Pieces of a load that wait for the loop, about a megabyte each.
  static constexpr std::size_t answers_max = 8;

 private:
  // The storage thread's.
  void run();
  bool open_and_load();
  bool load();
  void back_off(Duration& pause);
  void serve();
  void refuse_submitted();
  void answer(Answer&& answer);
  [[nodiscard]] bool is_stopping() const;

  std::unique_ptr<Store> store_;
  std::function<void()> wake_;
  StorageOptions options_;

  SpscRing<Batch, batches_max> batches_;
  SpscRing<Answer, answers_max> answers_;
  // Answers given while stop() waits and the ring is full. The storage thread's until stop() has
  // joined it, the loop's from then on.
  std::deque<Answer> late_answers_;
  std::atomic<bool> stopping_{false};
  Doorbell bell_;  // Rung by submit(), take() and stop().
  std::thread thread_;
};

}  // namespace imcd::db
