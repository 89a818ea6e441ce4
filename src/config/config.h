// Config: what the operator asked for, as typed values. Every option is one row of the table in
// option_table.cpp; this struct has a field for each and knows no defaults of its own, so a Config
// is made by load_config and by nothing else.
//
// Values come from three places: the table's defaults, the file named by `-c`, the command line.
// The later one wins; a repeatable option given in one place replaces what came before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/log.h"
#include "base/names.h"
#include "base/result.h"
#include "base/time.h"
#include "config/db_url.h"

namespace imcd::config {

enum class OwnerExit : std::uint8_t { destroy, refuse };
enum class RoomAddress : std::uint8_t { to, request_uri };
enum class ReplyToSource : std::uint8_t { automatic, off, on };
enum class DbDurability : std::uint8_t { group, relaxed };
enum class LogFormat : std::uint8_t { text, json };

struct Config {
  // Network.
  std::vector<Endpoint> listen;    // At least one, no two equal unless the port is 0.
  std::vector<Address> advertise;  // At most one a family; port 0: the port listened on.
  std::vector<NextHop> outbound_proxy;
  std::vector<Address> dns_servers;  // Empty: those of the system.
  std::vector<Network> trusted;
  ReplyToSource reply_to_source{};
  std::size_t receive_buffer_bytes{};
  std::size_t send_buffer_bytes{};
  std::uint32_t hop_window{};

  // Rooms.
  char imc_cmd_start_char{};
  bool create_on_join{};
  bool check_on_create{};
  OwnerExit owner_exit{};
  RoomAddress room_address{};
  std::string extra_hdrs;           // Whole header lines, each ended by CRLF; or empty.
  std::uint32_t hash_size{};        // The room table's first size is 2 to this power.
  std::vector<std::string> domain;  // The first is the rooms' home, the others its aliases.
  bool anyone_creates_rooms{};
  std::uint32_t max_members{};
  std::uint32_t max_rooms_per_user{};
  std::uint32_t user_rate{};   // Messages a second; 0: no bound.
  std::uint32_t room_rate{};   // Messages a second to one room; 0: no bound.
  std::uint32_t user_burst{};  // 0: as user_rate.
  std::uint32_t delivery_window{};

  // Database.
  DbUrl db_url;  // With the password, wherever that came from.
  std::string db_password_file;
  std::string rooms_table;
  std::string members_table;
  Duration db_flush{};
  Duration db_timeout{};
  DbDurability db_durability{};
  bool db_required{};
  bool db_shared{};

  // Management.
  std::string mi_fifo;  // Absolute; empty: none.
  std::uint32_t mi_fifo_mode{};
  std::string mi_reply_dir;

  // Process.
  Duration drain_timeout{};
  LogLevel log_level{};
  LogFormat log_format{};

  friend bool operator==(const Config&, const Config&) = default;
};

// What goes into Via for a socket bound to `bound`: the advertised address of its family, with the
// bound port where none is advertised; else `bound` itself.
Address advertised_address(const Config& config, const Address& bound);

// Whether a member without a route is reached where its last request came from: as the option
// says, and when it says `auto`, where no outbound proxy is set.
bool replies_to_source(const Config& config);

enum class Action : std::uint8_t {
  serve,
  check,     // --check: the configuration is good; say so and exit with 0.
  db_check,  // --db_check: read the database and say what is wrong in it.
  print,     // --help, --version, --sample_config: write `page` to standard output, exit with 0.
};

struct CommandLine {
  Action action{};
  Config config;     // serve and check.
  std::string page;  // print.
};

// The value of an environment variable, or nullptr: std::getenv in imcd.
using Environment = std::function<const char*(const char* name)>;
// The bytes of a file, or why there are none: read_file in imcd.
using FileReader = std::function<Result<std::string>(const std::string& path)>;
Result<std::string> read_file(const std::string& path);

// `arguments` are argv without the program's name. The error has one line for each thing that is
// wrong, with file, line, key, value and what was expected, and never shows a password.
Result<CommandLine> load_config(std::span<const std::string_view> arguments,
                                std::string_view version, const Environment& environment,
                                const FileReader& read = read_file);

}  // namespace imcd::config
