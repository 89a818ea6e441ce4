// OutboxCarrier: the outbox that the core fills and what becomes of it. After each call of the
// core's its actions are carried out, so the next call finds it empty; what a stream makes of them
// at once is told to the core in between. It also keeps what all calls of one turn share: whom to
// call and the time.
#pragma once

#include <optional>

#include "base/outbox.h"
#include "base/time.h"
#include "reactor/reactor.h"
#include "reactor/sources.h"

namespace imcd::reactor {

class OutboxCarrier {
 public:
  // All must outlive it.
  OutboxCarrier(Core& core, Process& process, Sources& sources)
      : core_(core), process_(process), sources_(sources) {}
  OutboxCarrier(const OutboxCarrier&) = delete;
  OutboxCarrier& operator=(const OutboxCarrier&) = delete;

  // The time is the same for everything of one turn.
  void begin_turn(Instant now) { now_ = now; }

  // For the next call.
  [[nodiscard]] Core& core() const { return core_; }
  [[nodiscard]] Process& process() const { return process_; }
  [[nodiscard]] Instant now() const { return now_; }
  Outbox& out() { return out_; }

  // A stream that takes no more is told of at once, before the next input makes more for it.
  void carry_out();
  // Those that are there now: an event may lead to a write and that to the next event, which is for
  // the next turn.
  void tell_stream_events();

  // Set once the core has asked for the exit: it is called no more.
  [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }

 private:
  void perform();
  void perform(const Outbox::StreamAction& action);
  void tell(const StreamSockets::Event& event);

  Core& core_;
  Process& process_;
  Sources& sources_;
  Instant now_;
  Outbox out_;
  std::optional<int> exit_code_;
};

}  // namespace imcd::reactor
