#include "config/load.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "config/assignment.h"
#include "config/defaults.h"
#include "config/option.h"
#include "config/pages.h"
#include "config/shown_setting.h"

namespace imcd::config {
namespace {

// extra_hdrs go into each message, which must stay below the 1,300 bytes of RFC 3261 18.1.1.
constexpr std::size_t extra_headers_bytes_max = 512;

bool has_control_byte(std::string_view value) {
  return std::any_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
  });
}

// What `auto` says. Beside a proxy, or where others reach imcd, users have addresses of their own,
// and rooms must not stand in their way; on one machine any name will do.
void choose_room_names(Settings& settings) {
  const bool is_alone = settings.deliveries.outbound_proxies.empty() &&
                        std::ranges::all_of(settings.network.listen, [](const Endpoint& listen) {
                          return listen.address.is_loopback();
                        });
  std::ranges::replace(settings.conference.room_names, "auto", is_alone ? "*" : "chat-*");
}

// Puts the assignments of one source after another into Settings and gathers what is wrong.
class Loader {
 public:
  // The assignments of a later source replace those of an earlier one.
  void take(const Assignments& assignments) {
    complaints_.insert(complaints_.end(), assignments.complaints.begin(),
                       assignments.complaints.end());
    std::map<const Option*, const Assignment*> seen;
    for (const Assignment& assignment : assignments.list) {
      const Option* option = find_option(assignment.key);
      if (option == nullptr) {
        complain_unknown(assignment);
        continue;
      }
      const auto [first, is_first] = seen.emplace(option, &assignment);
      if (is_first) begin(*option);
      if (!is_first && !option->field.repeatable()) {
        complain(assignment,
                 fmt::format("expected once, but it stands at {} too", first->second->place));
      } else if (option->field.repeatable() && assignment.value.empty()) {
        option->field.clear(settings_);
      } else {
        put(*option, assignment);
      }
    }
  }

  // What no source gave.
  void take_defaults(const Environment& environment) {
    for (const Option& option : option_table()) {
      if (given_.contains(&option)) continue;
      const auto values = default_values(option, environment);
      if (!values) {
        complaints_.push_back(fmt::format("{}: {}", option.name, values.error().text));
        continue;
      }
      for (const std::string& value : *values) {
        put(option, {"default", std::string(option.name), value});
      }
    }
  }

  Result<Settings> finish() && {
    // Rules between options say nothing new while a value itself is wrong.
    if (complaints_.empty()) check_together();
    if (!complaints_.empty()) return fail(fmt::format("{}", fmt::join(complaints_, "\n")));
    choose_room_names(settings_);
    return std::move(settings_);
  }

 private:
  void begin(const Option& option) {
    given_.insert(&option);
    if (option.field.repeatable()) option.field.clear(settings_);
  }

  void put(const Option& option, const Assignment& assignment) {
    if (has_control_byte(assignment.value))
      return complain(assignment, "expected no control characters");
    const auto done = option.field.put(settings_, assignment.value, option.bounds);
    if (!done) complain(assignment, done.error().text);
  }

  static std::string shown(const Assignment& assignment) {
    return shown_setting(fmt::format("{} = {}", assignment.key, assignment.value));
  }

  void complain(const Assignment& assignment, std::string_view text) {
    complaints_.push_back(fmt::format("{}: {}: {}", assignment.place, shown(assignment), text));
  }

  void complain_unknown(const Assignment& assignment) {
    const Option* similar = find_similar_option(assignment.key);
    complaints_.push_back(fmt::format(
        "{}: {}: expected a key that imcd knows{}", assignment.place, shown(assignment),
        similar != nullptr ? fmt::format("; did you mean {}?", similar->name) : "; see --help"));
  }

  void check_together() {
    check_network();
    if (settings_.conference.extra_headers.size() > extra_headers_bytes_max) {
      complaints_.push_back(
          fmt::format("extra_hdrs: expected at most {} bytes together", extra_headers_bytes_max));
    }
    if (settings_.journal.flush > settings_.journal.timeout) {
      complaints_.emplace_back("db_flush_ms: expected at most db_timeout_ms");
    }
    // SQLite compares names of tables without regard to case.
    if (equal_ignoring_case(settings_.storage.rooms_table, settings_.storage.members_table)) {
      complaints_.emplace_back("members_table: expected another table than rooms_table");
    }
  }

