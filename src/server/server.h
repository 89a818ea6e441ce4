// Server: the whole of imcd except the kernel. Bytes, time, commit results and signals go in; what
// is to be done comes out through the Outbox. It makes no system call, reads no clock and draws no
// number but from its seed, so the same inputs give the same bytes: the reactor, the harness, the
// simulator and the fuzzer are its callers alike.
//
//   on_datagram ──▶ SipInputs ──▶ response ──▶ delivery::Deliveries
//                           └───▶ Requests ──▶ imc::Conference ──▶ Outcome
//                                                     │               │
//                        nothing to store: Responder ◀┘               ▼
//                        stored: Responder, notices ◀── on_commit ◀── Commits
//
// Here stand the parts and what an input of each kind is for them; nothing is decided here.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/core.h"
#include "base/figures.h"
#include "base/random.h"
#include "base/settings.h"
#include "db/store.h"
#include "delivery/deliveries.h"
#include "imc/conference.h"
#include "mi/sessions.h"
#include "server/commits.h"
#include "server/control.h"
#include "server/requests.h"
#include "server/responder.h"
#include "server/setup.h"
#include "server/shutdown.h"
#include "server/sip_inputs.h"
#include "server/stream_inputs.h"
#include "server/trusted_sources.h"
#include "tm/server_transactions.h"

namespace imcd::server {

class Server final : public Core {
 public:
  // `figures` must outlive the server. It begins in the state "loading".
  Server(const Settings& settings, Setup setup, Figures& figures, Instant now);

  // Takes what may change without a restart; the rest stays what it was at the start.
  void apply(const Settings& settings);

  // The machine has no memory left: no request is taken, what is under way ends.
  void set_memory_short(bool is_short) { requests_.set_memory_short(is_short); }

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
  void on_rows_loaded(const records::LoadedRows& rows, Instant now, Outbox& out);
  void on_loaded(Instant now, Outbox& out);
  // The store failed in the middle of loading; it will begin anew, or as above.
  void on_load_failed(std::string_view error, Instant now, Outbox& out);
  void on_commit(db::CommitResult result, Instant now, Outbox& out);

  // --- Looking in ---

  // The batch that Outbox::submit_batch named.
  [[nodiscard]] db::Batch take_batch(BatchId id) { return commits_.take_batch(id); }
  [[nodiscard]] bool is_loading() const { return commits_.is_loading(); }
  [[nodiscard]] bool is_draining() const { return shutdown_.is_draining(); }
  [[nodiscard]] bool is_idle() const {
    return commits_.are_done() && deliveries_.in_flight() == 0 && deliveries_.queued() == 0;
  }
  [[nodiscard]] imc::Conference& conference() { return conference_; }
  [[nodiscard]] delivery::Deliveries& deliveries() { return deliveries_; }
  [[nodiscard]] IdentityTable& identities() { return identities_; }
  [[nodiscard]] std::size_t streams() const { return streams_.size(); }
  [[nodiscard]] std::size_t server_transactions() const { return transactions_.size(); }

 private:
  // Every input is this: what it does itself, and then what each may have made possible.
  template <class Do>
  void input(Instant now, Outbox& out, Do&& what_it_does) {
    what_it_does();
    end_input(now, out);
  }
  void end_input(Instant now, Outbox& out);
  void allow_operators(MonoTime now);
  void log_summary(Outbox& out) const;

  ServerSettings settings_;  // The parts look into it.
  Figures& figures_;
  Random random_;
  tm::ServerTransactions transactions_;
  Epochs epochs_;
  IdentityTable identities_;
  delivery::Deliveries deliveries_;
  imc::Conference conference_;
  Responder responder_;
  Commits commits_;
  Shutdown shutdown_;
  TrustedSources trusted_;
  Requests requests_;
  SipInputs sip_;
  StreamInputs streams_;
  Control control_;
  mi::Sessions mi_;
};

}  // namespace imcd::server
