#include "server/server.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "base/shares.h"

namespace imcd::server {

namespace {

std::size_t transactions_max(const Settings& settings) {
  return std::min(settings.server.server_transactions_max,
                  std::bit_floor(Shares(settings.deliveries.memory_max)
                                     .places(Share::requests, tm::ServerTransactions::bytes_each)));
}

}  // namespace

Server::Server(const Settings& settings, Setup setup, Figures& figures, Instant now)
    : settings_(settings.server),
      figures_(figures),
      random_(setup.seed),
      transactions_(random_.next_key(), transactions_max(settings)),
      identities_(random_.next_key(), epochs_),
      deliveries_(settings.deliveries, std::move(setup.sockets), random_.next_key(), identities_,
                  figures),
      conference_(settings.conference, identities_, epochs_, deliveries_, random_, figures),
      responder_(settings.conference, transactions_, figures),
      commits_(settings.journal, settings_, conference_, transactions_, responder_, figures),
      shutdown_(settings_, deliveries_, commits_),
      trusted_(settings_),
      requests_(settings_, setup.seed,
                {deliveries_, conference_, transactions_, commits_, responder_, trusted_, shutdown_,
                 figures}),
      sip_(deliveries_, requests_, figures),
      streams_(setup.seed, trusted_, deliveries_, figures),
      control_(conference_, figures, std::move(setup.version), now),
      mi_(control_, figures) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Share::count); ++i) {
    const auto share = static_cast<Share>(i);
    const std::size_t bytes = Shares(settings.deliveries.memory_max).bytes(share);
    figures.memory_shares[share].set(static_cast<std::int64_t>(bytes));
  }
}

void Server::apply(const Settings& settings) {
  settings_ = settings.server;
  deliveries_.apply(settings.deliveries);
  conference_.apply(settings.conference);
  responder_.apply(settings.conference);
  commits_.apply(settings.journal);
}

// What each input may have made possible.
void Server::end_input(Instant now, Outbox& out) {
  if (deliveries_.has_news()) conference_.on_returned(deliveries_.take_returned(), now.mono);
  deliveries_.pump(now, out);
  if (deliveries_.has_news()) {
    commits_.append(conference_.on_watches_ended(deliveries_.take_ended_watches()), now.mono);
  }
  if (control_.has_changes()) commits_.append(control_.take_changes(), now.mono);
  commits_.submit_due(now.mono, out);
  epochs_.collect();
  identities_.grow_slice();
  conference_.end_input();
  const auto transactions = static_cast<std::int64_t>(transactions_.size());
  figures_.server_transactions.set(transactions);
  figures_.memory_used[Share::requests].set(
      transactions * static_cast<std::int64_t>(tm::ServerTransactions::bytes_each));
  figures_.db_queue_operations.set(static_cast<std::int64_t>(commits_.records()));
  shutdown_.end_if_done(now.mono, out);
}

// --- What the network and its users do ----------------------------------------------------------

void Server::on_datagram(std::string_view bytes, const Flow& from, Instant now, Outbox& out) {
  input(now, out, [&] { sip_.on_message(bytes, from, now, out); });
}

void Server::on_port_closed(const Flow& to, Instant now, Outbox& out) {
  input(now, out, [&] { deliveries_.on_port_closed(to); });
}

void Server::on_stream_open(const Flow& flow, Instant now, Outbox& out) {
  input(now, out, [&] { streams_.on_open(flow, now.mono, out); });
}

void Server::on_stream_bytes(std::string_view bytes, const Flow& from, Instant now, Outbox& out) {
  input(now, out, [&] {
    streams_.on_bytes(bytes, from, now.mono, out,
                      [&](const StreamInputs::Piece& piece, std::string_view text) {
                        if (piece.kind == parser::StreamFramer::Kind::fault) {
                          sip_.on_broken_stream(piece.fault, text, from, now, out);
                        } else {
                          sip_.on_message(text, from, now, out);
                        }
                      });
  });
}

