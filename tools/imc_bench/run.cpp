#include "run.h"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <stdexcept>

namespace imcd::bench {

namespace {

// Commands under way at a time while rooms are made: enough to share commits, few enough for any
// server's receive buffer.
constexpr std::uint64_t commands_at_a_time = 32;
// Nothing heard for so long: the notices about joins are through.
constexpr Duration quiet = 300ms;
constexpr Duration set_up_patience = 120s;
constexpr Duration clean_up_patience = 5s;

}  // namespace

MonoTime mono_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return MonoTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

Run::Run(const Options& options, Port& port, std::uint32_t number,
         const volatile std::sig_atomic_t& stop)
    : options_(options),
      port_(port),
      stop_(stop),
      crowd_(options, number),
      requests_(options, crowd_, number),
      now_(mono_now()) {}

void Run::set_up() {
  std::vector<Seat> owners;
  std::vector<Seat> others;
  for (std::uint32_t room = 0; room < crowd_.rooms(); ++room) owners.push_back({room, 0});
  for (std::uint32_t member = 1; member < crowd_.members(); ++member) {
    for (std::uint32_t room = 0; room < crowd_.rooms(); ++room) others.push_back({room, member});
  }
  progress_.say(fmt::format("making {} rooms of {} members", crowd_.rooms(), crowd_.members()));
  command_all(Kind::create, owners, set_up_patience);
  command_all(Kind::join, others, set_up_patience);
  if (stop_ != 0) return;
  if (command_failed_) {
    const Request& failed = requests_[refused_command_];
    throw std::runtime_error(fmt::format("the server refused to {} a room: {}",
                                         failed.kind == Kind::create ? "create" : "join",
                                         failed.status));
  }
  if (commands_open_ > 0) {
    throw std::runtime_error(fmt::format("no answer from {} to {} commands",
                                         address_text(options_.server), commands_open_));
  }
  wait_for_quiet(set_up_patience);
}

void Run::command_all(Kind kind, const std::vector<Seat>& senders, Duration patience) {
  const MonoTime give_up = now_ + patience;
  std::size_t next = 0;
  while (stop_ == 0 && now_ < give_up && !command_failed_) {
    for (; next < senders.size() && commands_open_ < commands_at_a_time; ++next, ++commands_open_) {
      requests_.send({.scheduled = now_, .sender = senders[next], .kind = kind}, now_, port_);
    }
    if (next == senders.size() && commands_open_ == 0) return;
    turn(give_up);
  }
}

void Run::wait_for_quiet(Duration patience) {
  const MonoTime give_up = now_ + patience;
  while (stop_ == 0 && now_ < give_up && now_ - last_heard_ < quiet) turn(last_heard_ + quiet);
}

void Run::load() {
  manners_apply_ = true;
  now_ = load_start_ = mono_now();
  counting_from_ = load_start_ + options_.warmup;
  counting_until_ = counting_from_ + options_.duration;
  for (std::uint32_t place = 0; place < options_.outstanding; ++place) {
    for (std::uint32_t room = 0; room < crowd_.rooms(); ++room) places_.push_back({now_, room});
  }
  while (stop_ == 0 && now_ < counting_until_ && !(has_offered_all() && unfinished_ == 0)) {
    if (!counting_ && now_ >= counting_from_) begin_counting();
    offer();
    progress_.show(now_, load_start_, result_, unfinished_);
    turn(std::min({next_offer(), counting_until_, now_ + 100ms}));
  }
  end_counting();
}

void Run::begin_counting() {
  counting_ = true;
  result_.server_before = measure_process_tree(options_.pid);
  own_cpu_before_ = own_cpu();
  // Looking at the processes took its time.
  now_ = counting_from_ = mono_now();
  counting_until_ = counting_from_ + options_.duration;
}

void Run::end_counting() {
  if (!counting_) return;
  counting_ = false;
  result_.window = std::min(now_, counting_until_) - counting_from_;
  result_.own_cpu = own_cpu() - own_cpu_before_;
  result_.server_after = measure_process_tree(options_.pid);
}

void Run::drain() {
  const MonoTime give_up = now_ + options_.drain;
  while (stop_ == 0 && now_ < give_up && (unfinished_ > 0 || !late_answers_.empty())) {
    progress_.show(now_, load_start_, result_, unfinished_);
    turn(now_ + 100ms);
  }
}

void Run::clean_up() {
  progress_.clear();
  if (options_.keep_rooms) return;
  manners_apply_ = false;
  command_failed_ = false;
  commands_open_ = 0;
  std::vector<Seat> owners;
  for (std::uint32_t room = 0; room < crowd_.rooms(); ++room) owners.push_back({room, 0});
  command_all(Kind::destroy, owners, clean_up_patience);
  wait_for_quiet(clean_up_patience);
}

Result Run::finish() {
  const std::uint32_t failing = crowd_.members() - crowd_.answering();
  for (std::uint32_t number = 0; number < requests_.size(); ++number) {
    const Request& request = requests_[number];
    if (!request.is_load || !request.counted) continue;
    ++result_.offered;
    const auto seen_by = [&](std::uint32_t from, std::uint32_t to) {
      if (!request.seen) return 0L;
      return std::count_if(&request.seen[from], &request.seen[to], [](auto h) { return h != 0; });
    };
    if (request.status == 0) {
      ++result_.unanswered;
    } else if (!request.is_accepted()) {
      ++result_.refused_by_code[request.status];
      result_.delivered_refused += static_cast<std::uint64_t>(seen_by(0, crowd_.members()));
    } else {
      ++result_.accepted;
      result_.lost += request.undelivered;
      if (request.kind != Kind::chat) continue;
      result_.lost_to_failing +=
          failing - static_cast<std::uint64_t>(seen_by(crowd_.answering(), crowd_.members()));
    }
  }
  result_.resent = requests_.resent();
  result_.port = port_.losses();
  result_.receive_buffer = port_.receive_buffer();
  result_.interrupted = stop_ != 0;
  return std::move(result_);
}

}  // namespace imcd::bench
