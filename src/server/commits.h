// Commits: what is on its way to the store and what waits for it (DESIGN 7 "Group commit" and
// "Trouble"): the journal, the answers and notices of changes that are not durable yet, the load
// before the first of them, and whether the store is there at all.
//
//   change ──▶ journal ──batch──▶ stored: its answer, its notices
//                 │         └────▶ refused for good: 500, told to its sender; the room is read again
//                 ├──3.5 s──▶ 100 Trying (RFC 4320 4.1)
//                 └──db_timeout──▶ 504 Not Confirmed; the notices still wait
//
// Answers are given in the order of the journal.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/figures.h"
#include "base/outbox.h"
#include "base/settings.h"
#include "base/time.h"
#include "db/journal.h"
#include "db/store.h"
#include "imc/conference.h"
#include "server/responder.h"
#include "tm/server_transactions.h"

namespace imcd::server {

class Commits {
 public:
  // All but the journal's settings must outlive it.
  Commits(const JournalSettings& journal, const ServerSettings& settings,
          imc::Conference& conference, tm::ServerTransactions& transactions, Responder& responder,
          Figures& figures)
      : journal_(journal),
        settings_(settings),
        conference_(conference),
        transactions_(transactions),
        responder_(responder),
        figures_(figures) {}

  void apply(const JournalSettings& settings) { journal_.apply(settings); }

  // --- Changes ---

  // Whether rooms may be changed now: the rows are read, and the store keeps up.
  [[nodiscard]] bool accepts(MonoTime now) const { return !loading_ && journal_.accepts(now); }
  // The request's answer and what it says to others wait for the commit.
  void hold(const Request& request, tm::ServerTransactionId id, imc::Outcome outcome, MonoTime now);
  // Nobody's request waits for these, but what they say to others does.
  void append(std::vector<imc::Outcome> outcomes, MonoTime now);
  // All was said before; what is left is to tell the sender if the store refuses it.
  void append_released(imc::Outcome outcome, MonoTime now);

  // --- The store ---

  void on_store_opened(Outbox& out);
  void on_open_failed(std::string_view error, Outbox& out);
  void on_rows_loaded(const records::LoadedRows& rows, Outbox& out);
  void on_load_failed(std::string_view error, Outbox& out);
  void on_loaded(Instant now, Outbox& out);
  void on_commit(db::CommitResult result, Instant now, Outbox& out);

  // --- Time ---

  // The answers that are late or overdue.
  void on_deadline(MonoTime now, Outbox& out);
  // Hands the store what is due, at the end of each input.
  void submit_due(MonoTime now, Outbox& out) { journal_.on_deadline(now, out); }
  // What is open is due now.
  void flush(MonoTime now) { journal_.flush(now); }
  [[nodiscard]] std::optional<MonoTime> next_deadline() const { return journal_.next_deadline(); }

  // The batch that Outbox::submit_batch named.
  [[nodiscard]] db::Batch take_batch(BatchId id) { return journal_.take_batch(id); }
  [[nodiscard]] bool is_loading() const { return loading_; }
  [[nodiscard]] bool are_done() const { return journal_.empty(); }
  [[nodiscard]] std::size_t records() const { return journal_.records(); }

 private:
  // What waits for the commit of one command.
  struct Waiting {
    std::optional<HeldResponse> answer;  // Emptied when it was given ("Not confirmed").
    std::optional<imc::Outcome> outcome;
    bool is_repair = false;  // No command: it makes the rows agree with the rooms.
  };
  using Journal = db::Journal<Waiting>;

  void append(imc::Outcome outcome, MonoTime now);
  void answer(const HeldResponse& held, Reply reply, MonoTime now, Outbox& out);
  void answer_late(MonoTime now, Outbox& out);
  void answer_overdue(MonoTime now, Outbox& out);
  void on_batch_failed(const db::CommitResult& result, Outbox& out);
  void end_without_database(Outbox& out);
  void on_command_stored(Journal::Entry& entry, MonoTime now, Outbox& out);
  void on_command_refused(Journal::Entry& entry, const db::RefusedBundle& refused, MonoTime now,
                          Outbox& out);
  void read_again(const Journal::Entry& entry, const records::LoadedRows& rows, Outbox& out);
  void append_repairs(MonoTime now);
  void note_up(Outbox& out);
  void note_down(std::string_view error, Outbox& out);

  Journal journal_;
  const ServerSettings& settings_;
  imc::Conference& conference_;
  tm::ServerTransactions& transactions_;
  Responder& responder_;
  Figures& figures_;
  bool loading_ = true;
  bool store_up_ = false;
};

}  // namespace imcd::server