void Server::on_stream_ended(StreamId stream, StreamEnd, Instant now, Outbox& out) {
  input(now, out, [&] { streams_.on_ended(stream, now.mono); });
}

void Server::on_stream_blocked(StreamId stream, bool is_blocked, Instant now, Outbox& out) {
  input(now, out, [&] { deliveries_.on_stream_blocked(stream, is_blocked); });
}

void Server::on_resolved(const NameQuestion& question, const NameAnswer& answer, Instant now,
                         Outbox& out) {
  input(now, out, [&] { deliveries_.on_resolved(question, answer, now.mono, out); });
}

// --- What the operator does ---------------------------------------------------------------------

void Server::on_mi_bytes(std::string_view bytes, Instant now, Outbox& out) {
  input(now, out, [&] {
    allow_operators(now.mono);
    mi_.on_bytes(bytes, now, out);
  });
}

void Server::on_mi_reply(MiReplyId reply, MiReplyEvent event, Instant now, Outbox& out) {
  input(now, out, [&] {
    allow_operators(now.mono);
    mi_.on_reply(reply, event, now, out);
  });
}

void Server::allow_operators(MonoTime now) {
  control_.allow_changes(commits_.accepts(now) && !is_draining());
}

void Server::on_order(Order order, Instant now, Outbox& out) {
  input(now, out, [&] {
    switch (order) {
      case Order::stop:
        figures_.draining.set(1);
        return shutdown_.on_stop(now.mono, out);
      case Order::summary:
        return log_summary(out);
      case Order::reload:
        return out.log(
            {LogLevel::warning, "no option can be reloaded yet; restart to change them", {}});
    }
  });
}

void Server::log_summary(Outbox& out) const {
  const auto text = [](auto number) { return std::to_string(number); };
  out.log({LogLevel::info,
           "summary",
           {{"rooms", text(conference_.rooms().size())},
            {"members", text(figures_.members.value())},
            {"server_transactions", text(transactions_.size())},
            {"deliveries", text(deliveries_.in_flight())},
            {"queued", text(deliveries_.queued())},
            {"journal", text(commits_.records())},
            {"db_up", text(figures_.db_up.value())}}});
}

// --- What the store does ------------------------------------------------------------------------

void Server::on_store_opened(Instant now, Outbox& out) {
  input(now, out, [&] { commits_.on_store_opened(out); });
}

void Server::on_open_failed(std::string_view error, Instant now, Outbox& out) {
  input(now, out, [&] { commits_.on_open_failed(error, out); });
}

void Server::on_rows_loaded(const records::LoadedRows& rows, Instant now, Outbox& out) {
  input(now, out, [&] { commits_.on_rows_loaded(rows, out); });
}

void Server::on_load_failed(std::string_view error, Instant now, Outbox& out) {
  input(now, out, [&] { commits_.on_load_failed(error, out); });
}

void Server::on_loaded(Instant now, Outbox& out) {
  input(now, out, [&] { commits_.on_loaded(now, out); });
}

void Server::on_commit(db::CommitResult result, Instant now, Outbox& out) {
  input(now, out, [&] { commits_.on_commit(std::move(result), now, out); });
}

// --- What time does -----------------------------------------------------------------------------

void Server::on_deadline(Instant now, Outbox& out) {
  input(now, out, [&] {
    transactions_.on_deadline(now.mono);
    streams_.on_deadline(now.mono, out);
    commits_.on_deadline(now.mono, out);
    deliveries_.on_deadline(now, out);
    mi_.on_deadline(now, out);
  });
}

std::optional<MonoTime> Server::next_deadline() const {
  auto first = earlier(transactions_.next_deadline(), commits_.next_deadline());
  first = earlier(first, deliveries_.next_deadline());
  first = earlier(first, mi_.next_deadline());
  first = earlier(first, streams_.next_deadline());
  return earlier(first, shutdown_.next_deadline());
}

}  // namespace imcd::server
