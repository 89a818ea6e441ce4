// Server's answers that wait for the store (DESIGN 7 "Group commit" and "Trouble").

#include <algorithm>

#include "parser/writer.h"
#include "server/replies.h"
#include "server/server.h"

namespace imcd::server {

namespace {

// The first record that names a room; null where none does.
const records::Record* room_record(const std::vector<records::Record>& records) {
  const auto of_room = std::ranges::find_if_not(records, &records::Record::is_of_user);
  return of_room != records.end() ? &*of_room : nullptr;
}

}  // namespace

// The response's bytes after the status line are made now, while the request is at hand.
void Server::hold(const Request& request, tm::ServerTransactionId id, imc::Outcome outcome,
                  Instant now) {
  ByteBuffer head;
  tag_.clear();
  transactions_.write_tag(tag_, request.key);
  parser::write_response_head(head, request.view, request.from.peer, {200, "OK"}, tag_.view());
  const std::string_view fields = head.view().substr(head.view().find("\r\n") + 2);
  const Flow to = answer_flow(request.fields.top_via, request.from);
  std::vector<records::Record> records = std::move(outcome.records);
  outcome.records.clear();
  journal_.append(std::move(records), {HeldAnswer{id, to, std::string(fields)}, std::move(outcome)},
                  now.mono);
}

void Server::give(HeldAnswer& held, Reply reply, Instant now, Outbox& out) {
  transactions_.complete(held.transaction, reply, now.mono);
  send_held(held, reply.code, reply.phrase, reply.retry_after_s, out);
}

void Server::send_held(const HeldAnswer& held, std::uint16_t code, std::string_view phrase,
                       std::uint16_t retry_after_s, Outbox& out) {
  ByteBuffer& response = out.begin_datagram();
  response.append("SIP/2.0 ");
  response.append_number(code);
  response.append(' ');
  response.append(phrase);
  response.append("\r\n");
  response.append(held.head);
  if (retry_after_s != 0) parser::write_field(response, "Retry-After", retry_after_s);
  parser::end_without_body(response);
  out.end_datagram(held.to);
  figures_.responses_sent.add();
}

void Server::on_commit(const db::CommitResult& result, Instant now, Outbox& out) {
  input(now, out, [&] { finish(result, now, out); });
}

void Server::finish(const db::CommitResult& result, Instant now, Outbox& out) {
  if (!journal_.on_commit(result, now.mono)) {
    if (result.committed) return;
    figures_.db_batches_retried.add();
    return store_is_down(result.error, out);
  }
  figures_.db_batches_committed.add();
  if (!store_up_) store_is_up(out);
  auto entries = journal_.take_committed();
  auto refused = result.refused.begin();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (refused != result.refused.end() && refused->command == i) {
      on_command_refused(entries[i], *refused++, now, out);
    } else {
      release(entries[i], now, out);
    }
  }
}

// The command is durable: its answer, then what it says to others.
void Server::release(Journal::Entry& entry, Instant now, Outbox& out) {
  Release& release = entry.release;
  if (release.answer) give(*release.answer, release.outcome->reply, now, out);
  if (release.outcome) conference_.release(*release.outcome, now.mono);
}

// Refused for good: the answer is 500, the notices are dropped, the room becomes what the store
// says it is.
void Server::on_command_refused(Journal::Entry& entry, const db::RefusedCommand& refused,
                                Instant now, Outbox& out) {
  figures_.db_commands_refused.add();
  const records::Record* const of_room = room_record(entry.records);
  const std::string whose = of_room != nullptr ? of_room->room_name + '@' + of_room->room_domain
                                               : entry.records.front().user;
  out.log({LogLevel::error,
           "the database refused a room change for good",
           {{of_room != nullptr ? "room" : "user", whose}, {"error", refused.error}}});
  if (entry.release.answer) give(*entry.release.answer, reply::database_refused, now, out);
  reload(entry, refused.rows, out);
  // The same repair would be refused again, without end: the rows stay as they are.
  if (entry.release.is_repair) static_cast<void>(conference_.loader().take_repairs());
  journal_repairs(now);
}

