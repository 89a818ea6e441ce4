#include "db/storage_thread.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace imcd::db {

// --- On the loop thread -------------------------------------------------------------------------

StorageThread::StorageThread(std::unique_ptr<Store> store, std::function<void()> wake,
                             StorageOptions options)
    : store_(std::move(store)),
      wake_(std::move(wake)),
      options_(options),
      thread_([this] { run(); }) {}

StorageThread::~StorageThread() { stop(); }

bool StorageThread::submit(Batch&& batch) {
  if (batches_.is_full()) return false;
  batches_.push(std::move(batch));
  bell_.ring();
  return true;
}

std::optional<Answer> StorageThread::take() {
  std::optional<Answer> taken = answers_.pop();
  if (taken) {
    // Always: whether the storage thread found the ring full just now cannot be seen from here.
    bell_.ring();
  } else if (!thread_.joinable() && !late_answers_.empty()) {
    taken = std::move(late_answers_.front());
    late_answers_.pop_front();
  }
  return taken;
}

void StorageThread::stop() {
  if (!thread_.joinable()) return;
  // Release, pairs with the acquire in is_stopping(): all submitted batches are seen with it.
  stopping_.store(true, std::memory_order_release);
  bell_.ring();
  thread_.join();
}

// --- On the storage thread ----------------------------------------------------------------------

void StorageThread::run() {
  Duration pause = options_.retry_first;
  while (!is_stopping()) {
    if (open_and_load()) return serve();
    back_off(pause);
  }
  refuse_submitted();
}

bool StorageThread::open_and_load() {
  if (Result<void> opened = store_->open(); !opened) {
    answer(OpenFailed{std::move(opened.error().text)});
    return false;
  }
  answer(Opened{store_->take_warnings(), store_->estimate_rows()});
  return load();
}

bool StorageThread::load() {
  struct Reader {
    StorageThread* thread;
    LoadFinished seen;
  } reader{this, {}};
  const auto pass_on = [](void* context, records::LoadedRows&& piece) {
    auto& [thread, seen] = *static_cast<Reader*>(context);
    seen.rooms += piece.of<records::RoomRow>().size();
    seen.members += piece.of<records::MemberRow>().size();
    seen.skipped += piece.skipped.size();
    thread->answer(std::move(piece));
    return !thread->is_stopping();
  };
  if (Result<void> loaded = store_->load(pass_on, &reader); !loaded) {
    answer(LoadFailed{std::move(loaded.error().text)});
    return false;
  }
  answer(reader.seen);
  return true;
}

void StorageThread::back_off(Duration& pause) {
  // Rings of take() and submit() cut no pause short.
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + pause;
  while (!is_stopping() && Clock::now() < end) bell_.wait_for(end - Clock::now());
  pause = std::min(2 * pause, options_.retry_longest);
}

void StorageThread::serve() {
  for (;;) {
    // Asked before the ring is emptied, so that nothing submitted before stop() stays in it.
    const bool is_last_round = is_stopping();
    while (std::optional<Batch> batch = batches_.pop()) answer(store_->commit(*std::move(batch)));
    if (is_last_round) return;
    // The ring of stop() may have been used up above, by an answer that waited for room.
    if (!is_stopping()) bell_.wait();
  }
}

void StorageThread::refuse_submitted() {
  while (std::optional<Batch> batch = batches_.pop()) {
    answer(CommitResult{.batch = batch->id,
                        .error = "stopped before the database was loaded",
                        .bundles = std::move(batch->bundles)});
  }
}

void StorageThread::answer(Answer&& answer) {
  while (answers_.is_full()) {
    // The loop thread waits in stop() and takes nothing until this thread has ended.
    if (is_stopping()) {
      late_answers_.push_back(std::move(answer));
      return;
    }
    bell_.wait();
  }
  answers_.push(std::move(answer));
  wake_();
}

bool StorageThread::is_stopping() const {
  // Acquire, pairs with the release in stop().
  return stopping_.load(std::memory_order_acquire);
}

}  // namespace imcd::db
