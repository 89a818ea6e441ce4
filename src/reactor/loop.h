// Loop: what Reactor is made of. It owns the sources and decides when to sleep and whose turn it
// is; Inputs reads them for the core, OutboxCarrier carries out what the core asks for.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/figures.h"
#include "reactor/inputs.h"
#include "reactor/outbox_carrier.h"
#include "reactor/reactor.h"
#include "reactor/sources.h"

namespace imcd::reactor {

class Loop {
 public:
  static Result<std::unique_ptr<Loop>> open(const Options& options, Figures& figures,
                                            SendBatch send);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] std::span<const Address> bound() const { return sources_->udp.bound(); }
  [[nodiscard]] std::span<const Address> bound_tcp() const { return sources_->listeners.bound(); }
  [[nodiscard]] std::span<const std::string> warnings() const { return sources_->warnings; }
  int run(Core& core, Process& process);
  void wake() { sources_->wake_event.raise(); }

 private:
  Loop(std::unique_ptr<Sources> sources, Figures& figures)
      : sources_(std::move(sources)), figures_(figures) {}
  void turn(Inputs& inputs, OutboxCarrier& carrier);
  void wait(OutboxCarrier& carrier);
  [[nodiscard]] bool may_sleep(const OutboxCarrier& carrier);
  void finish_sending();

  std::unique_ptr<Sources> sources_;
  Figures& figures_;
};

}  // namespace imcd::reactor
