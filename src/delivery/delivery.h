// Delivery: one MESSAGE under way, as part of the record of its client transaction.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "base/timer_lane.h"
#include "delivery/mailbox.h"
#include "tm/client_transactions.h"

namespace imcd::delivery {

struct Delivery {
  TimerNode sent;  // In its hop's list `sent`; its deadline is when it was sent first.
  std::uint32_t box = 0;
  std::uint32_t hop = 0;
  QueuedMessage message;
  MonoTime repeated_at{};  // The last copy.
  bool is_listed = false;
  bool was_repeated = false;
  bool counts_as_lost = false;
  bool is_answered = false;
};

using Transactions = tm::ClientTransactions<Delivery>;

}  // namespace imcd::delivery
