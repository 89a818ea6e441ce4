// Run: what is offered, and when.

#include <algorithm>

#include "run.h"

namespace imcd::bench {

namespace {

// Closed loop: a message that is not delivered to everybody after so long no longer holds its
// place.
constexpr Duration give_up_after = 10s;
// Messages sent before incoming datagrams are looked at again.
constexpr int offers_at_a_time = 32;

}  // namespace

bool Run::has_offered_all() const { return options_.messages > 0 && offered_ >= options_.messages; }

void Run::offer() {
  if (options_.is_open_loop()) {
    offer_open_loop();
  } else {
    give_up_old();
    offer_closed_loop();
  }
}

// Evenly spaced from the start of the load. When the tool is late it catches up, and the message
// counts as sent when it should have been: a user who waits to be served waits all the same.
void Run::offer_open_loop() {
  for (int i = 0; i < offers_at_a_time && !has_offered_all(); ++i) {
    const MonoTime scheduled = next_offer();
    if (scheduled > now_) return;
    if (counting_) result_.behind_longest = std::max(result_.behind_longest, now_ - scheduled);
    send_load(static_cast<std::uint32_t>(offered_ % crowd_.rooms()), scheduled);
  }
}

void Run::offer_closed_loop() {
  while (!resting_places_.empty() && resting_places_.front().from <= now_) {
    places_.push_back(resting_places_.front());
    resting_places_.pop_front();
  }
  for (int i = 0; i < offers_at_a_time && !places_.empty() && !has_offered_all(); ++i) {
    const std::uint32_t room = places_.front().room;
    places_.pop_front();
    under_way_.push_back(static_cast<std::uint32_t>(requests_.size()));
    send_load(room, now_);
  }
}

MonoTime Run::next_offer() const {
  if (has_offered_all()) return MonoTime::max();
  if (options_.is_open_loop()) {
    const double seconds = static_cast<double>(offered_) / options_.rate;
    return load_start_ +
           std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  }
  if (!places_.empty()) return now_;
  return resting_places_.empty() ? MonoTime::max() : resting_places_.front().from;
}

void Run::send_load(std::uint32_t room, MonoTime scheduled) {
  Request request = options_.changes ? change(room) : chat(room);
  request.scheduled = scheduled;
  request.is_load = true;
  request.counted = counting_;
  requests_.send(std::move(request), now_, port_);
  ++offered_;
  ++unfinished_;
  if (Second* second = this_second()) ++second->offered;
}

Request Run::chat(std::uint32_t room) const {
  const auto turn_of = static_cast<std::uint32_t>(offered_ / crowd_.rooms() % options_.senders);
  const Seat sender{room, std::min(turn_of, crowd_.members() - 1)};
  const std::uint32_t answering = crowd_.answering();
  return {.sender = sender,
          .undelivered = sender.member < answering ? answering - 1 : answering,
          .kind = Kind::chat};
}

Request Run::change(std::uint32_t room) {
  has_left_.resize(crowd_.rooms());
  has_left_[room] = !has_left_[room];
  return {.sender = {room, 1}, .kind = has_left_[room] ? Kind::exit : Kind::join};
}

void Run::free_place(std::uint32_t room, Duration after) {
  if (options_.is_open_loop()) return;
  (after > Duration::zero() ? resting_places_ : places_).push_back({now_ + after, room});
}

void Run::give_up_old() {
  while (!under_way_.empty()) {
    Request& request = requests_[under_way_.front()];
    if (!request.done) {
      if (now_ - request.scheduled < give_up_after) return;
      request.done = true;
      --unfinished_;
      ++result_.given_up;
      free_place(request.sender.room, Duration::zero());
    }
    under_way_.pop_front();
  }
}

}  // namespace imcd::bench
