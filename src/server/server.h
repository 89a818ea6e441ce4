// Server: the whole of imcd except the kernel. Bytes, time, commit results and signals go in; what
// is to be done comes out through the Outbox. It makes no system call, reads no clock and draws no
// number but from its seed, so the same inputs give the same bytes: the reactor, the harness, the
// simulator and the fuzzer are its callers alike.
//
//   on_datagram ──▶ parser ──▶ response ──▶ delivery::Deliveries
//                        └───▶ request ──▶ tm (is it new?) ──▶ imc::Conference ──▶ Outcome
//                                                                │           │
//                         nothing to store: answer, notices ◀────┘           ▼
//                         committed: answer, notices ◀── on_commit ◀── db::Journal
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core.h"
#include "base/figures.h"
#include "base/outbox.h"
#include "base/random.h"
#include "base/time.h"
#include "db/journal.h"
#include "db/store.h"
#include "imc/conference.h"
#include "mi/sessions.h"
#include "parser/message.h"
#include "parser/request_fields.h"
#include "server/control.h"
#include "server/settings.h"
#include "server/streams.h"
#include "tm/server_transactions.h"

namespace imcd::server {

class Server final : public Core {
 public:
  // `figures` must outlive the server. It begins in the state "loading".
  Server(Settings settings, Figures& figures, Instant now);

  // --- Inputs: those of the edge ---

  void on_datagram(std::string_view bytes, const Flow& from, Instant now, Outbox& out) override;
  void on_port_closed(const Flow& to, Instant now, Outbox& out) override;
  void on_stream_open(const Flow& flow, Instant now, Outbox& out) override;
  void on_stream_bytes(std::string_view bytes, const Flow& from, Instant now, Outbox& out) override;
  void on_stream_ended(StreamId stream, StreamEnd how, Instant now, Outbox& out) override;
  void on_stream_blocked(StreamId stream, bool is_blocked, Instant now, Outbox& out) override;
  void on_mi_bytes(std::string_view bytes, Instant now, Outbox& out) override;
  void on_mi_reply(MiReplyId reply, MiReplyEvent event, Instant now, Outbox& out) override;
  void on_resolved(const NameQuestion& question, const NameAnswer& answer, Instant now,
                   Outbox& out) override;
  void on_order(Order order, Instant now, Outbox& out) override;
  void on_deadline(Instant now, Outbox& out) override;
  [[nodiscard]] std::optional<MonoTime> next_deadline() const override;

  // --- Inputs: those of the store ---

  void on_store_opened(Instant now, Outbox& out);
  // It will be tried again; with `db_required` the process ends instead.
  void on_open_failed(std::string_view error, Instant now, Outbox& out);
  // Rows come in pieces, all rooms before the first member, then on_loaded.
  void on_rows_loaded(const db::LoadedRows& rows, Instant now, Outbox& out);
  void on_loaded(Instant now, Outbox& out);
  // The store failed in the middle of loading; it will begin anew, or as above.
  void on_load_failed(std::string_view error, Instant now, Outbox& out);
  void on_commit(const db::CommitResult& result, Instant now, Outbox& out);

  // --- Looking in ---

  // The batch that Outbox::submit_batch named.
  [[nodiscard]] db::Batch batch(BatchId id) const { return journal_.batch(id); }
  [[nodiscard]] bool is_loading() const { return loading_; }
  [[nodiscard]] bool is_draining() const { return drain_until_.has_value(); }
  [[nodiscard]] bool is_idle() const {
    return journal_.empty() && deliveries_.in_flight() == 0 && deliveries_.queued() == 0;
  }
  [[nodiscard]] imc::Conference& conference() { return conference_; }
  [[nodiscard]] delivery::Deliveries& deliveries() { return deliveries_; }
  [[nodiscard]] IdentityTable& identities() { return identities_; }
  [[nodiscard]] std::size_t streams() const { return streams_.size(); }
  [[nodiscard]] std::size_t server_transactions() const { return transactions_.size(); }

 private:
  // One request under way.
  struct Request {
    const parser::MessageView& view;
    const parser::RequestFields& fields;
    Flow from;
    Hash128 key;
  };
  // An answer that waits for its commit: the bytes after the status line are kept.
  struct HeldAnswer {
    tm::ServerTransactionId transaction;
    Flow to;
    std::string head;
  };
  struct Release {
    std::optional<HeldAnswer> answer;  // Emptied when it was given ("Not confirmed").
    std::optional<imc::Outcome> outcome;
    bool is_repair = false;  // No command: it makes the rows agree with the rooms.
  };
  using Journal = db::Journal<Release>;

