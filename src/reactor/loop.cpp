#include "reactor/loop.h"

#include <ctime>
#include <optional>

#include "base/timer_lane.h"
#include "reactor/budget.h"

namespace imcd::reactor {

Result<std::unique_ptr<Loop>> Loop::open(const Options& options, Figures& figures, SendBatch send) {
  auto sources = Sources::open(options, figures, send);
  if (!sources) return std::unexpected(sources.error());
  return std::unique_ptr<Loop>(new Loop(std::move(*sources), figures));
}

int Loop::run(Core& core, Process& process) {
  OutboxCarrier carrier(core, process, *sources_);
  Inputs inputs(*sources_, carrier, figures_);
  carrier.begin_turn(Reactor::read_clock());
  while (!carrier.exit_code()) turn(inputs, carrier);
  finish_sending();
  return *carrier.exit_code();
}

void Loop::turn(Inputs& inputs, OutboxCarrier& carrier) {
  wait(carrier);
  figures_.event_loop_turns.add();
  sources_->retry(carrier.now().mono);
  // A stream that has just been opened may have sent something already.
  carrier.tell_stream_events();
  sources_->resolver->on_deadline(carrier.now().mono);
  inputs.look_at_mi_fifo();
  inputs.serve_ready();
  inputs.tell_answers();
  inputs.tell_mi_events();
  inputs.meet_deadline();
}

void Loop::wait(OutboxCarrier& carrier) {
  const std::span<const epoll_event> events = sources_->epoll.wait(may_sleep(carrier));
  carrier.begin_turn(Reactor::read_clock());
  for (const epoll_event& event : events) sources_->note(event, carrier.now().mono);
}

// Not while something is left over from the last turn or due already. Otherwise the timer is set,
// so that sleeping without a limit is safe.
bool Loop::may_sleep(const OutboxCarrier& carrier) {
  if (sources_->any_left()) return false;
  const auto deadline = earlier(carrier.core().next_deadline(), sources_->next_deadline());
  if (!deadline) return true;
  if (*deadline <= carrier.now().mono) return false;
  sources_->timer.arm(*deadline);
  return true;
}

void Loop::finish_sending() {
  MonoTime now = Reactor::read_clock().mono;
  const MonoTime last = now + budget::last_send_wait;
  while ((sources_->streams.send_rest() || !sources_->udp.idle()) && now < last) {
    const timespec pause{.tv_sec = 0, .tv_nsec = Duration(budget::send_retry).count()};
    ::nanosleep(&pause, nullptr);
    sources_->udp.resume(now);
    now = Reactor::read_clock().mono;
  }
  sources_->udp.abandon();
}

}  // namespace imcd::reactor
