// Simulator: the real server core in virtual time, among peers, a network, a database and deaths
// that all follow from one seed. Nothing waits: the clock moves from event to event.
//
//   Schedule ──event──▶ Simulator ──bytes, time, commits──▶ server::Server
//      ▲                    │   ▲                                │
//      │                    │   └──── Checker ◀── Outbox ◀───────┘
//      └── Network, Peers, Requests, Workload, Storage
//
// A run has two parts: the time of faults, while the workload lasts, and the calm after it, in
// which everything must come to rest. Then the process ends once more, starts again, and must find
// all that it had acknowledged.
#pragma once

#include <memory>

#include "base/figures.h"
#include "base/outbox.h"
#include "db/memory_store.h"
#include "server/server.h"
#include "sim/checker.h"
#include "sim/ledger.h"
#include "sim/names.h"
#include "sim/network.h"
#include "sim/peers.h"
#include "sim/requests.h"
#include "sim/storage.h"
#include "sim/workload.h"
#include "sim/world.h"

namespace imcd::sim {

class Simulator {
 public:
  Simulator(const Plan& plan, Counts& counts, const Trace& trace);

  // Throws Violation where a promise is broken.
  void run();

 private:
  // simulator.cpp
  void begin();
  void step();
  bool is_at_rest();
  void end();
  void handle(const Event& event);
  void on_arrival(std::uint32_t datagram);
  void carry_out();
  void send_datagrams(std::size_t count);
  void answer_questions(const std::vector<NameQuestion>& questions);
  void become_calm();
  void change_weather();

  // process.cpp: the process' life, and what only it knows of.
  void start_process();
  void die();
  void exit(int code);
  void stop();
  void plan_death();
  void open_store();
  void load_store();
  void apply_batch();
  void answer_batch();
  void manage(std::uint32_t life);

  World world_;
  db::MemoryDatabase database_;
  Names names_;
  Ledger ledger_;
  Network network_;
  Checker checker_;
  Requests requests_;
  Peers peers_;
  Workload workload_;
  Storage storage_;
  Dice dice_;

  std::unique_ptr<Figures> figures_;
  std::unique_ptr<server::Server> server_;
  Outbox out_;
  std::uint32_t life_ = 0;
  bool dies_while_sending_ = false;
  bool is_working_ = true;  // The workload goes on.
  MonoTime calm_since_{};
  std::uint64_t steps_at_this_time_ = 0;
  std::vector<MiReplyId> mi_replies_;
};

// Runs one seed; throws Violation.
void run_seed(std::uint64_t seed, const PlanOptions& options, Counts& counts, const Trace& trace);

}  // namespace imcd::sim
