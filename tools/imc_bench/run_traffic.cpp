// Run: what comes in, and the answers.

#include <algorithm>

#include "run.h"

namespace imcd::bench {

namespace {

// Closed loop: a place whose message was refused rests so long.
constexpr Duration rest_after_refusal = 10ms;

// FNV-1a, never 0. It tells the branches of one delivery apart, of which there are hardly ever two.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash | 1U;
}

}  // namespace

// One batch in, what is due out; sleeps until `until` at the latest when nothing came.
void Run::turn(MonoTime until) {
  port_.flush();
  const auto& datagrams = port_.receive();
  now_ = mono_now();
  for (const std::string_view datagram : datagrams) on_datagram(datagram);
  if (!datagrams.empty()) last_heard_ = now_;
  send_late_answers();
  requests_.send_again(now_, port_);
  port_.flush();
  if (!datagrams.empty()) return;
  MonoTime wake = std::min(until, requests_.next_deadline());
  if (!late_answers_.empty()) wake = std::min(wake, late_answers_.front().due);
  if (wake > now_) port_.wait(std::min<Duration>(wake - now_, 1s));
  now_ = mono_now();
}

void Run::on_datagram(std::string_view datagram) {
  SipText sip;
  if (!scan(datagram, sip)) {
    ++result_.strays;
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
  if (!request.is_load) {
    if (commands_open_ > 0) --commands_open_;
    if (request.is_accepted()) return;
    command_failed_ = true;
    refused_command_ = *number;
    return;
  }
  if (request.counted) result_.answer_latency.add(now_ - request.scheduled);
  if (Second* second = this_second())
    ++(request.is_accepted() ? second->accepted : second->refused);
  finish_if_done(request);
}

void Run::on_delivery(const SipText& request) {
  const auto seat = crowd_.find_seat(request.user);
  if (!seat) {
    if (request.method == "MESSAGE") ++result_.strays;
    return answer(request, Manner::prompt);
  }
  const auto number = requests_.find_by_text(request.body);
  if (!number) {
    ++result_.notices;
  } else if (Request& sent = requests_[*number];
             sent.sender.room == seat->room && sent.sender.member != seat->member) {
    note_delivery(sent, seat->member, request.branch);
  } else {
    ++result_.strays;
  }
  answer(request, manners_apply_ ? crowd_.manner(seat->member) : Manner::prompt);
}

void Run::note_delivery(Request& request, std::uint32_t member, std::string_view branch) {
  if (!request.seen) request.seen = std::make_unique<std::uint32_t[]>(crowd_.members());
  std::uint32_t& seen = request.seen[member];
  const std::uint32_t hash = hash_of(branch);
  Second* const second = this_second();
  if (seen != 0) {
    if (seen != hash) {
      ++result_.duplicates;
    } else if (second != nullptr) {
      ++second->retransmissions;
    }
    return;
  }
  seen = hash;
  if (second != nullptr) ++second->deliveries;
  if (request.counted) {
    result_.delivery_latency.add(now_ - request.scheduled);
    progress_.add(now_ - request.scheduled);
  }
  if (member >= crowd_.answering()) return;
  --request.undelivered;
  finish_if_done(request);
}

void Run::finish_if_done(Request& request) {
  if (request.done || request.status == 0) return;
  if (request.is_accepted() && request.undelivered > 0) return;
  request.done = true;
  --unfinished_;
  free_place(request.sender.room, request.is_accepted() ? Duration::zero() : rest_after_refusal);
}

void Run::answer(const SipText& request, Manner manner) {
  switch (manner) {
    case Manner::silent:
      return;
    case Manner::late: {
      ByteBuffer bytes;
      write_response(bytes, request, 200);
      late_answers_.push_back({now_ + options_.shares.late_by, std::string(bytes.view())});
      return;
    }
    case Manner::prompt:
    case Manner::refusing:
      write_response(port_.begin_datagram(), request,
                     manner == Manner::prompt ? 200 : options_.shares.code);
      port_.end_datagram();
  }
}

void Run::send_late_answers() {
  while (!late_answers_.empty() && late_answers_.front().due <= now_) {
    port_.begin_datagram().append(late_answers_.front().bytes);
    port_.end_datagram();
    late_answers_.pop_front();
  }
}

// The second of the counted time; nothing outside it.
Second* Run::this_second() {
  if (!counting_ || now_ >= counting_until_) return nullptr;
  const auto index = static_cast<std::size_t>((now_ - counting_from_) / Duration(1s));
  if (index >= result_.seconds.size()) result_.seconds.resize(index + 1);
  return &result_.seconds[index];
}

}  // namespace imcd::bench
