#include "sim/plan.h"

#include <fmt/format.h>

#include "config/load.h"

namespace imcd::sim {
namespace {

// One of these at most times, so that faults meet in all combinations but stay apart often enough.
constexpr double fault_chance = 0.45;

// A small share, seldom a large one.
double share(Dice& dice, double most) {
  const double fraction = dice.fraction();
  return most * fraction * fraction;
}

double perhaps(Dice& dice, double most) {
  return dice.chance(fault_chance) ? share(dice, most) : 0;
}

Duration perhaps_every(Dice& dice, double chance, Duration least, Duration most) {
  return dice.chance(chance) ? dice.between(least, most) : Duration::zero();
}

server::Setup make_setup(Dice& dice) {
  return {.sockets = {.via_sent_by = {address_text(server_address())}, .ipv4_socket = 0},
          .version = "sim",
          .seed = {dice.next(), dice.next()}};
}

// What all plans change of the defaults.
Settings start_settings() {
  Settings settings = config::default_settings();
  settings.conference.room_rate = 0;
  settings.conference.user_rate = 0;
  settings.deliveries.reply_to_source = ReplyToSource::on;
  settings.server.trusted = {*parse_network("127.0.0.0/8")};
  return settings;
}

Settings make_settings(Dice& dice, const Plan& plan) {
  Settings settings = start_settings();
  settings.server.drain_timeout = dice.between(2s, 40s);
  settings.server.relaxed_durability = dice.chance(0.1);
  settings.server.room_address_is_request_uri = dice.chance(0.15);
  settings.journal.flush = dice.between(1ms, 60ms);
  settings.journal.timeout = dice.chance(0.5) ? 5s : dice.between(300ms, 6s);

  auto& deliveries = settings.deliveries;
  for (std::size_t i = 0; i < plan.proxies; ++i) {
    deliveries.outbound_proxies.push_back(proxy_address(i));
  }
  if (dice.chance(0.15)) deliveries.delivery_window = 2 + static_cast<std::uint32_t>(dice.below(3));
  if (dice.chance(0.4)) deliveries.hop_window = 1 + static_cast<std::uint32_t>(dice.below(100));

  auto& conference = settings.conference;
  conference.hash_size = static_cast<std::uint32_t>(dice.between(2, 6));
  if (dice.chance(0.2)) conference.command_prefix = '/';
  conference.create_on_join = !dice.chance(0.15);
  conference.check_on_create = dice.chance(0.15);
  conference.owner_exit_destroys = !dice.chance(0.3);
  conference.anyone_creates_rooms = !dice.chance(0.05);
  if (dice.chance(0.15)) conference.max_members = static_cast<std::uint32_t>(dice.between(2, 20));
  if (dice.chance(0.15)) {
    conference.max_rooms_per_user = static_cast<std::uint32_t>(dice.between(1, 4));
  }
  if (dice.chance(0.3)) conference.domains = {"example.org", "chat.example.org"};
  if (dice.chance(0.1)) {
    conference.user_rate = static_cast<std::uint32_t>(dice.between(1, 5));
    conference.user_burst = static_cast<std::uint32_t>(dice.below(8));
  }
  settings.server.server_transactions_max = dice.chance(0.1) ? 32 : 4096;
  // By dice of its own, so that all other seeds are what they were.
  if (Dice(plan.seed ^ 0x4a3e5).chance(0.15)) {
    conference.room_names = {"R0", "*?1@ex*e.org", "r2@nowhere.example"};
  }
  Dice unasked(plan.seed ^ 0x0a5c);
  if (unasked.chance(0.2)) {
    conference.unasked_rate = static_cast<std::uint32_t>(unasked.between(1, 4));
  }
  if (dice.chance(0.1)) conference.extra_headers = "X-Extra: yes\r\n";
  return settings;
}

void make_weather(Dice& dice, Plan& plan) {
  Weather& weather = plan.weather;
  weather.delay_least = dice.between(10us, 2ms);
  weather.delay_most = weather.delay_least + dice.between(10us, 30ms);
  weather.late_most = dice.between(50ms, 3s);
  weather.loss = perhaps(dice, 0.4);
  weather.repeat = perhaps(dice, 0.3);
  weather.reorder = perhaps(dice, 0.3);
  weather.damage = perhaps(dice, 0.08);
  weather.cut_short = perhaps(dice, 0.05);
  weather.link_down_every = perhaps_every(dice, 0.35, 5s, 60s);
  weather.link_down_most = dice.between(1s, 50s);
  weather.change_every = perhaps_every(dice, 0.35, 2s, 40s);
}

void make_faults(Dice& dice, Plan& plan) {
  Manners& manners = plan.manners;
  manners.slow = perhaps(dice, 0.5);
  manners.busy = perhaps(dice, 0.5);
  manners.gone = perhaps(dice, 0.4);
  manners.fickle = perhaps(dice, 0.5);
  manners.hostile = perhaps(dice, 0.5);

  StoreFaults& store = plan.store;
  store.slow = perhaps(dice, 0.6);
  store.fails = perhaps(dice, 0.5);
  store.hangs = perhaps(dice, 0.15);
  store.loses_answer = perhaps(dice, 0.4);
  store.dies = dice.chance(0.25) ? share(dice, 0.2) : 0;
  store.refuses = dice.chance(0.2) ? share(dice, 0.2) : 0;
  store.not_open = perhaps(dice, 0.6);
  store.load_fails = perhaps(dice, 0.6);

  if (plan.proxies > 0) {
    plan.proxy_busy = perhaps(dice, 0.05);
    plan.proxy_busy_retry_after = dice.fraction();
    if (dice.chance(0.3)) plan.proxy_service = dice.between(5us, 3ms);
    plan.proxy_buffer = dice.between(20, 160);
  }
  plan.die_every = perhaps_every(dice, 0.4, 3s, 120s);
  plan.stop_every = perhaps_every(dice, 0.25, 10s, 200s);
  plan.die_while_sending = dice.fraction();
}

// One room behind one proxy, where all join and then talk. Nothing of what the seed had in mind for
// faults stays.
void gather(Plan& plan) {
  plan = Plan{.seed = plan.seed};
  plan.is_one_talk = true;
  plan.strange_requests = false;
  Dice dice(plan.seed);
  plan.setup = make_setup(dice);
  plan.settings = start_settings();
  plan.settings.deliveries.outbound_proxies = {proxy_address(0)};
  plan.proxies = 1;
  plan.weather = {.delay_least = 1ms, .delay_most = 20ms, .late_most = 1ms};
}

void measure_latency(Plan& plan, double loss) {
  gather(plan);
  plan.measures_latency = true;
  plan.users = 30;
  plan.actions = 120;
  plan.action_every = 2s;
  plan.weather.loss = loss;
}

// A proxy that takes a fraction of what is offered, for so long that only a slower pace helps.
void crowd(Plan& plan) {
  gather(plan);
  plan.users = 40;
  plan.actions = 700;
  plan.action_every = 100ms;
  plan.settings.deliveries.hop_window = 4;
  plan.proxy_service = 5ms;
  plan.proxy_buffer = 8;
}

// With the default rates, in little memory. No fault of the network's, so that what is late or lost
// is the bad user's work.
void spoil(Plan& plan) {
  gather(plan);
  plan.is_one_talk = false;
  plan.is_one_bad_user = true;
  plan.users = 40;
  plan.rooms = 8;
  plan.actions = 4000;
  plan.action_every = 10ms;
  const ConferenceSettings defaults = config::default_settings().conference;
  plan.settings.conference.user_rate = defaults.user_rate;
  plan.settings.conference.user_burst = defaults.user_burst;
  plan.settings.deliveries.memory_max = 16U << 20;
  plan.settings.deliveries.hop_window = 8;
}

}  // namespace

std::string user_uri(std::size_t user) {
  if (user % 7 != 3) return fmt::format("sip:u{}@example.org", user);
  const Address address = user_address(user);
  return user % 14 == 3 ? fmt::format("sip:u{}@{}", user, address_text(address))
                        : fmt::format("sip:u{}@{}", user, host_text(address));
}

Plan make_plan(std::uint64_t seed, const PlanOptions& options) {
  Dice dice(seed);
  Plan plan;
  plan.seed = seed;
  plan.users = dice.chance(0.2) ? dice.between(30, users_max) : dice.between(2, 24);
  plan.rooms = dice.between(1, 8);
  if (dice.chance(0.6)) plan.proxies = dice.between(1, 3);
  plan.actions = dice.between(40, 400);
  // Seldom long pauses, in which timers run out.
  plan.action_every = dice.chance(0.7) ? dice.between(5ms, 500ms) : dice.between(500ms, 8s);
  plan.setup = make_setup(dice);
  plan.settings = make_settings(dice, plan);
  plan.is_calm = dice.chance(0.08);
  plan.old_rows = dice.chance(0.15);
  make_weather(dice, plan);
  if (plan.is_calm) {
    plan.weather.loss = plan.weather.damage = plan.weather.cut_short = 0;
    plan.weather.link_down_every = plan.weather.change_every = {};
  } else {
    make_faults(dice, plan);
  }
  if (options.loss) plan.weather.loss = *options.loss;
  // By dice of its own, so that all other seeds are what they were.
  if (Dice(seed ^ 0xc0ffee).chance(0.01)) crowd(plan);
  if (options.is_one_bad_user || Dice(seed ^ 0xbad).chance(0.01)) spoil(plan);
  if (options.measures_latency) measure_latency(plan, options.loss.value_or(0.01));
  return plan;
}

}  // namespace imcd::sim
