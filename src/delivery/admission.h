// Admission: whether a message of a room finds a place for each of its members before anything is
// queued, so that a 200 is never followed by a drop for want of shared space (DESIGN 5 "Shares"),
// and whether the room is congested: judged by its own line at the proxy, not by those of others.
// It also shows what the shares of memory hold.
#pragma once

#include <cstddef>

#include "base/figures.h"
#include "base/time.h"
#include "delivery/delivery.h"
#include "delivery/hops.h"
#include "delivery/mailboxes.h"
#include "delivery/routes.h"
#include "delivery/shared_message.h"

namespace imcd::delivery {

class Admission {
 public:
  // All must outlive this.
  Admission(const SharedMessages& messages, const Transactions& transactions,
            const Mailboxes& mailboxes, const Routes& routes, const Hops& hops, Figures& figures)
      : messages_(messages),
        transactions_(transactions),
        mailboxes_(mailboxes),
        routes_(routes),
        hops_(hops),
        figures_(figures) {}

  // Transactions that the share has place for.
  static std::size_t transactions_max(const DeliverySettings& settings);

  // Whether a message of this origin finds a place for each of so many users.
  [[nodiscard]] bool takes(SharedMessage::Kind kind, OriginToken origin, std::size_t users) const;
  // Users wait for a window to the outbound proxy for longer than limits::hop_wait_max, with a
  // message of this origin.
  [[nodiscard]] bool is_congested(OriginToken origin, MonoTime now) const;

  // The figures of memory, ten times a second: whoever reads them does not read faster.
  void show_memory(MonoTime now) {
    if (now - shown_at_ >= shown_every) show_all(now);
  }

 private:
  static constexpr Duration shown_every = 100ms;

  void show_all(MonoTime now);
  // Null: nobody waits.
  [[nodiscard]] const WaitingLine* line_of(OriginToken origin, MonoTime now) const;

  const SharedMessages& messages_;
  const Transactions& transactions_;
  const Mailboxes& mailboxes_;
  const Routes& routes_;
  const Hops& hops_;
  Figures& figures_;
  MonoTime shown_at_{};
};

}  // namespace imcd::delivery
