#include "delivery/proxy_names.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "base/timer_lane.h"

namespace imcd::delivery {
namespace {

std::string service_name(const NextHop& hop) {
  return (hop.transport == Transport::udp ? "_sip._udp." : "_sip._tcp.") + hop.name;
}

std::string list_text(const std::vector<Address>& addresses) {
  std::string text;
  for (const Address& address : addresses) {
    if (!text.empty()) text += ' ';
    text += address_text(address);
  }
  return text;
}

std::string_view without_final_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

// RFC 2782: among equals, each is drawn with a chance that goes by its weight; those of weight 0
// stand first, so that they have a small chance too. Returns the index of the one drawn.
std::size_t draw(const std::vector<Service>& equals, Random& random) {
  const auto sum = [](std::uint64_t weights, const Service& service) {
    return weights + service.weight;
  };
  std::uint64_t mark =
      random.below(std::accumulate(equals.begin(), equals.end(), std::uint64_t{0}, sum) + 1);
  std::size_t index = 0;
  while (mark > equals[index].weight) mark -= equals[index++].weight;
  return index;
}

}  // namespace

ProxyNames::ProxyNames(const std::vector<NextHop>& proxies, HashKey seed, Figures& figures)
    : seed_(seed), figures_(figures) {
  for (const NextHop& hop : proxies) {
    proxies_.push_back({.hop = hop});
    if (hop.name.empty()) proxies_.back().found = {hop.address};
  }
}

std::vector<Endpoint> ProxyNames::endpoints() const {
  std::vector<Endpoint> all;
  for (const Proxy& proxy : proxies_) {
    for (const Address& address : proxy.found) {
      const Endpoint endpoint{proxy.hop.transport, address};
      if (std::ranges::find(all, endpoint) == all.end()) all.push_back(endpoint);
    }
  }
  return all;
}

std::optional<MonoTime> ProxyNames::next_deadline() const {
  std::optional<MonoTime> first;
  for (const Proxy& proxy : proxies_) {
    if (!proxy.hop.name.empty()) first = earlier(first, proxy.at);
  }
  return first;
}

bool ProxyNames::on_deadline(MonoTime now, Outbox& out) {
  bool changed = false;
  for (Proxy& proxy : proxies_) {
    if (proxy.hop.name.empty() || proxy.at > now) continue;
    if (proxy.is_asking) {
      figures_.names_failed.add();
      proxy.was_failure = true;
      changed |= end_round(proxy, now, out);
    } else {
      start(proxy, now, out);
    }
  }
  return changed;
}

bool ProxyNames::on_answer(const NameQuestion& question, const NameAnswer& answer, MonoTime now,
                           Outbox& out) {
  if (answer.outcome == NameAnswer::Outcome::none) figures_.names_unknown.add();
  if (answer.outcome == NameAnswer::Outcome::failed) figures_.names_failed.add();
  bool changed = false;
  for (Proxy& proxy : proxies_) {
    if (!proxy.is_asking) continue;
    if (question.kind == NameKind::addresses) {
      on_addresses(proxy, question.name, answer);
    } else if (proxy.awaits_services && question.name == service_name(proxy.hop)) {
      on_services(proxy, answer, out);
    }
    changed |= end_round_if_complete(proxy, now, out);
  }
  return changed;
}

void ProxyNames::start(Proxy& proxy, MonoTime now, Outbox& out) {
  proxy.is_asking = true;
  proxy.at = now + limits::name_wait_max;
  proxy.targets.clear();
  proxy.ttl = limits::name_ttl_longest;
  proxy.was_failure = false;
  proxy.awaits_services = proxy.hop.port == 0;
  if (proxy.awaits_services) return ask(service_name(proxy.hop), NameKind::services, out);
  proxy.targets = {{.name = proxy.hop.name, .port = proxy.hop.port}};
  ask_targets(proxy, out);
}

void ProxyNames::ask(const std::string& name, NameKind kind, Outbox& out) {
  figures_.names_asked.add();
  out.resolve({.name = name, .kind = kind});
}

// Two targets may be one host with two ports; it is asked for once.
void ProxyNames::ask_targets(Proxy& proxy, Outbox& out) {
  for (auto target = proxy.targets.begin(); target != proxy.targets.end(); ++target) {
    const auto same = [&](const Target& before) { return before.name == target->name; };
    if (std::none_of(proxy.targets.begin(), target, same)) {
      ask(target->name, NameKind::addresses, out);
    }
  }
}

void ProxyNames::on_services(Proxy& proxy, const NameAnswer& answer, Outbox& out) {
  proxy.awaits_services = false;
  switch (answer.outcome) {
    case NameAnswer::Outcome::found:
      proxy.ttl = std::min(proxy.ttl, answer.ttl);
      proxy.targets = in_order(answer.services);
      break;
    case NameAnswer::Outcome::none:
      proxy.targets = {{.name = proxy.hop.name, .port = default_sip_port}};
      break;
    case NameAnswer::Outcome::failed:
      proxy.was_failure = true;
      break;
  }
  ask_targets(proxy, out);
}

void ProxyNames::on_addresses(Proxy& proxy, const std::string& name, const NameAnswer& answer) {
  for (Target& target : proxy.targets) {
    if (target.name != name || target.is_answered) continue;
    target.is_answered = true;
    if (answer.outcome == NameAnswer::Outcome::failed) proxy.was_failure = true;
    if (answer.outcome != NameAnswer::Outcome::found) continue;
    proxy.ttl = std::min(proxy.ttl, answer.ttl);
    target.addresses = answer.addresses;
    // IPv4 before IPv6, as for members. Servers shuffle their answers; ours are shuffled by the
    // seed, so that each process has an order of its own and keeps it.
    std::ranges::sort(target.addresses, {}, [this](const Address& address) {
      const std::string_view ip(reinterpret_cast<const char*>(address.ip.data()),
                                address.ip.size());
      return std::pair(address.is_ipv6(), siphash(seed_, ip));
    });
    for (Address& address : target.addresses) address.port = target.port;
  }
}

bool ProxyNames::end_round_if_complete(Proxy& proxy, MonoTime now, Outbox& out) {
  if (proxy.awaits_services) return false;
  if (!std::ranges::all_of(proxy.targets, &Target::is_answered)) return false;
  return end_round(proxy, now, out);
}

bool ProxyNames::end_round(Proxy& proxy, MonoTime now, Outbox& out) {
  std::vector<Address> found;
  for (const Target& target : proxy.targets) {
    found.insert(found.end(), target.addresses.begin(), target.addresses.end());
  }
  if (found.size() > limits::proxy_addresses_max) found.resize(limits::proxy_addresses_max);
  proxy.is_asking = false;
  proxy.targets.clear();
  // What is known of one target only is better than nothing, but should be asked for soon again.
  const bool is_whole = !found.empty() && !proxy.was_failure;
  proxy.at =
      now + (is_whole ? std::clamp(proxy.ttl, limits::name_ttl_shortest, limits::name_ttl_longest)
                      : limits::name_failure_kept);
  if (found.empty()) {
    if (!std::exchange(proxy.is_failing, true)) {
      out.log({LogLevel::warning,
               proxy.was_failure ? "the DNS does not answer for an outbound proxy"
                                 : "the DNS has no address for an outbound proxy",
               {{"peer", proxy.hop.name}, {"kept", list_text(proxy.found)}}});
    }
    return false;
  }
  proxy.is_failing = false;
  if (found == proxy.found) return false;
  out.log({LogLevel::info,
           "an outbound proxy was found",
           {{"peer", proxy.hop.name}, {"addresses", list_text(found)}}});
  proxy.found = std::move(found);
  return true;
}

// RFC 2782: by priority, and among equals by chance. A target of "." says that there is no such
// service. The chance is the same each time, so that an order once drawn stays.
std::vector<ProxyNames::Target> ProxyNames::in_order(std::vector<Service> services) const {
  std::vector<Target> targets;
  Random random(seed_);
  std::ranges::sort(services, {}, [](const Service& service) {
    return std::tie(service.priority, service.weight, service.target, service.port);
  });
  while (!services.empty() && targets.size() < limits::proxy_services_max) {
    const auto is_next = [first = services.front().priority](const Service& service) {
      return service.priority == first;
    };
    const auto end = std::ranges::find_if_not(services, is_next);
    const auto drawn =
        services.begin() + static_cast<std::ptrdiff_t>(draw({services.begin(), end}, random));
    const std::string name = to_lower(without_final_dot(drawn->target));
    if (!name.empty()) targets.push_back({.name = name, .port = drawn->port});
    services.erase(drawn);
  }
  return targets;
}

}  // namespace imcd::delivery
