#include "sim/simulator.h"

#include <algorithm>
#include <fmt/format.h>

namespace imcd::sim {
namespace {

// Longer than any timer: an away user is probed after 10 min at the latest and then remembered for
// 20 min.
constexpr Duration rest_within = 60min;
// More steps at one moment are a loop without end.
constexpr std::uint64_t steps_at_once_max = 1'000'000;
constexpr Duration calm_after_work = 1s;

db::MemoryDatabase first_rows(const Plan& plan) {
  db::MemoryDatabase database;
  if (plan.old_rows) write_old_rows(database, plan, Dice(plan.seed + 1));
  return database;
}

// Those who take part have the lowest numbers.
Names first_names(const Plan& plan) {
  Names names(plan.settings.conference.domains);
  for (std::size_t user = 0; user < plan.users; ++user) {
    CHECK(names.user(*parser::parse_uri(user_uri(user))) == user);
  }
  return names;
}

}  // namespace

Simulator::Simulator(const Plan& plan, Counts& counts, const Trace& trace)
    : world_(plan, counts, trace),
      database_(first_rows(plan)),
      names_(first_names(plan)),
      ledger_(plan.users),
      network_(world_),
      checker_(world_, names_, ledger_, database_),
      requests_(world_, network_),
      peers_(world_, network_, ledger_, checker_, requests_),
      workload_(world_, names_, ledger_, checker_.rules(), peers_, requests_),
      storage_(world_, checker_, database_),
      dice_(world_.dice.fork()) {}

void Simulator::run() {
  begin();
  while (!is_at_rest()) step();
  checker_.at_rest();
  end();
  world_.counts.add(Tally::seeds);
  world_.counts.add(Tally::virtual_seconds,
                    static_cast<std::uint64_t>((world_.now.mono.time_since_epoch() - 1h) / 1s));
}

void Simulator::begin() {
  start_process();
  world_.at(200ms, EventKind::act);
  if (world_.plan.weather.change_every > 0s || world_.plan.weather.link_down_every > 0s) {
    world_.at(1s, EventKind::weather);
  }
  if (world_.plan.strange_requests) world_.at(dice_.between(1s, 30s), EventKind::mi);
}

// A deadline of the server's comes before an event of the same time.
void Simulator::step() {
  const auto deadline = server_ ? server_->next_deadline() : std::nullopt;
  const bool has_event = !world_.schedule.empty();
  if (!deadline && !has_event) {
    throw Violation("everything comes to rest", "nothing happens any more, but all is not done");
  }
  const bool is_deadline = deadline && (!has_event || *deadline <= world_.schedule.first().at);
  const MonoTime at = is_deadline ? *deadline : world_.schedule.first().at;
  if (at > world_.now.mono) {
    world_.now = world_.now + (at - world_.now.mono);
    steps_at_this_time_ = 0;
  } else if (++steps_at_this_time_ > steps_at_once_max) {
    throw Violation("time goes on", "the server is busy without end at one moment");
  }
  if (is_deadline) {
    checker_.before_deadline();
    server_->on_deadline(world_.now, out_);
    carry_out();
  } else {
    handle(world_.schedule.take());
  }
}

bool Simulator::is_at_rest() {
  if (!world_.is_calm || !server_ || server_->is_loading()) return false;
  const auto& deliveries = server_->deliveries();
  if (world_.now.mono - calm_since_ > rest_within) {
    throw Violation(
        "everything comes to rest",
        fmt::format("an hour after the last fault there are {} deliveries under way, {} waiting, "
                    "{} users with deliveries, {} away, {} transactions; the store is {}",
                    deliveries.in_flight(), deliveries.queued(), deliveries.pending_users(),
                    deliveries.resting_users(), server_->server_transactions(),
                    storage_.is_idle() ? "idle" : "busy"));
  }
  const bool has_proxy_pings = world_.plan.proxies > 1;
  const bool is_quiet = world_.schedule.empty() && !server_->next_deadline();
  const bool is_quiet_but_for_pings =
      has_proxy_pings && server_->is_idle() && storage_.is_idle() &&
      deliveries.resting_users() == 0 && deliveries.pending_users() == 0 &&
      server_->server_transactions() == 0 && world_.now.mono - calm_since_ > 2min;
  return is_quiet || is_quiet_but_for_pings;
}

void Simulator::end() {
  if (dice_.chance(0.5)) {
    stop();
  } else {
    die();
  }
  const MonoTime before = world_.now.mono;
  while (!server_ || server_->is_loading()) step();
  if (world_.now.mono - before > rest_within) {
    throw Violation("everything comes to rest", "the restart took an hour");
  }
  checker_.compare_all();
}

void Simulator::handle(const Event& event) {
  const bool is_of_this_life = server_ && event.b == life_;
  switch (event.kind) {
    case EventKind::arrival:
      return on_arrival(event.a);
    case EventKind::served:
      return peers_.on_served(event.a);
    case EventKind::peer_sends:
      return peers_.send_late(event.a);
    case EventKind::retransmit:
      return requests_.on_timer(event.a, event.b);
    case EventKind::act:
      is_working_ = workload_.act();
      return is_working_ ? world_.at(workload_.pause(), EventKind::act)
                         : world_.at(calm_after_work, EventKind::calm);
    case EventKind::weather:
      return change_weather();
    case EventKind::store_open:
      return is_of_this_life ? open_store() : void();
    case EventKind::store_load:
      return is_of_this_life ? load_store() : void();
    case EventKind::store_apply:
      return is_of_this_life ? apply_batch() : void();
    case EventKind::store_answer:
      return is_of_this_life ? answer_batch() : void();
    case EventKind::process_dies:
      if (!is_of_this_life || world_.is_calm) return;
      dies_while_sending_ = dice_.chance(world_.plan.die_while_sending);
      return dies_while_sending_ ? void() : die();
    case EventKind::process_stops:
      return is_of_this_life && !world_.is_calm ? stop() : void();
    case EventKind::process_starts:
      return start_process();
    case EventKind::mi:
      return manage(event.b);
    case EventKind::calm:
      return become_calm();
    case EventKind::count:
      return;
  }
}

void Simulator::on_arrival(std::uint32_t slot) {
  const Datagram& datagram = world_.datagrams[slot];
  world_.counts.add(Tally::datagrams);
  if (datagram.to != server_address()) return peers_.on_datagram(slot);
  if (server_) {
    world_.trace.input(world_.now, datagram.from, datagram.view());
    checker_.before_datagram(datagram);
    server_->on_datagram(datagram.view(), {datagram.from, 0}, world_.now, out_);
    carry_out();
  }
  world_.datagrams.give_back(slot);
}

// What the server wants done, checked and then done, or half of it.
void Simulator::carry_out() {
  checker_.after_step(out_);
  const std::size_t datagrams = out_.datagrams().size();
  if (dies_while_sending_ && datagrams > 0) {
    world_.counts.add(Fault::died_while_sending);
    send_datagrams(dice_.below(datagrams + 1));
    return die();
  }
  send_datagrams(datagrams);
  for (const BatchId id : out_.batches()) {
    db::Batch batch = server_->take_batch(id);
    checker_.on_batch(batch);
    storage_.submit(std::move(batch));
  }
  if (world_.trace.on()) {
    for (const LogLine& line : out_.log_lines()) {
      std::string text = "log: " + line.text;
      for (const auto& [name, value] : line.fields) text += fmt::format(" {}={}", name, value);
      world_.trace.note(world_.now, text);
    }
  }
  for (const auto& action : out_.mi_replies()) {
    if (action.kind != Outbox::MiReplyAction::Kind::close) mi_replies_.push_back(action.reply);
  }
  const auto code = out_.exit_code();
  const std::vector<NameQuestion> questions(out_.questions().begin(), out_.questions().end());
  out_.clear();
  if (code) return exit(*code);
  answer_questions(questions);
}

// No name is known here: every member comes straight to the server, or through a proxy.
void Simulator::answer_questions(const std::vector<NameQuestion>& questions) {
  for (const NameQuestion& question : questions) {
    if (!server_) return;
    checker_.before_other();
    server_->on_resolved(question, {.outcome = NameAnswer::Outcome::none}, world_.now, out_);
    carry_out();
  }
}

void Simulator::send_datagrams(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const Outbox::Datagram& datagram = out_.datagrams()[i];
    network_.send(server_address(), datagram.to.peer, out_.bytes(datagram), checker_.numbers()[i]);
  }
}

void Simulator::become_calm() {
  world_.is_calm = true;
  calm_since_ = world_.now.mono;
  dies_while_sending_ = false;
  database_.faults = {};
  world_.trace.note(world_.now, "calm: no more faults");
}

void Simulator::change_weather() {
  if (world_.is_calm) return;
  const Weather& weather = world_.plan.weather;
  Duration next = 60s;
  if (weather.change_every > 0s) {
    peers_.change_weather();
    next = weather.change_every;
  }
  if (weather.link_down_every > 0s) {
    const bool is_proxy = world_.plan.proxies > 0 && dice_.chance(0.5);
    const Address peer = is_proxy ? proxy_address(dice_.below(world_.plan.proxies))
                                  : user_address(dice_.below(world_.plan.users));
    network_.take_down(peer, world_.now.mono + dice_.between(100ms, weather.link_down_most));
    next = std::min(next, weather.link_down_every);
  }
  world_.at(dice_.between(next / 4, 2 * next), EventKind::weather);
}

void run_seed(std::uint64_t seed, const PlanOptions& options, Counts& counts, const Trace& trace) {
  const Plan plan = make_plan(seed, options);
  Simulator(plan, counts, trace).run();
}

}  // namespace imcd::sim
