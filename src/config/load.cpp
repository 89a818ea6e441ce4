#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "base/text.h"
#include "config/config.h"
#include "config/defaults.h"
#include "config/option.h"
#include "config/pages.h"
#include "config/setting.h"
#include "config/value.h"

namespace imcd::config {
namespace {

// extra_hdrs go into each message, which must stay below the 1,300 bytes of RFC 3261 18.1.1.
constexpr std::size_t extra_headers_bytes_max = 512;

bool has_control_byte(std::string_view value) {
  return std::any_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
  });
}

// Puts the settings of one source after another into a Config and gathers what is wrong.
class Loader {
 public:
  // The settings of a later source replace those of an earlier one.
  void take(const Settings& settings) {
    complaints_.insert(complaints_.end(), settings.complaints.begin(), settings.complaints.end());
    std::map<const Option*, const Setting*> seen;
    for (const Setting& setting : settings.list) {
      const Option* option = find_option(setting.key);
      if (option == nullptr) {
        complain_unknown(setting);
        continue;
      }
      const auto [first, is_first] = seen.emplace(option, &setting);
      if (is_first) begin(*option);
      if (!is_first && !option->field.repeatable()) {
        complain(setting,
                 fmt::format("expected once, but it stands at {} too", first->second->place));
      } else if (option->field.repeatable() && setting.value.empty()) {
        option->field.clear(config_);
      } else {
        put(*option, setting);
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

  Result<Config> finish() && {
    // Rules between options say nothing new while a value itself is wrong.
    if (complaints_.empty()) check_together();
    if (!complaints_.empty()) return fail(fmt::format("{}", fmt::join(complaints_, "\n")));
    return std::move(config_);
  }

 private:
  void begin(const Option& option) {
    given_.insert(&option);
    if (option.field.repeatable()) option.field.clear(config_);
  }

  void put(const Option& option, const Setting& setting) {
    if (has_control_byte(setting.value)) return complain(setting, "expected no control characters");
    const auto done = option.field.put(config_, setting.value, option.bounds);
    if (!done) complain(setting, done.error().text);
  }

  void complain(const Setting& setting, std::string_view text) {
    complaints_.push_back(fmt::format("{}: {} = {}: {}", setting.place, setting.key,
                                      shown_value(setting.value), text));
  }

  void complain_unknown(const Setting& setting) {
    const Option* similar = find_similar_option(setting.key);
    complaints_.push_back(fmt::format(
        "{}: {} = {}: expected a key that imcd knows{}", setting.place, shown_value(setting.key),
        shown_value(setting.value),
        similar != nullptr ? fmt::format("; did you mean {}?", similar->name) : "; see --help"));
  }

  void check_together() {
    const Config& config = config_;
    if (config.listen.empty()) complaints_.emplace_back("listen: expected at least one");
    for (const Endpoint& listen : config.listen) {
      if (listen.address.port != 0 && std::ranges::count(config.listen, listen) > 1) {
        complaints_.push_back(fmt::format("listen = {}: expected once", endpoint_text(listen)));
        break;
      }
    }
    for (const Endpoint& listen : config.listen) {
      if (advertised_address(config, listen.address).is_wildcard()) {
        complaints_.push_back(
            fmt::format("listen = {}: expected an `advertise` with the {} address that peers see",
                        endpoint_text(listen), listen.address.is_ipv4() ? "IPv4" : "IPv6"));
      }
    }
    for (const NextHop& proxy : config.outbound_proxy) {
      const auto same_family = [&](const Endpoint& listen) {
        return listen.address.family == proxy.address.family;
      };
      if (!proxy.name.empty() || std::ranges::any_of(config.listen, same_family)) continue;
      complaints_.push_back(fmt::format("outbound_proxy = {}: expected a `listen` for {} too",
                                        address_text(proxy.address),
                                        proxy.address.is_ipv4() ? "IPv4" : "IPv6"));
    }
    const auto ipv4 = std::ranges::count_if(config.advertise, &Address::is_ipv4);
    if (ipv4 > 1 || std::ssize(config.advertise) - ipv4 > 1) {
      complaints_.emplace_back("advertise: expected at most one for IPv4 and one for IPv6");
    }
    if (config.extra_hdrs.size() > extra_headers_bytes_max) {
      complaints_.push_back(
          fmt::format("extra_hdrs: expected at most {} bytes together", extra_headers_bytes_max));
    }
    if (config.db_flush > config.db_timeout) {
      complaints_.emplace_back("db_flush_ms: expected at most db_timeout_ms");
    }
    // SQLite compares names of tables without regard to case.
    if (equal_ignoring_case(config.rooms_table, config.members_table)) {
      complaints_.emplace_back("members_table: expected another table than rooms_table");
    }
  }

  Config config_;
  std::set<const Option*> given_;
  std::vector<std::string> complaints_;
};

}  // namespace

namespace {

// A password beside the URL: it is seen neither in a process list nor by who may read the file of
// options.
Result<void> find_password(Config& config, const Environment& environment, const FileReader& read) {
  MysqlUrl& url = config.db_url.mysql;
  if (config.db_url.kind != DbUrl::Kind::mysql || !url.password.empty()) return {};
  if (!config.db_password_file.empty()) {
    const auto text = read(config.db_password_file);
    if (!text) return fail(fmt::format("db_password_file: {}", text.error().text));
    url.password = text->substr(0, text->find_first_of("\r\n"));
  } else if (const char* const password = environment("IMCD_DB_PASSWORD")) {
    url.password = password;
  }
  return {};
}

}  // namespace

Address advertised_address(const Config& config, const Address& bound) {
  for (const Address& advertised : config.advertise) {
    if (advertised.family != bound.family) continue;
    Address address = advertised;
    if (address.port == 0) address.port = bound.port;
    return address;
  }
  return bound;
}

bool replies_to_source(const Config& config) {
  switch (config.reply_to_source) {
    case ReplyToSource::automatic:
      return config.outbound_proxy.empty();
    case ReplyToSource::off:
      return false;
    case ReplyToSource::on:
      return true;
  }
  return false;
}

Result<CommandLine> load_config(std::span<const std::string_view> arguments,
                                std::string_view version, const Environment& environment,
                                const FileReader& read) {
  const Arguments given = parse_arguments(arguments);
  if (given.help) return CommandLine{.action = Action::print, .config = {}, .page = help_page()};
  if (given.version) {
    return CommandLine{
        .action = Action::print, .config = {}, .page = fmt::format("imcd {}\n", version)};
  }
  if (given.sample_config) {
    return CommandLine{.action = Action::print, .config = {}, .page = sample_page(environment)};
  }

  Loader loader;
  if (given.file) {
    const auto text = read(*given.file);
    if (!text) return std::unexpected(text.error());
    loader.take(parse_file(*text, *given.file));
  }
  loader.take(given.settings);
  loader.take_defaults(environment);
  auto config = std::move(loader).finish();
  if (!config) return std::unexpected(config.error());
  if (const auto found = find_password(*config, environment, read); !found) {
    return std::unexpected(found.error());
  }
  const Action action = given.check      ? Action::check
                        : given.db_check ? Action::db_check
                                         : Action::serve;
  return CommandLine{.action = action, .config = *std::move(config), .page = {}};
}

}  // namespace imcd::config
