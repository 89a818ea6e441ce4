#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "config/db_url.h"
#include "config/option.h"
#include "config/value.h"

namespace imcd::config {
namespace {

// A field that holds one value: `member` of the part of the settings that is `owner`'s.
template <auto owner, auto member, auto parse>
constexpr Field one = {.put = [](Settings& settings, std::string_view value, Bounds bounds) {
  auto parsed = parse(value, bounds);
  if (!parsed) return Result<void>(std::unexpected(parsed.error()));
  settings.*owner.*member = *std::move(parsed);
  return Result<void>();
}};

// A field that holds a list of values: a vector, or a string of lines.
template <auto owner, auto member, auto parse>
constexpr Field many = {
    .put =
        [](Settings& settings, std::string_view value, Bounds bounds) {
          auto parsed = parse(value, bounds);
          if (!parsed) return Result<void>(std::unexpected(parsed.error()));
          auto& list = settings.*owner.*member;
          if constexpr (requires { list.push_back(*parsed); }) {
            list.push_back(*std::move(parsed));
          } else {
            list += *parsed;
          }
          return Result<void>();
        },
    .clear = [](Settings& settings) { (settings.*owner.*member).clear(); },
};

using enum Group;
using enum Change;

// clang-format off
constexpr Option options[] = {
    {"listen", network, restart,
     many<&Settings::network, &NetworkSettings::listen, parse_listen>,
     "udp:IP:PORT|tcp:IP:PORT", "udp:127.0.0.1:5070 tcp:127.0.0.1:5070", {},
     "where to listen; IPv6 in brackets, port 0 picks a free one"},
    {"advertise", network, restart,
     many<&Settings::network, &NetworkSettings::advertise, parse_advertise>,
     "IP[:PORT]", "", {},
     "what goes into Via, where that is not the listen address; one for IPv4, one for IPv6; "
     "needed when listening on 0.0.0.0 or [::]"},
    {"outbound_proxy", network, restart,
     many<&Settings::deliveries, &DeliverySettings::outbound_proxies, parse_proxy>,
     "[sip:]HOST[:PORT][;transport=tcp]", "", {},
     "where everything for members is sent: the first that is in service; IP or a name, which "
     "without a port has SRV records or port 5060; without one it goes to the member's host and "
     "port"},
    {"dns_servers", network, restart,
     many<&Settings::network, &NetworkSettings::dns_servers, parse_dns_server>,
     "IP[:PORT]", "", {},
     "whom to ask for names; none: the servers of /etc/resolv.conf"},
    {"reply_to_source", network, reloadable,
     one<&Settings::deliveries, &DeliverySettings::reply_to_source, parse_reply_to_source>,
     "auto|0|1", "auto", {},
     "reach a user who came straight to imcd where his last request came from; "
     "auto: only without outbound_proxy"},
    {"trusted", network, reloadable,
     many<&Settings::server, &ServerSettings::trusted, parse_trusted>,
     "IP[/BITS]", "127.0.0.0/8 ::1", {},
     "who may send requests: the proxies, and whoever else is believed about who he is"},
    {"hop_window", network, reloadable,
     one<&Settings::deliveries, &DeliverySettings::hop_window, parse_count>,
     "N", "64", {1, 1024},
     "deliveries to one next hop that may be unanswered at a time"},
    {"rcvbuf", network, restart,
     one<&Settings::network, &NetworkSettings::receive_buffer_bytes, parse_bytes>,
     "BYTES", "8388608", {4096, 1U << 30},
     "receive buffer of a socket; the kernel may give less (net.core.rmem_max)"},
    {"sndbuf", network, restart,
     one<&Settings::network, &NetworkSettings::send_buffer_bytes, parse_bytes>,
     "BYTES", "8388608", {4096, 1U << 30},
     "send buffer of a socket; the kernel may give less (net.core.wmem_max)"},

    {"imc_cmd_start_char", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::command_prefix, parse_command_char>,
     "CHAR", "#", {},
     "the character that makes a text a command"},
    {"create_on_join", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::create_on_join, parse_flag>,
     "0|1", "1", {},
     "whether joining a room that does not exist makes it"},
    {"check_on_create", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::check_on_create, parse_flag>,
     "0|1", "0", {},
     "whether creating a room that exists is refused; else the sender joins it"},
    {"owner_exit", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::owner_exit_destroys, parse_owner_exit>,
     "destroy|refuse", "destroy", {},
     "what an owner's exit does: the room is destroyed, or he is pointed to the destroy command"},
    {"room_address", rooms, reloadable,
     one<&Settings::server, &ServerSettings::room_address_is_request_uri, parse_room_address>,
     "to|request_uri", "to", {},
     "where a message names its room: in the To header or in the request URI"},
    {"domain", rooms, restart,
     many<&Settings::conference, &ConferenceSettings::domains, parse_domain>,
     "HOST", "", {},
     "rooms addressed at any of these hosts are the room at the first; other hosts stand for "
     "themselves"},
    {"room_names", rooms, reloadable,
     many<&Settings::conference, &ConferenceSettings::room_names, parse_room_names>,
     "PATTERN|auto", "auto", {},
     "which addresses can be rooms: a glob (* and ?) over NAME@DOMAIN, or over NAME where it has no "
     "@; auto: chat-* where outbound_proxy is set or imcd listens beyond loopback, else *; rooms "
     "that there are work on, whatever they are called"},
    {"room_create", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::anyone_creates_rooms, parse_room_create>,
     "anyone|mi", "anyone", {},
     "who makes rooms: any user, or only the operators (management command imc_create_room)"},
    {"extra_hdrs", rooms, reloadable,
     many<&Settings::conference, &ConferenceSettings::extra_headers, parse_extra_headers>,
     "HEADERS", "", {},
     "header lines that imcd adds to each message it sends; several with \\r\\n between"},
    {"content_types", rooms, reloadable,
     many<&Settings::conference, &ConferenceSettings::content_types, parse_content_types>,
     "TYPE/SUBTYPE", "*/*", {},
     "content that is relayed as it is, text/* and */* too; HTML only where it is named (text/html), "
     "else its text is; text/plain always is"},
    {"max_members", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::max_members, parse_count>,
     "N", "100000", {1, 1'000'000},
     "members that a room may have"},
    {"max_rooms_per_user", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::max_rooms_per_user, parse_count>,
     "N", "1000", {1, 1'000'000},
     "rooms that a user may be in by own will; 50 more into which others may put or invite the user"},
    {"unasked_rate", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::unasked_rate, parse_count>,
     "N", "100", {0, 1'000'000},
     "users that one user may add or invite in an hour; 0: any number"},
    {"user_rate", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::user_rate, parse_count>,
     "N", "20", {0, 1'000'000},
     "messages a second that one user may send; 0: any number"},
    {"user_burst", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::user_burst, parse_count>,
     "N", "100", {0, 1'000'000},
     "messages that one user may send at once within user_rate; 0: those of a second"},
    {"room_rate", rooms, reloadable,
     one<&Settings::conference, &ConferenceSettings::room_rate, parse_count>,
     "N", "50", {0, 1'000'000},
     "chat messages a second that one room takes, and at once, whoever sends them: what stops a "
     "storm; 0: any number"},
    {"delivery_window", rooms, reloadable,
     one<&Settings::deliveries, &DeliverySettings::delivery_window, parse_count>,
     "N", "1", {1, 64},
     "messages to one user that may be unanswered at a time; more than 1 gives up their order"},
    {"hash_size", rooms, restart,
     one<&Settings::conference, &ConferenceSettings::hash_size, parse_count>,
     "N", "4", {1, 24},
     "first size of the room table, as a power of two; it grows by itself"},

    {"db_url", database, restart,
     one<&Settings::storage, &StorageSettings::db_url, parse_db_url>,
     "URL", "sqlite:///{state}/imcd.db", {},
     "where rooms are kept: sqlite:///PATH (an absolute path makes four slashes) or "
     "mysql://USER:PASSWORD@HOST[:PORT]/DATABASE; docs/DATABASES.md has its options"},
    {"db_password_file", database, restart,
     one<&Settings::storage, &StorageSettings::db_password_file, parse_optional_path>,
     "PATH", "", {},
     "a file whose first line is the password for db_url, where that has none"},
    {"rooms_table", database, restart,
     one<&Settings::storage, &StorageSettings::rooms_table, parse_table_name>,
     "NAME", "imc_rooms", {},
     "table of the rooms"},
    {"members_table", database, restart,
     one<&Settings::storage, &StorageSettings::members_table, parse_table_name>,
     "NAME", "imc_members", {},
     "table of the members"},
    {"db_flush_ms", database, reloadable,
     one<&Settings::journal, &JournalSettings::flush, parse_milliseconds>,
     "MS", "10", {1, 10'000},
     "longest wait of a room change for its batch"},
    // RFC 3261 17.1.2.2: the sender of a held command gives up at Timer F, after 32 s.
    {"db_timeout_ms", database, reloadable,
     one<&Settings::journal, &JournalSettings::timeout, parse_milliseconds>,
     "MS", "5000", {100, 30'000},
     "longest wait for the database; then a held command is answered with 504"},
    {"db_durability", database, reloadable,
     one<&Settings::server, &ServerSettings::relaxed_durability, parse_db_durability>,
     "group|relaxed", "group", {},
     "whether a room change is answered once it is stored, or at once; then a crash may lose it"},
    {"db_required", database, reloadable,
     one<&Settings::server, &ServerSettings::db_required, parse_flag>,
     "0|1", "0", {},
     "whether a database that can't be opened at start ends imcd; else it waits for it"},
    {"db_shared", database, restart,
     one<&Settings::storage, &StorageSettings::db_shared, parse_flag>,
     "0|1", "0", {},
     "whether another imcd with db_shared = 1 may use the database at the same time"},

    {"mi_fifo", management, restart,
     one<&Settings::management, &ManagementSettings::mi_fifo, parse_optional_path>,
     "PATH", "{runtime}/imcd_fifo", {},
     "the FIFO that takes management commands; empty: none"},
    {"mi_fifo_mode", management, restart,
     one<&Settings::management, &ManagementSettings::mi_fifo_mode, parse_file_mode>,
     "MODE", "0660", {},
     "permissions of that FIFO, in octal"},
    {"mi_reply_dir", management, restart,
     one<&Settings::management, &ManagementSettings::mi_reply_dir, parse_path>,
     "PATH", "/tmp", {},
     "where management clients make the FIFOs for their replies"},

    {"memory_max", process, restart,
     one<&Settings::deliveries, &DeliverySettings::memory_max, parse_bytes>,
     "BYTES", "1073741824", {limits::memory_max_least, std::size_t{1} << 40},
     "memory that waiting messages and what is remembered of requests may take, beside rooms and "
     "members; each kind has a share of its own"},
    {"drain_timeout_s", process, reloadable,
     one<&Settings::server, &ServerSettings::drain_timeout, parse_seconds>,
     "S", "10", {0, 3600},
     "how long an orderly stop waits for deliveries in flight"},
    {"log_level", process, reloadable,
     one<&Settings::log, &LogSettings::log_level, parse_log_level>,
     "debug|info|warning|error", "info", {},
     "the least important lines that are logged"},
    {"log_format", process, reloadable,
     one<&Settings::log, &LogSettings::log_format, parse_log_format>,
     "text|json", "text", {},
     "log lines for people or for programs"},
};
// clang-format on

// Edits (a letter inserted, left out or replaced) between two names, in any case, `-` being `_`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto fold = [](char c) { return c == '-' ? '_' : lower(c); };
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view group_title(Group group) {
  switch (group) {
    case network:
      return "Network";
    case rooms:
      return "Rooms";
    case database:
      return "Database";
    case management:
      return "Management";
    case process:
      return "Process";
  }
  return {};
}

std::span<const Option> option_table() { return options; }

const Option* find_option(std::string_view name) {
  const auto* found = std::ranges::find(options, name, &Option::name);
  return found != std::end(options) ? found : nullptr;
}

const Option* find_similar_option(std::string_view name) {
  // Names are at most a few dozen bytes; what is longer is no slip of the finger.
  if (name.size() > 40) return nullptr;
  const auto distance = [&](const Option& option) { return edit_distance(name, option.name); };
  const auto* closest = std::ranges::min_element(options, {}, distance);
  return distance(*closest) <= std::max<std::size_t>(2, name.size() / 3) ? closest : nullptr;
}

}  // namespace imcd::config
