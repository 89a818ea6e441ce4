// Daemon: the core on the reactor, with its storage thread. It hands each event to the Server and
// carries out what the reactor does not know of: batches, log lines, the word to systemd.
#pragma once

#include <memory>
#include <string>

#include "base/figures.h"
#include "config/config.h"
#include "db/storage_thread.h"
#include "load_reporter.h"
#include "log_printer.h"
#include "reactor/reactor.h"
#include "server/server.h"

namespace imcd {

// The core's settings from the configuration and the reactor's sockets.
server::Settings core_settings(const config::Config& config, const reactor::Reactor& reactor,
                               HashKey seed);

class Daemon final : public reactor::Core {
 public:
  // `reactor`, `printer` and `figures` must outlive the daemon.
  Daemon(const config::Config& config, reactor::Reactor& reactor, LogPrinter& printer,
         Figures& figures, std::unique_ptr<db::Store> store, HashKey seed, Instant now);

  void on_datagram(std::string_view bytes, const Flow& from, Instant now, Outbox& out) override;
  void on_stream_open(const Flow& flow, Instant now, Outbox& out) override;
  void on_stream_bytes(std::string_view bytes, const Flow& from, Instant now, Outbox& out) override;
  void on_stream_ended(StreamId stream, StreamEnd how, Instant now, Outbox& out) override;
  void on_stream_blocked(StreamId stream, bool is_blocked, Instant now, Outbox& out) override;
  void on_mi_bytes(std::string_view bytes, Instant now, Outbox& out) override;
  void on_mi_reply(MiReplyId reply, MiReplyEvent event, Instant now, Outbox& out) override;
  void on_port_closed(const Flow& to, Instant now, Outbox& out) override;
  void on_resolved(const NameQuestion& question, const NameAnswer& answer, Instant now,
                   Outbox& out) override;
  void on_signal(int signal, Instant now, Outbox& out) override;
  void on_wake(Instant now, Outbox& out) override;
  void on_deadline(Instant now, Outbox& out) override;
  [[nodiscard]] std::optional<MonoTime> next_deadline() const override;
  void on_actions(const Outbox& out) override;

 private:
  void on_answer(const db::Opened& opened, Instant now, Outbox& out);
  void on_answer(const db::OpenFailed& failed, Instant now, Outbox& out);
  void on_answer(const db::LoadFailed& failed, Instant now, Outbox& out);
  void on_answer(const db::LoadedRows& rows, Instant now, Outbox& out);
  void on_answer(const db::LoadFinished& finished, Instant now, Outbox& out);
  void on_answer(const db::CommitResult& result, Instant now, Outbox& out);
  void announce_ready() const;

  const config::Config& config_;
  reactor::Reactor& reactor_;
  LogPrinter& printer_;
  server::Server server_;
  LoadReporter load_reporter_;
  WallTime wall_{};  // Of the event under way, for its log lines.
  db::StorageThread storage_;
};

}  // namespace imcd
