// Inputs: reads the sources that are ready, each up to its budget, and hands what they have to the
// core; after each call the outbox is carried out. Once the core has asked for the exit nothing is
// read any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/figures.h"
#include "reactor/outbox_carrier.h"
#include "reactor/receive_batch.h"
#include "reactor/sources.h"

namespace imcd::reactor {

class Inputs {
 public:
  // All must outlive it.
  Inputs(Sources& sources, OutboxCarrier& carrier, Figures& figures)
      : sources_(sources), carrier_(carrier), figures_(figures) {}

  // Each source on the ready list once.
  void serve_ready();
  // What the sources met while they were written to.
  void tell_answers();
  void tell_mi_events();
  void look_at_mi_fifo();
  void meet_deadline();

 private:
  bool serve(Source source);
  bool serve_udp(SocketId id);
  void tell_closed_ports(SocketId id);
  void hand_batch(std::size_t count, SocketId id);
  bool serve_listener(std::uint32_t index);
  bool serve_stream(std::uint32_t slot);
  bool serve_mi_fifo();
  bool serve_signals();
  void serve_wake();
  [[nodiscard]] bool exits() const { return carrier_.exit_code().has_value(); }

  Sources& sources_;
  OutboxCarrier& carrier_;
  Figures& figures_;
  ReceiveBatch received_;
  std::vector<Address> closed_;
};

}  // namespace imcd::reactor
