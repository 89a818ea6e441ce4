// Run: one measurement from the first #create to the last #destroy. It is one thread that sends
// what is due, reads what has come, answers, and sleeps when there is nothing of either.
//
//   set_up: rooms, members ──▶ load: warm-up, counted time ──▶ drain: what is under way ──▶
//   clean_up
#pragma once

#include <csignal>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/time.h"
#include "crowd.h"
#include "options.h"
#include "port.h"
#include "progress.h"
#include "requests.h"
#include "result.h"
#include "sip_text.h"

namespace imcd::bench {

class Run {
 public:
  // `stop` is set by a signal handler: the run then ends with what it has.
  Run(const Options& options, Port& port, std::uint32_t number,
      const volatile std::sig_atomic_t& stop);

  // Throws std::runtime_error when the rooms can't be made.
  void set_up();
  void load();
  void drain();
  void clean_up();
  // Counts up what became of each message; once, after the other steps.
  Result finish();

 private:
  // run.cpp: the steps.
  void command_all(Kind kind, const std::vector<Seat>& senders, Duration patience);
  void wait_for_quiet(Duration patience);
  void begin_counting();
  void end_counting();

  // run_load.cpp: what is offered, and when.
  void offer();
  void offer_open_loop();
  void offer_closed_loop();
  void send_load(std::uint32_t room, MonoTime scheduled);
  [[nodiscard]] Request chat(std::uint32_t room) const;
  [[nodiscard]] Request change(std::uint32_t room);
  void free_place(std::uint32_t room, Duration after);
  void give_up_old();
  [[nodiscard]] MonoTime next_offer() const;
  [[nodiscard]] bool has_offered_all() const;

  // run_traffic.cpp: what comes in, and the answers.
  void turn(MonoTime until);
  void on_datagram(std::string_view datagram);
  void on_response(const SipText& response);
  void on_delivery(const SipText& request);
  void note_delivery(Request& request, std::uint32_t member, std::string_view branch);
  void finish_if_done(Request& request);
  void answer(const SipText& request, Manner manner);
  void send_late_answers();
  Second* this_second();

  const Options& options_;
  Port& port_;
  const volatile std::sig_atomic_t& stop_;
  Crowd crowd_;
  Requests requests_;
  Progress progress_;
  Result result_;

  MonoTime now_{};
  MonoTime last_heard_{};
  bool manners_apply_ = false;  // While the rooms are made everybody answers at once.

  MonoTime load_start_{};
  MonoTime counting_from_{};
  MonoTime counting_until_{};
  bool counting_ = false;
  Duration own_cpu_before_{};

  std::uint64_t offered_ = 0;     // Warm-up included.
  std::vector<bool> has_left_;    // With --changes, by room: its second member.
  std::uint64_t unfinished_ = 0;  // Load not yet refused or delivered to everybody who answers.
  std::uint64_t commands_open_ = 0;
  std::uint32_t refused_command_ = 0;  // Its number; meaningful when...
  bool command_failed_ = false;

  // Closed loop: rooms with a place for a message, from some time on. After a refusal a place
  // rests, as a user would.
  struct Place {
    MonoTime from;
    std::uint32_t room;
  };
  std::deque<Place> places_;
  std::deque<Place> resting_places_;
  std::deque<std::uint32_t> under_way_;

  struct LateAnswer {
    MonoTime due;
    std::string bytes;
  };
  std::deque<LateAnswer> late_answers_;
};

MonoTime mono_now();

}  // namespace imcd::bench
