#include "offers.h"

#include <algorithm>
#include <utility>

namespace imcd::bench {

namespace {

// Closed loop: a message that is not delivered to everybody after so long no longer holds its
// place.
constexpr Duration give_up_after = 10s;
// Closed loop: a place whose message was refused rests so long.
constexpr Duration rest_after_refusal = 10ms;
// Messages sent before incoming datagrams are looked at again.
constexpr int offers_at_a_time = 32;

}  // namespace

void Offers::start(MonoTime now) {
  start_ = now;
  for (std::uint32_t place = 0; place < options_.outstanding; ++place) {
    for (std::uint32_t room = 0; room < crowd_.rooms(); ++room) places_.push_back({now, room});
  }
}

bool Offers::has_offered_all() const {
  return options_.messages > 0 && offered_ >= options_.messages;
}

void Offers::offer(MonoTime now) {
  if (options_.is_open_loop()) {
    offer_open_loop(now);
  } else {
    give_up_old(now);
    offer_closed_loop(now);
  }
}

// Evenly spaced from the start of the load. When the tool is late it catches up, and the message
// counts as sent when it should have been: a user who waits to be served waits all the same.
void Offers::offer_open_loop(MonoTime now) {
  for (int i = 0; i < offers_at_a_time && !has_offered_all(); ++i) {
    const MonoTime scheduled = next_deadline(now);
    if (scheduled > now) return;
    Duration& longest = counting_.result.behind_longest;
    if (counting_.is_on()) longest = std::max(longest, now - scheduled);
    send(static_cast<std::uint32_t>(offered_ % crowd_.rooms()), scheduled, now);
  }
}

void Offers::offer_closed_loop(MonoTime now) {
  while (!resting_places_.empty() && resting_places_.front().from <= now) {
    places_.push_back(resting_places_.front());
    resting_places_.pop_front();
  }
  for (int i = 0; i < offers_at_a_time && !places_.empty() && !has_offered_all(); ++i) {
    const std::uint32_t room = places_.front().room;
    places_.pop_front();
    under_way_.push_back(static_cast<std::uint32_t>(requests_.size()));
    send(room, now, now);
  }
}

MonoTime Offers::next_deadline(MonoTime now) const {
  if (has_offered_all()) return MonoTime::max();
  if (options_.is_open_loop()) {
    const double seconds = static_cast<double>(offered_) / options_.rate;
    return start_ + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  }
  if (!places_.empty()) return now;
  return resting_places_.empty() ? MonoTime::max() : resting_places_.front().from;
}

void Offers::send(std::uint32_t room, MonoTime scheduled, MonoTime now) {
  Request request = options_.changes ? change(room) : chat(room);
  request.scheduled = scheduled;
  request.is_load = true;
  request.counted = counting_.is_on();
  requests_.send(std::move(request), now, port_);
  ++offered_;
  ++unfinished_;
  if (Second* second = counting_.second(now)) ++second->offered;
}

Request Offers::chat(std::uint32_t room) const {
  const auto turn_of = static_cast<std::uint32_t>(offered_ / crowd_.rooms() % options_.senders);
  const Seat sender{room, std::min(turn_of, crowd_.members() - 1)};
  const std::uint32_t answering = crowd_.answering();
  return {.sender = sender,
          .undelivered = sender.member < answering ? answering - 1 : answering,
          .kind = Kind::chat};
}

Request Offers::change(std::uint32_t room) {
  has_left_.resize(crowd_.rooms());
  has_left_[room] = !has_left_[room];
  return {.sender = {room, 1}, .kind = has_left_[room] ? Kind::exit : Kind::join};
}

void Offers::finish_if_done(Request& request, MonoTime now) {
  if (request.done || request.status == 0) return;
  if (request.is_accepted() && request.undelivered > 0) return;
  finish(request, now, request.is_accepted() ? Duration::zero() : rest_after_refusal);
}

void Offers::finish(Request& request, MonoTime now, Duration rest) {
  request.done = true;
  --unfinished_;
  if (options_.is_open_loop()) return;
  (rest > Duration::zero() ? resting_places_ : places_)
      .push_back({now + rest, request.sender.room});
}

void Offers::give_up_old(MonoTime now) {
  while (!under_way_.empty()) {
    Request& request = requests_[under_way_.front()];
    if (!request.done) {
      if (now - request.scheduled < give_up_after) return;
      ++counting_.result.given_up;
      finish(request, now, Duration::zero());
    }
    under_way_.pop_front();
  }
}

}  // namespace imcd::bench
