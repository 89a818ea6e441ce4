// Journal: room changes on their way to the store, in order (DESIGN 7 "Group commit").
//
//   append ──▶ open entries ──db_flush_ms──▶ batch in flight ──committed──▶ release list, in order
//                                              ▲      │
//                                              └──────┘ not committed: the same, with back-off
//
// An entry is what one change stores, with what is held until its commit (`Held`: the answer, the
// notices). One batch is in flight at a time; what is appended meanwhile makes the next one. Its
// records are moved to the store and come back with each answer, so a batch that did not commit is
// tried again as it was, and nothing in memory is ever rolled back.
//
// Timers: the flush of open entries; the back-off of a batch that did not commit; the age at which
// the oldest unanswered entry is told "Not confirmed".
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "base/outbox.h"
#include "base/settings.h"
#include "base/time.h"
#include "db/store.h"
#include "records/record.h"

namespace imcd::db {

template <class Held>
class Journal {
 public:
  struct Entry {
    std::vector<records::Record> records;
    Held held;
    MonoTime at{};
  };

  explicit Journal(const JournalSettings& settings) { apply(settings); }

  // What is open keeps the time of its flush.
  void apply(const JournalSettings& settings) { settings_ = settings; }

  // Whether room changes may be made now: there is room, and no entry is older than the timeout.
  [[nodiscard]] bool accepts(MonoTime now) const {
    return records_ < limits::journal_records_max && !is_late(now);
  }
  // The oldest entry waits for longer than the timeout.
  [[nodiscard]] bool is_late(MonoTime now) const {
    const auto oldest = oldest_at();
    return oldest && now - *oldest >= settings_.timeout;
  }

  void append(std::vector<records::Record> records, Held held, MonoTime now) {
    CHECK(!records.empty());
    if (open_.empty()) flush_at_ = now + settings_.flush;
    records_ += records.size();
    open_.push_back({std::move(records), std::move(held), now});
  }

  // Submits what is due.
  void on_deadline(MonoTime now, Outbox& out) {
    if (retry_at_ && *retry_at_ <= now) {
      retry_at_.reset();
      out.submit_batch(batch_);
    }
    if (in_flight_.empty() && !open_.empty() && flush_at_ <= now) submit(now, out);
  }

  // At an orderly stop: what is open goes out now, if nothing else is under way.
  void flush(MonoTime now) { flush_at_ = std::min(flush_at_, now); }

  // The batch that the outbox named, for the store. Its records are the store's until on_commit()
  // has them back.
  [[nodiscard]] Batch take_batch(BatchId id) {
    CHECK(id == batch_ && !in_flight_.empty());
    Batch batch{.id = id, .bundles = {}};
    batch.bundles.reserve(in_flight_.size());
    for (Entry& entry : in_flight_) batch.bundles.push_back({std::move(entry.records)});
    return batch;
  }

  // The store's answer, from which the records are taken back. True: the batch has committed and
  // take_committed() has its entries.
  bool on_commit(CommitResult& result, MonoTime now) {
    CHECK(result.batch == batch_ && result.bundles.size() == in_flight_.size());
    for (std::size_t i = 0; i < in_flight_.size(); ++i) {
      in_flight_[i].records = std::move(result.bundles[i].records);
    }
    if (result.committed) {
      retry_at_.reset();
      back_off_ = limits::commit_retry_first;
      return true;
    }
    retry_at_ = now + back_off_;
    back_off_ = std::min(2 * back_off_, limits::commit_retry_longest);
    return false;
  }
  std::vector<Entry> take_committed() {
    for (const Entry& entry : in_flight_) records_ -= entry.records.size();
    overdue_ -= std::min(overdue_, in_flight_.size());
    return std::exchange(in_flight_, {});
  }

  // The next entry older than the timeout that was not given out before; it stays in the journal.
  Entry* pop_overdue(MonoTime now) {
    Entry* const entry = first_not_overdue();
    if (entry == nullptr || now - entry->at < settings_.timeout) return nullptr;
    ++overdue_;
    return entry;
  }

  [[nodiscard]] std::optional<MonoTime> next_deadline() const {
    std::optional<MonoTime> first = retry_at_;
    if (in_flight_.empty() && !open_.empty()) first = least(first, flush_at_);
    const Entry* const entry = const_cast<Journal*>(this)->first_not_overdue();
    if (entry != nullptr) first = least(first, entry->at + settings_.timeout);
    return first;
  }

  // Everything not yet committed, in order. What the store has of a batch in flight are its
  // records.
  template <class Visit>
  void for_each_waiting(Visit&& visit) const {
    for (const Entry& entry : in_flight_) visit(entry);
    for (const Entry& entry : open_) visit(entry);
  }

  // When the newest batch went to the store for the first time.
  [[nodiscard]] MonoTime submitted_at() const { return submitted_at_; }

  [[nodiscard]] bool empty() const { return in_flight_.empty() && open_.empty(); }
  [[nodiscard]] std::size_t records() const { return records_; }

 private:
  static MonoTime least(std::optional<MonoTime> a, MonoTime b) { return a && *a < b ? *a : b; }

  [[nodiscard]] std::optional<MonoTime> oldest_at() const {
    if (!in_flight_.empty()) return in_flight_.front().at;
    if (!open_.empty()) return open_.front().at;
    return std::nullopt;
  }

  // Entries become overdue in their order, so the count of those that did finds the next one.
  Entry* first_not_overdue() {
    if (overdue_ < in_flight_.size()) return &in_flight_[overdue_];
    const std::size_t in_open = overdue_ - in_flight_.size();
    return in_open < open_.size() ? &open_[in_open] : nullptr;
  }

  void submit(MonoTime now, Outbox& out) {
    ++batch_;
    submitted_at_ = now;
    std::size_t records = 0;
    while (!open_.empty() && (in_flight_.empty() || records + open_.front().records.size() <=
                                                        limits::batch_records_max)) {
      records += open_.front().records.size();
      in_flight_.push_back(std::move(open_.front()));
      open_.pop_front();
    }
    out.submit_batch(batch_);
  }

  JournalSettings settings_;
  std::deque<Entry> open_;
  std::vector<Entry> in_flight_;
  BatchId batch_ = 0;
  MonoTime submitted_at_{};
  std::size_t records_ = 0;
  std::size_t overdue_ = 0;  // Entries that pop_overdue() gave out, from the oldest on.
  MonoTime flush_at_{};
  std::optional<MonoTime> retry_at_;
  Duration back_off_ = limits::commit_retry_first;
};

}  // namespace imcd::db