void Server::reload(const Journal::Entry& entry, const db::LoadedRows& rows, Outbox& out) {
  const records::Record* const first = room_record(entry.records);
  if (first == nullptr) return;  // Users' URIs alone: they matter at the next start only.
  if (!conference_.loader().reload_room(first->room_name, first->room_domain, rows.rooms,
                                        rows.members, out)) {
    return;
  }
  // Changes of that room that are still on their way hold: they come after what was refused.
  journal_.for_each_waiting([&](const Journal::Entry& waiting) {
    const auto& outcome = waiting.release.outcome;
    for (const records::Record& record : waiting.records) {
      if (record.room_name == first->room_name && record.room_domain == first->room_domain) {
        conference_.loader().replay(record, outcome ? &*outcome : nullptr, out);
      }
    }
  });
}

// RFC 4320 4.1: a 100 when the answer is so late that the sender's Timer E has grown to T2.
void Server::answer_late(Instant now, Outbox& out) {
  std::vector<tm::ServerTransactionId> late;
  while (const auto id = transactions_.pop_late(now.mono)) late.push_back(*id);
  if (late.empty()) return;
  // Transactions become late in the order of their start, in which the journal has them too.
  auto next = late.begin();
  journal_.for_each_waiting([&](const Journal::Entry& entry) {
    const auto& held = entry.release.answer;
    if (next == late.end() || !held || held->transaction != *next) return;
    send_held(*held, 100, "Trying", 0, out);
    ++next;
  });
  CHECK(next == late.end());
}

// Never 503: the change may still happen.
void Server::answer_overdue(Instant now, Outbox& out) {
  while (Journal::Entry* const entry = journal_.pop_overdue(now.mono)) {
    // One that hangs tells no error.
    if (store_up_) store_is_down("no answer within db_timeout_ms", out);
    if (!entry->release.answer) continue;
    give(*entry->release.answer, reply::not_confirmed, now, out);
    entry->release.answer.reset();
  }
}

// Nobody's request waits for these.
void Server::journal_outcomes(std::vector<imc::Outcome> outcomes, Instant now) {
  for (imc::Outcome& outcome : outcomes) {
    std::vector<records::Record> records = std::move(outcome.records);
    outcome.records.clear();
    journal_.append(std::move(records), {std::nullopt, std::move(outcome)}, now.mono);
  }
}

// In one command, so that they are stored together or not at all.
void Server::journal_repairs(Instant now) {
  auto repairs = conference_.loader().take_repairs();
  if (repairs.empty()) return;
  journal_.append(std::move(repairs), {std::nullopt, std::nullopt, true}, now.mono);
}

void Server::store_is_up(Outbox& out) {
  if (!store_up_) out.log({LogLevel::info, "the database is there", {}});
  store_up_ = true;
  figures_.db_up.set(1);
}

void Server::store_is_down(std::string_view error, Outbox& out) {
  // Once per outage: the retries that follow are counted.
  if (store_up_ || loading_) {
    out.log({LogLevel::error, "the database fails; trying again", {{"error", std::string(error)}}});
  }
  store_up_ = false;
  figures_.db_up.set(0);
}

void Server::on_store_opened(Instant now, Outbox& out) {
  input(now, out, [&] { store_is_up(out); });
}

void Server::on_open_failed(std::string_view error, Instant now, Outbox& out) {
  input(now, out, [&] {
    store_is_down(error, out);
    if (settings_.db_required) out.exit(1);
  });
}

void Server::on_rows_loaded(const db::LoadedRows& rows, Instant now, Outbox& out) {
  CHECK(loading_);
  input(now, out, [&] {
    for (const std::string& skipped : rows.skipped) {
      figures_.db_rows_skipped.add();
      out.log({LogLevel::warning, "row skipped: " + skipped, {}});
    }
    conference_.loader().load_users(rows.users, out);
    conference_.loader().load(rows.rooms, rows.members, out);
    conference_.loader().load_invitations(rows.invitations);
  });
}

void Server::on_load_failed(std::string_view error, Instant now, Outbox& out) {
  input(now, out, [&] {
    conference_.loader().forget();
    store_is_down(error, out);
    if (settings_.db_required) out.exit(1);
  });
}

void Server::on_loaded(Instant now, Outbox& out) {
  input(now, out, [&] {
    loading_ = false;
    conference_.loader().end_load(now.wall);
    out.log({LogLevel::info,
             "rooms are loaded",
             {{"rooms", std::to_string(conference_.rooms().size())},
              {"members", std::to_string(figures_.members.value())}}});
    journal_repairs(now);
  });
}

}  // namespace imcd::server
