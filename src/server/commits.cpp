#include "server/commits.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "server/replies.h"

namespace imcd::server {

namespace {

// The URI of the first room that the records name; empty where they name none.
std::string room_of(const std::vector<records::Record>& records) {
  for (const records::Record& record : records) {
    if (std::string room = records::room_of(record); !room.empty()) return room;
  }
  return {};
}

// What a change was about, for the log.
std::pair<const char*, std::string> whose(const std::vector<records::Record>& records) {
  if (const std::string room = room_of(records); !room.empty()) {
    const auto& [name, domain] = records::room_key(room);
    return {"room", name + '@' + domain};
  }
  if (const auto* const block = records::find_key<records::BlockRow>(records.front())) {
    return {"user", block->user};
  }
  const auto* const user = records::find_key<records::UserRow>(records.front());
  return {"user", user != nullptr ? user->text : ""};
}

}  // namespace

// --- Changes ------------------------------------------------------------------------------------

void Commits::hold(const Request& request, tm::ServerTransactionId id, imc::Outcome outcome,
                   MonoTime now) {
  std::vector<records::Record> records = std::move(outcome.records);
  outcome.records.clear();
  journal_.append(std::move(records), {responder_.hold(request, id), std::move(outcome)}, now);
}

void Commits::append(std::vector<imc::Outcome> outcomes, MonoTime now) {
  for (imc::Outcome& outcome : outcomes) append(std::move(outcome), now);
}

void Commits::append(imc::Outcome outcome, MonoTime now) {
  std::vector<records::Record> records = std::move(outcome.records);
  outcome.records.clear();
  journal_.append(std::move(records), {std::nullopt, std::move(outcome)}, now);
}

void Commits::append_released(imc::Outcome outcome, MonoTime now) {
  outcome.joined = {};
  outcome.notices.clear();
  append(std::move(outcome), now);
}

// In one command, so that they are stored together or not at all.
void Commits::append_repairs(MonoTime now) {
  auto repairs = conference_.loader().take_repairs();
  if (repairs.empty()) return;
  journal_.append(std::move(repairs), {.is_repair = true}, now);
}

// --- Answers ------------------------------------------------------------------------------------

void Commits::answer(const HeldResponse& held, Reply reply, MonoTime now, Outbox& out) {
  transactions_.complete(held.transaction, reply, now);
  responder_.send(held, reply, out);
}

void Commits::on_deadline(MonoTime now, Outbox& out) {
  answer_late(now, out);
  answer_overdue(now, out);
}

// RFC 4320 4.1: a 100 when the answer is so late that the sender's Timer E has grown to T2.
void Commits::answer_late(MonoTime now, Outbox& out) {
  std::vector<tm::ServerTransactionId> late;
  while (const auto id = transactions_.pop_late(now)) late.push_back(*id);
  if (late.empty()) return;
  // Transactions become late in the order of their start, in which the journal has them too.
  auto next = late.begin();
  journal_.for_each_waiting([&](const Journal::Entry& entry) {
    const auto& held = entry.held.answer;
    if (next == late.end() || !held || held->transaction != *next) return;
    responder_.send_trying(*held, out);
    ++next;
  });
  CHECK(next == late.end());
}

// Never 503: the change may still happen.
void Commits::answer_overdue(MonoTime now, Outbox& out) {
  while (Journal::Entry* const entry = journal_.pop_overdue(now)) {
    // One that hangs tells no error.
    if (store_up_) note_down("no answer within db_timeout_ms", out);
    if (!entry->held.answer) continue;
    answer(*entry->held.answer, reply::not_confirmed, now, out);
    entry->held.answer.reset();
  }
}

// --- Batches ------------------------------------------------------------------------------------

void Commits::on_commit(db::CommitResult result, Instant now, Outbox& out) {
  if (!journal_.on_commit(result, now.mono)) return on_batch_failed(result, out);
  figures_.db_batches_committed.add();
  figures_.db_commit_seconds.observe(now.mono - journal_.submitted_at());
  if (!store_up_) note_up(out);
  auto entries = journal_.take_committed();
  auto refused = result.refused.begin();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (refused != result.refused.end() && refused->bundle == i) {
      on_command_refused(entries[i], *refused++, now.mono, out);
    } else {
      on_command_stored(entries[i], now.mono, out);
    }
  }
}