  void check_network() {
    const NetworkSettings& network = settings_.network;
    if (network.listen.empty()) complaints_.emplace_back("listen: expected at least one");
    for (const Endpoint& listen : network.listen) {
      if (listen.address.port != 0 && std::ranges::count(network.listen, listen) > 1) {
        complaints_.push_back(fmt::format("listen = {}: expected once", endpoint_text(listen)));
        break;
      }
    }
    for (const Endpoint& listen : network.listen) {
      if (network.advertised_address(listen.address).is_wildcard()) {
        complaints_.push_back(
            fmt::format("listen = {}: expected an `advertise` with the {} address that peers see",
                        endpoint_text(listen), listen.address.is_ipv4() ? "IPv4" : "IPv6"));
      }
    }
    for (const NextHop& proxy : settings_.deliveries.outbound_proxies) {
      const auto same_family = [&](const Endpoint& listen) {
        return listen.address.family == proxy.address.family;
      };
      if (!proxy.name.empty() || std::ranges::any_of(network.listen, same_family)) continue;
      complaints_.push_back(fmt::format("outbound_proxy = {}: expected a `listen` for {} too",
                                        address_text(proxy.address),
                                        proxy.address.is_ipv4() ? "IPv4" : "IPv6"));
    }
    const auto ipv4 = std::ranges::count_if(network.advertise, &Address::is_ipv4);
    if (ipv4 > 1 || std::ssize(network.advertise) - ipv4 > 1) {
      complaints_.emplace_back("advertise: expected at most one for IPv4 and one for IPv6");
    }
  }

  Settings settings_;
  std::set<const Option*> given_;
  std::vector<std::string> complaints_;
};

// A password beside the URL: it is seen neither in a process list nor by who may read the file of
// options.
Result<void> find_password(StorageSettings& storage, const Environment& environment,
                           const FileReader& read) {
  MysqlUrl& url = storage.db_url.mysql;
  if (storage.db_url.kind != DbUrl::Kind::mysql || !url.password.empty()) return {};
  if (!storage.db_password_file.empty()) {
    const auto text = read(storage.db_password_file);
    if (!text) return fail(fmt::format("db_password_file: {}", text.error().text));
    url.password = text->substr(0, text->find_first_of("\r\n"));
  } else if (const char* const password = environment("IMCD_DB_PASSWORD")) {
    url.password = password;
  }
  return {};
}

}  // namespace

Result<CommandLine> load_config(std::span<const std::string_view> arguments,
                                std::string_view version, const Environment& environment,
                                const FileReader& read) {
  const Arguments given = parse_arguments(arguments);
  if (given.help) return CommandLine{.action = Action::print, .settings = {}, .page = help_page()};
  if (given.version) {
    return CommandLine{
        .action = Action::print, .settings = {}, .page = fmt::format("imcd {}\n", version)};
  }
  if (given.sample_config) {
    return CommandLine{.action = Action::print, .settings = {}, .page = sample_page(environment)};
  }

  Loader loader;
  if (given.file) {
    const auto text = read(*given.file);
    if (!text) return std::unexpected(text.error());
    loader.take(parse_file(*text, *given.file));
  }
  loader.take(given.assignments);
  loader.take_defaults(environment);
  auto settings = std::move(loader).finish();
  if (!settings) return std::unexpected(settings.error());
  if (const auto found = find_password(settings->storage, environment, read); !found) {
    return std::unexpected(found.error());
  }
  const Action action = given.check      ? Action::check
                        : given.db_check ? Action::db_check
                                         : Action::serve;
  return CommandLine{.action = action, .settings = *std::move(settings), .page = {}};
}

Settings default_settings() {
  Loader loader;
  loader.take_defaults([](std::string_view name) { return name == "HOME" ? "/" : nullptr; });
  auto settings = std::move(loader).finish();
  CHECK(settings.has_value());
  return *std::move(settings);
}

}  // namespace imcd::config
