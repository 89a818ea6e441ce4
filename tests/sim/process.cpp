// Simulator: the life of the process: how it starts, loads, dies, stops, and what the store and the
// management clients do meanwhile.

#include <fmt/format.h>

#include "sim/simulator.h"

namespace imcd::sim {
namespace {

constexpr Duration restart_least = 10ms;
constexpr Duration restart_most = 4s;

}  // namespace

void Simulator::start_process() {
  ++life_;
  if (life_ > 1) world_.counts.add(Tally::restarts);
  server::Setup setup = world_.plan.setup;
  setup.seed.low += life_;
  figures_ = std::make_unique<Figures>();
  server_ = std::make_unique<server::Server>(world_.plan.settings, setup, *figures_, world_.now);
  checker_.on_start(*server_, *figures_);
  storage_.start(life_);
  plan_death();
  world_.trace.note(world_.now, fmt::format("process {} starts", life_));
}

void Simulator::plan_death() {
  const Plan& plan = world_.plan;
  if (plan.die_every > 0s) {
    world_.at(dice_.between(0s, 2 * plan.die_every), EventKind::process_dies, 0, life_);
  }
  if (plan.stop_every > 0s) {
    world_.at(dice_.between(0s, 2 * plan.stop_every), EventKind::process_stops, 0, life_);
  }
}

void Simulator::die() {
  world_.trace.note(world_.now, "the process dies");
  world_.counts.add(Fault::process_died);
  dies_while_sending_ = false;
  storage_.abandon();
  out_.clear();
  mi_replies_.clear();
  checker_.on_death();
  server_.reset();
  figures_.reset();
  world_.at(dice_.between(restart_least, restart_most), EventKind::process_starts);
}

void Simulator::exit(int code) {
  world_.trace.note(world_.now, fmt::format("the process exits with code {}", code));
  checker_.on_exit(code);
  die();
}

void Simulator::stop() {
  world_.counts.add(server_->is_draining() ? Fault::second_stop : Fault::orderly_stop);
  world_.trace.note(world_.now, "the process is told to stop");
  checker_.before_other();
  server_->on_order(Order::stop, world_.now, out_);
  const bool is_impatient = dice_.chance(0.6);
  if (is_impatient) world_.at(dice_.between(0s, 10s), EventKind::process_stops, 0, life_);
  carry_out();
}

// --- The store -----------------------------------------------------------------------------------

void Simulator::open_store() {
  checker_.before_other();
  if (const auto error = storage_.open()) {
    server_->on_open_failed(*error, world_.now, out_);
  } else {
    server_->on_store_opened(world_.now, out_);
  }
  carry_out();
}

void Simulator::load_store() {
  if (const auto piece = storage_.next_piece()) {
    checker_.before_other();
    server_->on_rows_loaded(*piece, world_.now, out_);
  } else if (storage_.load_failed()) {
    checker_.before_other();
    server_->on_load_failed("the load failed", world_.now, out_);
  } else {
    world_.trace.note(world_.now, "all rows are loaded");
    checker_.before_loaded();
    server_->on_loaded(world_.now, out_);
  }
  carry_out();
}

void Simulator::apply_batch() {
  if (!storage_.apply()) die();
}

void Simulator::answer_batch() {
  db::CommitResult result = storage_.take_result();
  checker_.before_commit(result);
  server_->on_commit(std::move(result), world_.now, out_);
  carry_out();
}

// --- Management ----------------------------------------------------------------------------------

// A client that writes requests, whole or in parts, and is not always there for the reply.
void Simulator::manage(std::uint32_t) {
  if (world_.is_calm) return;
  world_.at(dice_.between(10ms, 20s), EventKind::mi);
  if (!server_) return;
  checker_.before_other();
  if (!mi_replies_.empty() && dice_.chance(0.8)) {
    const MiReplyId reply = dice_.pick(mi_replies_);
    constexpr MiReplyEvent events[] = {MiReplyEvent::opened,    MiReplyEvent::opened,
                                       MiReplyEvent::writable,  MiReplyEvent::writable,
                                       MiReplyEvent::no_reader, MiReplyEvent::refused,
                                       MiReplyEvent::broken};
    server_->on_mi_reply(reply, dice_.pick(events), world_.now, out_);
  } else {
    constexpr std::string_view requests[] = {":imc_list_rooms:reply\n\n", ":imc_list_rooms:\n\n",
                                             ":imc_list_members:other\nsip:r0@example.org\n\n",
                                             ":get_statistics:reply\nall\n\n", "junk\n\n"};
    const std::string_view request = dice_.pick(requests);
    const std::size_t bytes = dice_.chance(0.8) ? request.size() : dice_.below(request.size());
    server_->on_mi_bytes(request.substr(0, bytes), world_.now, out_);
  }
  carry_out();
}

}  // namespace imcd::sim
