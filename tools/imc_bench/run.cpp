#include "run.h"

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

#include "clock.h"

namespace imcd::bench {

namespace {

// Commands under way at a time while rooms are made: enough to share commits, few enough for any
// server's receive buffer.
constexpr std::uint64_t commands_at_a_time = 32;
// Nothing heard for so long: the notices about joins are through.
constexpr Duration quiet = 300ms;
constexpr Duration set_up_patience = 120s;
constexpr Duration clean_up_patience = 5s;

// FNV-1a, never 0. It tells the branches of one delivery apart, of which there are hardly ever two.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash | 1U;
}

}  // namespace

Run::Run(const Options& options, Port& port, std::uint32_t number,
         const volatile std::sig_atomic_t& stop)
    : options_(options),
      port_(port),
      stop_(stop),
      crowd_(options, number),
      requests_(options, crowd_, number),
      counting_(options),
      offers_(options, crowd_, requests_, port, counting_),
      answers_(options, port),
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
  now_ = mono_now();
  counting_.start(now_);
  offers_.start(now_);
  while (stop_ == 0 && now_ < counting_.until() &&
         !(offers_.has_offered_all() && offers_.unfinished() == 0)) {
    if (counting_.is_due(now_)) now_ = counting_.begin();
    offers_.offer(now_);
    progress_.show(now_, offers_.started(), counting_.result, offers_.unfinished());
    turn(std::min({offers_.next_deadline(now_), counting_.until(), now_ + 100ms}));
  }
  counting_.end(now_);
}

void Run::drain() {
  const MonoTime give_up = now_ + options_.drain;
  while (stop_ == 0 && now_ < give_up && (offers_.unfinished() > 0 || answers_.any_late())) {
    progress_.show(now_, offers_.started(), counting_.result, offers_.unfinished());
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
  Result& result = counting_.result;
  const std::uint32_t failing = crowd_.members() - crowd_.answering();
  for (std::uint32_t number = 0; number < requests_.size(); ++number) {
    const Request& request = requests_[number];
    if (!request.is_load || !request.counted) continue;
    ++result.offered;
    const auto seen_by = [&](std::uint32_t from, std::uint32_t to) {
      if (!request.seen) return 0L;
      return std::count_if(&request.seen[from], &request.seen[to], [](auto h) { return h != 0; });
    };
    if (request.status == 0) {
      ++result.unanswered;
    } else if (!request.is_accepted()) {
      ++result.refused_by_code[request.status];
      result.delivered_refused += static_cast<std::uint64_t>(seen_by(0, crowd_.members()));
    } else {
      ++result.accepted;
      result.lost += request.undelivered;
      if (request.kind != Kind::chat) continue;
      result.lost_to_failing +=
          failing - static_cast<std::uint64_t>(seen_by(crowd_.answering(), crowd_.members()));
    }
  }
  result.resent = requests_.resent();
  result.port = port_.losses();
  result.receive_buffer = port_.receive_buffer();
  result.interrupted = stop_ != 0;
  return std::move(result);
}

// One batch in, what is due out; sleeps until `until` at the latest when nothing came.
void Run::turn(MonoTime until) {
  port_.flush();
  const auto& datagrams = port_.receive();
  now_ = mono_now();
  for (const std::string_view datagram : datagrams) on_datagram(datagram);
  if (!datagrams.empty()) last_heard_ = now_;
  answers_.send_late(now_);
  requests_.send_again(now_, port_);
  port_.flush();
  if (!datagrams.empty()) return;
  const MonoTime wake = std::min({until, requests_.next_deadline(), answers_.next_deadline()});
  if (wake > now_) port_.wait(std::min<Duration>(wake - now_, 1s));
  now_ = mono_now();
}

void Run::on_datagram(std::string_view datagram) {
  SipText sip;
  if (!scan(datagram, sip)) {
    ++counting_.result.strays;
  } else if (sip.status != 0) {
    on_response(sip);
  } else {
    on_delivery(sip);
  }
}

void Run::on_response(const SipText& response) {
  const auto number = requests_.find_by_branch(response.branch);
  if (!number || response.status < 200) return;
  Request& request = requests_[*number];
  if (request.status != 0) return;
  request.status = static_cast<std::uint16_t>(response.status);
  if (!request.is_load) return on_command_response(request, *number);
  if (request.counted) counting_.result.answer_latency.add(now_ - request.scheduled);
  if (Second* second = counting_.second(now_))
    ++(request.is_accepted() ? second->accepted : second->refused);
  offers_.finish_if_done(request, now_);
}

void Run::on_command_response(const Request& request, std::uint32_t number) {
  if (commands_open_ > 0) --commands_open_;
  if (request.is_accepted()) return;
  command_failed_ = true;
  refused_command_ = number;
}

void Run::on_delivery(const SipText& request) {
  const auto seat = crowd_.find_seat(request.user);
  if (!seat) {
    if (request.method == "MESSAGE") ++counting_.result.strays;
    return answers_.answer(request, Manner::prompt, now_);
  }
  const auto number = requests_.find_by_text(request.body);
  if (!number) {
    ++counting_.result.notices;
  } else if (Request& sent = requests_[*number];
             sent.sender.room == seat->room && sent.sender.member != seat->member) {
    note_delivery(sent, seat->member, request.branch);
  } else {
    ++counting_.result.strays;
  }
  answers_.answer(request, manners_apply_ ? crowd_.manner(seat->member) : Manner::prompt, now_);
}

void Run::note_delivery(Request& request, std::uint32_t member, std::string_view branch) {
  if (!request.seen) request.seen = std::make_unique<std::uint32_t[]>(crowd_.members());
  std::uint32_t& seen = request.seen[member];
  const std::uint32_t hash = hash_of(branch);
  Second* const second = counting_.second(now_);
  if (seen != 0) {
    if (seen != hash) {
      ++counting_.result.duplicates;
    } else if (second != nullptr) {
      ++second->retransmissions;
    }
    return;
  }
  seen = hash;
  if (second != nullptr) ++second->deliveries;
  if (request.counted) {
    counting_.result.delivery_latency.add(now_ - request.scheduled);
    progress_.add(now_ - request.scheduled);
  }
  if (member >= crowd_.answering()) return;
  --request.undelivered;
  offers_.finish_if_done(request, now_);
}

}  // namespace imcd::bench
