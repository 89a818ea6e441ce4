// Shutdown: the orderly stop (docs/OPERATING.md "Signals"). New work is refused, what is under way
// may end:
//
//   serving ──stop──▶ draining ──nothing under way, or drain_timeout──▶ exit
//                        └──stop again──▶ exit at once
//
// The exit code tells whether every room change is stored.
#pragma once

#include <optional>

#include "base/outbox.h"
#include "base/settings.h"
#include "base/time.h"
#include "delivery/deliveries.h"
#include "server/commits.h"

namespace imcd::server {

class Shutdown {
 public:
  // All must outlive it.
  Shutdown(const ServerSettings& settings, delivery::Deliveries& deliveries, Commits& commits)
      : settings_(settings), deliveries_(deliveries), commits_(commits) {}

  void on_stop(MonoTime now, Outbox& out);
  // Ends the process if it drains and may end.
  void end_if_done(MonoTime now, Outbox& out);

  [[nodiscard]] bool is_draining() const { return until_.has_value(); }
  [[nodiscard]] std::optional<MonoTime> next_deadline() const { return until_; }

 private:
  void begin(MonoTime now, Outbox& out);

  const ServerSettings& settings_;
  delivery::Deliveries& deliveries_;
  Commits& commits_;
  std::optional<MonoTime> until_;
};

}  // namespace imcd::server
