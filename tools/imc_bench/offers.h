// Offers: what load is offered to the server, and when. An open loop offers at a rate, whatever the
// server does; a closed loop has places in each room, and a place takes the next message once the
// one before has been delivered to everybody who answers, has been refused, or is given up.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/time.h"
#include "counting.h"
#include "crowd.h"
#include "options.h"
#include "port.h"
#include "requests.h"

namespace imcd::bench {

class Offers {
 public:
  // All must outlive it.
  Offers(const Options& options, const Crowd& crowd, Requests& requests, Port& port,
         Counting& counting)
      : options_(options), crowd_(crowd), requests_(requests), port_(port), counting_(counting) {}

  void start(MonoTime now);
  // What is due, but only so much at a time.
  void offer(MonoTime now);
  [[nodiscard]] MonoTime next_deadline(MonoTime now) const;

  // Nothing more is waited for, once that is so; each request once.
  void finish_if_done(Request& request, MonoTime now);

  [[nodiscard]] MonoTime started() const { return start_; }
  // Warm-up included.
  [[nodiscard]] bool has_offered_all() const;
  // Load not yet refused or delivered to everybody who answers.
  [[nodiscard]] std::uint64_t unfinished() const { return unfinished_; }

 private:
  void offer_open_loop(MonoTime now);
  void offer_closed_loop(MonoTime now);
  void send(std::uint32_t room, MonoTime scheduled, MonoTime now);
  [[nodiscard]] Request chat(std::uint32_t room) const;
  [[nodiscard]] Request change(std::uint32_t room);
  void finish(Request& request, MonoTime now, Duration rest);
  void give_up_old(MonoTime now);

  // A room with room for a message, from some time on. After a refusal a place rests, as a user
  // would.
  struct Place {
    MonoTime from;
    std::uint32_t room;
  };

  const Options& options_;
  const Crowd& crowd_;
  Requests& requests_;
  Port& port_;
  Counting& counting_;
  MonoTime start_{};
  std::uint64_t offered_ = 0;
  std::uint64_t unfinished_ = 0;
  std::vector<bool> has_left_;  // With --changes, by room: its second member.
  std::deque<Place> places_;
  std::deque<Place> resting_places_;
  std::deque<std::uint32_t> under_way_;
};

}  // namespace imcd::bench
