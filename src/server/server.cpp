#include "server/server.h"

#include <algorithm>
namespace imcd::server {

Server::Server(Settings settings, Figures& figures, Instant now)
    : settings_(std::move(settings)),
      figures_(figures),
      random_(settings_.seed),
      streams_(settings_.seed),
      transactions_(random_.next_key(), settings_.server_transactions_max),
      identities_(random_.next_key(), epochs_),
      deliveries_(settings_.deliveries, random_.next_key(), identities_, figures),
      conference_(settings_.conference, identities_, epochs_, deliveries_, random_, figures),
      journal_(settings_.journal),
      control_(conference_, figures, settings_.version, now),
      mi_(control_, figures) {}

void Server::on_mi_bytes(std::string_view bytes, Instant now, Outbox& out) {
  input(now, out, [&] {
    control_.allow_changes(may_change_rooms(now.mono));
    mi_.on_bytes(bytes, now, out);
  });
}

void Server::on_mi_reply(MiReplyId reply, MiReplyEvent event, Instant now, Outbox& out) {
  input(now, out, [&] {
    control_.allow_changes(may_change_rooms(now.mono));
    mi_.on_reply(reply, event, now, out);
  });
}

bool Server::may_change_rooms(MonoTime now) const {
  return !loading_ && !is_draining() && journal_.accepts(now);
}

void Server::on_deadline(Instant now, Outbox& out) {
  input(now, out, [&] {
    transactions_.on_deadline(now.mono);
    keep_streams(now, out);
    answer_late(now, out);
    answer_overdue(now, out);
    deliveries_.on_deadline(now, out);
    mi_.on_deadline(now, out);
  });
}

void Server::on_port_closed(const Flow& to, Instant now, Outbox& out) {
  input(now, out, [&] { deliveries_.on_port_closed(to); });
}

void Server::on_resolved(const NameQuestion& question, const NameAnswer& answer, Instant now,
                         Outbox& out) {
  input(now, out, [&] { deliveries_.on_resolved(question, answer, now.mono, out); });
}

std::optional<MonoTime> Server::next_deadline() const {
  auto first = earlier(transactions_.next_deadline(), journal_.next_deadline());
  first = earlier(first, deliveries_.next_deadline());
  first = earlier(first, mi_.next_deadline());
  first = earlier(first, streams_.next_deadline());
  return earlier(first, drain_until_);
}

// What each input may have made possible.
void Server::end_input(Instant now, Outbox& out) {
  if (deliveries_.has_news()) conference_.on_returned(deliveries_.take_returned(), now.mono);
  deliveries_.pump(now, out);
  if (deliveries_.has_news()) {
    journal_outcomes(conference_.on_watches_ended(deliveries_.take_ended_watches()), now);
  }
  if (control_.has_changes()) journal_outcomes(control_.take_changes(), now);
  journal_.on_deadline(now.mono, out);
  epochs_.collect();
  identities_.grow_slice();
  conference_.end_input();
  figures_.server_transactions.set(static_cast<std::int64_t>(transactions_.size()));
  figures_.db_queue_operations.set(static_cast<std::int64_t>(journal_.records()));
  if (drain_until_) end_drain(now, out);
}

void Server::on_order(Order order, Instant now, Outbox& out) {
  input(now, out, [&] {
    switch (order) {
      case Order::stop:
        return stop(now, out);
      case Order::summary:
        return log_summary(out);
      case Order::reload:
        return out.log(
            {LogLevel::warning, "no option can be reloaded yet; restart to change them", {}});
    }
  });
}

// The second time at once.
void Server::stop(Instant now, Outbox& out) {
  if (!is_draining()) return drain(now, out);
  out.log({LogLevel::warning, "stopping at once", {}});
  out.exit(journal_.empty() ? 0 : 1);
}

// OPERATIONS "drain": new work is refused, what is under way may end.
void Server::drain(Instant now, Outbox& out) {
  out.log({LogLevel::info,
           "shutting down",
           {{"in_flight", std::to_string(deliveries_.in_flight())},
            {"queued", std::to_string(deliveries_.queued())},
            {"journal", std::to_string(journal_.records())}}});
  drain_until_ = now.mono + settings_.drain_timeout;
  deliveries_.drop_queued(now.mono);
  journal_.flush(now.mono);
}

void Server::end_drain(Instant now, Outbox& out) {
  if (journal_.empty() && deliveries_.in_flight() == 0) {
    out.exit(0);
  } else if (now.mono >= *drain_until_) {
    const bool stored = journal_.empty();
    out.log({stored ? LogLevel::warning : LogLevel::error,
             stored ? "stopped with deliveries unanswered" : "stopped with room changes not stored",
             {{"in_flight", std::to_string(deliveries_.in_flight())},
              {"journal", std::to_string(journal_.records())}}});
    out.exit(stored ? 0 : 1);
  }
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
            {"journal", text(journal_.records())},
            {"db_up", text(figures_.db_up.value())}}});
}

}  // namespace imcd::server
