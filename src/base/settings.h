// Settings: what the operator asked for, as typed values, a struct for each owner. Every option is
// one row of config/option_table.cpp that names its field here, and the only place that knows its
// default: a Settings is made by config::load_config, or by config::default_settings where nobody
// was asked.
//
// Owners take their part by apply(), at the start and again when the settings have changed. A field
// whose row says `restart` is looked at once, at the start; what is given later is not heeded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/db_url.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/names.h"
#include "base/time.h"

namespace imcd {

enum class ReplyToSource : std::uint8_t { automatic, off, on };
enum class LogFormat : std::uint8_t { text, json };

// Of reactor::Reactor.
struct NetworkSettings {
  std::vector<Endpoint> listen;      // At least one, no two equal unless the port is 0.
  std::vector<Address> advertise;    // At most one a family; port 0: the port listened on.
  std::vector<Address> dns_servers;  // Empty: those of the system.
  std::size_t receive_buffer_bytes{};
  std::size_t send_buffer_bytes{};

  // What goes into Via for a socket bound to `bound`: the advertised address of its family, with
  // the bound port where none is advertised; else `bound` itself.
  [[nodiscard]] Address advertised_address(const Address& bound) const;

  friend bool operator==(const NetworkSettings&, const NetworkSettings&) = default;
};

// Of server::Server itself.
struct ServerSettings {
  std::vector<Network> trusted;
  bool room_address_is_request_uri{};  // Else the To header names the room.
  bool relaxed_durability{};           // Answers don't wait for the commit.
  bool db_required{};                  // An open or a load that fails ends the process.
  Duration drain_timeout{};
  // No option. Requests remembered at once, a power of two; less than the limit in tests.
  std::size_t server_transactions_max = limits::server_transactions_max;

  friend bool operator==(const ServerSettings&, const ServerSettings&) = default;
};

// Of imc::Conference.
struct ConferenceSettings {
  char command_prefix{};
  bool create_on_join{};
  bool check_on_create{};
  bool owner_exit_destroys{};
  bool anyone_creates_rooms{};
  std::uint32_t max_members{};
  std::uint32_t max_rooms_per_user{};
  std::uint32_t unasked_rate{};      // Users that one may add or invite in an hour; 0: any number.
  std::uint32_t user_rate{};         // Messages a second that one user may send; 0: any number.
  std::uint32_t user_burst{};        // How many at once; 0: as user_rate.
  std::uint32_t room_rate{};         // Chat messages a second to one room; 0: any number.
  std::string extra_headers;         // Whole lines, each with its line end; or empty.
  std::vector<std::string> domains;  // The first is the rooms' home, the others its aliases.
  std::vector<std::string> content_types;  // Relayed as they are; `type/*` and `*/*` too.
  std::vector<std::string> room_names;     // Globs that new rooms' addresses fit; without `auto`.
  std::uint32_t hash_size{};               // Log2 of the room table's first size.
  std::size_t max_rooms = limits::rooms_max;  // No option. Less in tests.

  friend bool operator==(const ConferenceSettings&, const ConferenceSettings&) = default;
};

// Of delivery::Deliveries.
struct DeliverySettings {
  std::vector<NextHop> outbound_proxies;  // In the order of preference.
  ReplyToSource reply_to_source{};
  std::uint32_t delivery_window{};
  std::uint32_t hop_window{};
  std::size_t memory_max = limits::memory_max;  // Divided by base/shares.h; the server's part too.

  // Whether a member without a route is reached where its last request came from: as the option
  // says, and when it says `auto`, where no outbound proxy is set.
  [[nodiscard]] bool replies_to_source() const;

  friend bool operator==(const DeliverySettings&, const DeliverySettings&) = default;
};

// Of db::Journal.
struct JournalSettings {
  Duration flush{};
  Duration timeout{};

  friend bool operator==(const JournalSettings&, const JournalSettings&) = default;
};

// Of the store.
struct StorageSettings {
  DbUrl db_url;  // With the password, wherever that came from.
  std::string db_password_file;
  std::string rooms_table;
  std::string members_table;
  bool db_shared{};

  friend bool operator==(const StorageSettings&, const StorageSettings&) = default;
};

// Of the reactor's FIFOs.
struct ManagementSettings {
  std::string mi_fifo;  // Absolute; empty: none.
  std::uint32_t mi_fifo_mode{};
  std::string mi_reply_dir;

  friend bool operator==(const ManagementSettings&, const ManagementSettings&) = default;
};

// Of LogPrinter.
struct LogSettings {
  LogLevel log_level{};
  LogFormat log_format{};

  friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

struct Settings {
  NetworkSettings network;
  ServerSettings server;
  ConferenceSettings conference;
  DeliverySettings deliveries;
  JournalSettings journal;
  StorageSettings storage;
  ManagementSettings management;
  LogSettings log;

  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace imcd