  // stream_inputs.cpp: what comes on streams.
  std::optional<StreamRefusal> admit_stream(const Flow& flow, MonoTime now);
  void on_piece(const parser::StreamFramer::Piece& piece, std::string_view bytes, const Flow& from,
                Instant now, Outbox& out);
  void end_stream(StreamId stream, StreamEnd how, MonoTime now, Outbox& out);
  void keep_streams(Instant now, Outbox& out);

  void on_sip(std::string_view bytes, const Flow& from, Instant now, Outbox& out);
  // requests.cpp: what a UAS checks, RFC 3261 8.2.
  void on_malformed(const parser::ParseError& error, std::string_view bytes, const Flow& from,
                    Instant now, Outbox& out);
  static Flow answer_flow(const parser::Via& via, const Flow& from);
  void on_response(const Flow& from, Instant now);
  void on_request(std::string_view bytes, const Flow& from, Instant now, Outbox& out);
  [[nodiscard]] bool is_trusted(const Address& peer) const;
  bool admit_source(const Request& request, Instant now, Outbox& out);
  void on_retransmission(const Request& request, tm::ServerTransactionId id, Outbox& out);
  void on_options(const Request& request, Outbox& out);
  void on_cancel(const Request& request, Outbox& out);
  void on_message(std::string_view bytes, const Request& request, Instant now, Outbox& out);
  [[nodiscard]] std::optional<Reply> check_message(const Request& request) const;
  void execute(const Request& request, const imc::RoomMessage& message, Instant now, Outbox& out);
  void respond(const Request& request, Reply reply, Outbox& out);
  void respond_trying(const Request& request, Outbox& out);
  void refuse_by_load(const Request& request, RefusalCause cause, Reply reply, Outbox& out);

  // commits.cpp: answers that wait for the store.
  void hold(const Request& request, tm::ServerTransactionId id, imc::Outcome outcome, Instant now);
  void give(HeldAnswer& held, Reply reply, Instant now, Outbox& out);
  void send_held(const HeldAnswer& held, std::uint16_t code, std::string_view phrase,
                 std::uint16_t retry_after_s, Outbox& out);
  void release(Journal::Entry& entry, Instant now, Outbox& out);
  void on_command_refused(Journal::Entry& entry, const db::RefusedCommand& refused, Instant now,
                          Outbox& out);
  void reload(const Journal::Entry& entry, const db::LoadedRows& rows, Outbox& out);
  void finish(const db::CommitResult& result, Instant now, Outbox& out);
  void answer_late(Instant now, Outbox& out);
  void answer_overdue(Instant now, Outbox& out);
  void journal_outcomes(std::vector<imc::Outcome> outcomes, Instant now);
  void journal_repairs(Instant now);

  // What the store's state is now.
  void store_is_up(Outbox& out);
  void store_is_down(std::string_view error, Outbox& out);

  // Every input is this: what it does itself, and then what each may have made possible.
  template <class Do>
  void input(Instant now, Outbox& out, Do&& what_it_does) {
    what_it_does();
    end_input(now, out);
  }
  void end_input(Instant now, Outbox& out);
  [[nodiscard]] bool may_change_rooms(MonoTime now) const;
  void stop(Instant now, Outbox& out);
  void drain(Instant now, Outbox& out);
  void end_drain(Instant now, Outbox& out);
  void log_summary(Outbox& out) const;

  Settings settings_;
  Figures& figures_;
  Random random_;
  Streams streams_;
  tm::ServerTransactions transactions_;
  Epochs epochs_;
  IdentityTable identities_;
  delivery::Deliveries deliveries_;
  imc::Conference conference_;
  Journal journal_;
  Control control_;
  mi::Sessions mi_;

  // Reused for every message.
  parser::MessageView view_;
  parser::RequestFields fields_;
  ByteBuffer tag_;

  bool loading_ = true;
  bool store_up_ = false;
  std::optional<MonoTime> drain_until_;
  // Answers to untrusted sources in the second that began then.
  MonoTime untrusted_second_{};
  std::uint32_t untrusted_answers_ = 0;
};

}  // namespace imcd::server
