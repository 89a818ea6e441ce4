#include "server/shutdown.h"

#include <string>

namespace imcd::server {

void Shutdown::on_stop(MonoTime now, Outbox& out) {
  if (!until_) return begin(now, out);
  out.log({LogLevel::warning, "stopping at once", {}});
  out.exit(commits_.are_done() ? 0 : 1);
}

void Shutdown::begin(MonoTime now, Outbox& out) {
  out.log({LogLevel::info,
           "shutting down",
           {{"in_flight", std::to_string(deliveries_.in_flight())},
            {"queued", std::to_string(deliveries_.queued())},
            {"journal", std::to_string(commits_.records())}}});
  until_ = now + settings_.drain_timeout;
  deliveries_.drop_queued(now);
  commits_.flush(now);
}

void Shutdown::end_if_done(MonoTime now, Outbox& out) {
  if (!until_) return;
  const bool stored = commits_.are_done();
  if (stored && deliveries_.in_flight() == 0) return out.exit(0);
  if (now < *until_) return;
  out.log({stored ? LogLevel::warning : LogLevel::error,
           stored ? "stopped with deliveries unanswered" : "stopped with room changes not stored",
           {{"in_flight", std::to_string(deliveries_.in_flight())},
            {"journal", std::to_string(commits_.records())}}});
  out.exit(stored ? 0 : 1);
}

}  // namespace imcd::server
