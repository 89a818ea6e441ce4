// Answers: what members say to what is delivered to them, each in his manner: at once, late, with a
// refusal, or not at all.
#pragma once

#include <deque>
#include <string>

#include "base/time.h"
#include "crowd.h"
#include "options.h"
#include "port.h"
#include "sip_text.h"

namespace imcd::bench {

class Answers {
 public:
  // Both must outlive it.
  Answers(const Options& options, Port& port) : options_(options), port_(port) {}

  // An answer is sent with the port's next flush.
  void answer(const SipText& request, Manner manner, MonoTime now);
  void send_late(MonoTime now);
  [[nodiscard]] bool any_late() const { return !late_.empty(); }
  [[nodiscard]] MonoTime next_deadline() const {
    return late_.empty() ? MonoTime::max() : late_.front().due;
  }

 private:
  struct Late {
    MonoTime due;
    std::string bytes;
  };

  const Options& options_;
  Port& port_;
  std::deque<Late> late_;  // All are late by as much, so in order.
};

}  // namespace imcd::bench
