// Daemon: the process around the core. The reactor tells the Server what comes from the network by
// itself; here stand the storage thread, whose answers become the core's inputs and which gets its
// batches, the log lines, and the word to systemd.
#pragma once

#include <memory>
#include <string>

#include "base/figures.h"
#include "base/settings.h"
#include "db/storage_thread.h"
#include "load_reporter.h"
#include "log_printer.h"
#include "memory_reserve.h"
#include "reactor/reactor.h"
#include "server/server.h"

namespace imcd {

class Daemon final : public reactor::Process {
 public:
  // `reactor`, `printer` and `figures` must outlive the daemon.
  Daemon(const Settings& settings, reactor::Reactor& reactor, LogPrinter& printer, Figures& figures,
         std::unique_ptr<db::Store> store, HashKey seed, Instant now);

  // Until the core asks for the exit; gives its code.
  int run() { return reactor_.run(server_, *this); }

  void on_signal(int signal, Instant now, Outbox& out) override;
  void on_wake(Instant now, Outbox& out) override;
  void on_actions(const Outbox& out, Instant now) override;

 private:
  void on_answer(const db::Opened& opened, Instant now, Outbox& out);
  void on_answer(const db::OpenFailed& failed, Instant now, Outbox& out);
  void on_answer(const db::LoadFailed& failed, Instant now, Outbox& out);
  void on_answer(const records::LoadedRows& rows, Instant now, Outbox& out);
  void on_answer(const db::LoadFinished& finished, Instant now, Outbox& out);
  void on_answer(db::CommitResult& result, Instant now, Outbox& out);
  void announce_ready() const;
  void watch_memory(Instant now);

  reactor::Reactor& reactor_;
  LogPrinter& printer_;
  MemoryReserve memory_reserve_;
  bool memory_is_short_ = false;
  server::Server server_;
  LoadReporter load_reporter_;
  db::StorageThread storage_;
};

}  // namespace imcd