void Commits::on_batch_failed(const db::CommitResult& result, Outbox& out) {
  figures_.db_batches_retried.add();
  note_down(result.error, out);
  if (result.replaced) end_without_database(out);
}

// What is in memory alone can't be kept, and whoever replaced the database wants that one served.
void Commits::end_without_database(Outbox& out) {
  out.log({LogLevel::error,
           "another database stands in the place of the one with the rooms: stopping; the next "
           "start takes the rooms of that one",
           {{"changes_not_stored", std::to_string(journal_.records())}}});
  out.exit(1);
}

// Its answer, then what it says to others.
void Commits::on_command_stored(Journal::Entry& entry, MonoTime now, Outbox& out) {
  Waiting& waiting = entry.held;
  if (waiting.answer) answer(*waiting.answer, waiting.outcome->reply, now, out);
  if (waiting.outcome) conference_.release(*waiting.outcome, now);
}

// Refused for good: the answer is 500, the sender is told instead of all whom the notices were for,
// and the room becomes what the store says it is.
void Commits::on_command_refused(Journal::Entry& entry, const db::RefusedBundle& refused,
                                 MonoTime now, Outbox& out) {
  figures_.db_commands_refused.add();
  out.log({LogLevel::error,
           "the database refused a room change for good",
           {whose(entry.records), {"error", refused.error}}});
  Waiting& waiting = entry.held;
  if (waiting.answer) answer(*waiting.answer, reply::database_refused, now, out);
  if (waiting.outcome) conference_.release_refused(*std::move(waiting.outcome), now);
  read_again(entry, refused.rows, out);
  // The same repair would be refused again, without end: the rows stay as they are.
  if (waiting.is_repair) static_cast<void>(conference_.loader().take_repairs());
  append_repairs(now);
}

void Commits::read_again(const Journal::Entry& entry, const records::LoadedRows& rows,
                         Outbox& out) {
  const std::string room = room_of(entry.records);
  if (room.empty()) return;  // Users' URIs alone: they matter at the next start only.
  if (!conference_.loader().reload_room(records::room_key(room), rows, out)) {
    return;
  }
  // Changes of that room that are still on their way hold: they come after what was refused.
  journal_.for_each_waiting([&](const Journal::Entry& waiting) {
    const auto& outcome = waiting.held.outcome;
    for (const records::Record& record : waiting.records) {
      if (records::room_of(record) == room) {
        conference_.loader().replay(record, outcome ? &*outcome : nullptr, out);
      }
    }
  });
}

// --- The store ----------------------------------------------------------------------------------

void Commits::note_up(Outbox& out) {
  if (!store_up_) out.log({LogLevel::info, "the database is there", {}});
  store_up_ = true;
  figures_.db_up.set(1);
}

void Commits::note_down(std::string_view error, Outbox& out) {
  // Once per outage: the retries that follow are counted.
  if (store_up_ || loading_) {
    out.log({LogLevel::error, "the database fails; trying again", {{"error", std::string(error)}}});
  }
  store_up_ = false;
  figures_.db_up.set(0);
}

void Commits::on_store_opened(Outbox& out) { note_up(out); }

void Commits::on_open_failed(std::string_view error, Outbox& out) {
  note_down(error, out);
  if (settings_.db_required) out.exit(1);
}

void Commits::on_rows_loaded(const records::LoadedRows& rows, Outbox& out) {
  CHECK(loading_);
  for (const std::string& skipped : rows.skipped) {
    figures_.db_rows_skipped.add();
    out.log({LogLevel::warning, "row skipped: " + skipped, {}});
  }
  conference_.loader().load(rows, out);
}

void Commits::on_load_failed(std::string_view error, Outbox& out) {
  conference_.loader().forget();
  on_open_failed(error, out);
}

void Commits::on_loaded(Instant now, Outbox& out) {
  loading_ = false;
  conference_.loader().end_load(now.wall);
  out.log({LogLevel::info,
           "rooms are loaded",
           {{"rooms", std::to_string(conference_.rooms().size())},
            {"members", std::to_string(figures_.members.value())}}});
  append_repairs(now.mono);
}

}  // namespace imcd::server
