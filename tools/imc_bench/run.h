// Run: one measurement from the first #create to the last #destroy. It is one thread that sends
// what is due, reads what has come, answers, and sleeps when there is nothing of either.
//
//   set_up: rooms, members ──▶ load: warm-up, counted time ──▶ drain: what is under way ──▶
//   clean_up
#pragma once

#include <csignal>
#include <cstdint>
#include <string_view>
#include <vector>

#include "answers.h"
#include "base/time.h"
#include "counting.h"
#include "crowd.h"
#include "offers.h"
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
  // The steps.
  void command_all(Kind kind, const std::vector<Seat>& senders, Duration patience);
  void wait_for_quiet(Duration patience);

  // What comes in.
  void turn(MonoTime until);
  void on_datagram(std::string_view datagram);
  void on_response(const SipText& response);
  void on_command_response(const Request& request, std::uint32_t number);
  void on_delivery(const SipText& request);
  void note_delivery(Request& request, std::uint32_t member, std::string_view branch);

  const Options& options_;
  Port& port_;
  const volatile std::sig_atomic_t& stop_;
  Crowd crowd_;
  Requests requests_;
  Counting counting_;
  Offers offers_;
  Answers answers_;
  Progress progress_;

  MonoTime now_{};
  MonoTime last_heard_{};
  bool manners_apply_ = false;  // While the rooms are made everybody answers at once.

  std::uint64_t commands_open_ = 0;
  std::uint32_t refused_command_ = 0;  // Its number; meaningful when...
  bool command_failed_ = false;
};

}  // namespace imcd::bench
