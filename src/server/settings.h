// Settings of the core, made from the configuration by the daemon and by tests by hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/limits.h"
#include "base/siphash.h"
#include "base/time.h"
#include "db/journal.h"
#include "delivery/deliveries.h"
#include "imc/conference.h"

namespace imcd::server {

struct Settings {
  imc::ConferenceSettings conference;
  delivery::DeliverySettings deliveries;
  db::JournalSettings journal;
  bool db_required = false;         // An open or a load that fails ends the process.
  bool relaxed_durability = false;  // Answers don't wait for the commit.
  bool room_address_is_request_uri = false;
  std::vector<Network> trusted;
  Duration drain_timeout = std::chrono::seconds(10);
  std::string version;
  // Requests remembered at once, a power of two; less than the limit in tests.
  std::size_t server_transactions_max = limits::server_transactions_max;
  HashKey seed;  // Of everything random; from the kernel in the daemon, fixed in tests.
};

}  // namespace imcd::server
