#include "delivery/hosts.h"

#include <algorithm>

#include "base/text.h"

namespace imcd::delivery {

std::optional<std::uint32_t> Hosts::find(std::string_view name, MonoTime now) {
  if (name.ends_with('.')) name.remove_suffix(1);
  const std::string folded = to_lower(name);
  const auto found = by_name_.find(std::string_view(folded));
  if (found == by_name_.end()) {
    const auto slot = make(folded);
    if (slot) put_in_line(*slot, now);
    return slot;
  }
  const Host& host = hosts_[found->second];
  if (!host.is_awaited() && host.expires <= now) {
    answered_.cancel(hosts_, found->second);
    put_in_line(found->second, now);
  }
  return found->second;
}

std::optional<std::uint32_t> Hosts::make(std::string_view name) {
  if (hosts_.full()) {
    const auto oldest = answered_.pop_due(hosts_, MonoTime::max());
    if (!oldest) return std::nullopt;
    by_name_.erase(std::string_view(hosts_[*oldest].name));
    hosts_.give_back(*oldest);
  }
  const std::uint32_t slot = hosts_.take();
  hosts_[slot] = Host{};
  hosts_[slot].name = name;
  by_name_.emplace(std::string_view(hosts_[slot].name), slot);
  return slot;
}

void Hosts::put_in_line(std::uint32_t slot, MonoTime now) {
  hosts_[slot].state = Host::State::queued;
  awaited_.arm(hosts_, slot, now);
  to_ask_.push_back(slot);
}

void Hosts::ask(Outbox& out) {
  while (!to_ask_.empty()) {
    Host& host = hosts_[to_ask_.front()];
    if (host.state == Host::State::queued) {
      if (under_way_ >= limits::name_questions_max) return;
      host.state = Host::State::asked;
      ++under_way_;
      figures_.names_asked.add();
      out.resolve({.name = host.name, .kind = NameKind::addresses});
    }
    to_ask_.pop_front();
  }
}

std::optional<std::uint32_t> Hosts::on_answer(const NameQuestion& question,
                                              const NameAnswer& answer, MonoTime now) {
  const auto found = by_name_.find(std::string_view(question.name));
  // It was given up meanwhile; it is asked for again when it is needed again.
  if (found == by_name_.end() || !hosts_[found->second].is_awaited()) return std::nullopt;
  awaited_.cancel(hosts_, found->second);
  settle(found->second, answer, now);
  return found->second;
}

std::optional<std::uint32_t> Hosts::next_overdue(MonoTime now) {
  const auto deadline = next_deadline();
  if (!deadline || *deadline > now) return std::nullopt;
  return give_up_first(now);
}

std::optional<std::uint32_t> Hosts::give_up_first(MonoTime now) {
  const auto slot = awaited_.pop_due(hosts_, MonoTime::max());
  if (slot) settle(*slot, NameAnswer{}, now);
  return slot;
}

void Hosts::settle(std::uint32_t slot, const NameAnswer& answer, MonoTime now) {
  Host& host = hosts_[slot];
  if (host.state == Host::State::asked) --under_way_;
  answered_.arm(hosts_, slot, now);
  // Where the DNS is silent, what it said last is the best there is.
  if (answer.outcome != NameAnswer::Outcome::failed) host.address = choose(answer);
  host.state = host.address.empty() ? Host::State::unknown : Host::State::found;
  const bool is_new = answer.outcome == NameAnswer::Outcome::found && !host.address.empty();
  host.expires =
      now + (is_new ? std::clamp(answer.ttl, limits::name_ttl_shortest, limits::name_ttl_longest)
                    : limits::name_failure_kept);
  if (is_new) return;
  (answer.outcome == NameAnswer::Outcome::failed ? figures_.names_failed : figures_.names_unknown)
      .add();
}

// The first that we can reach, IPv4 before IPv6 where we speak both.
Address Hosts::choose(const NameAnswer& answer) const {
  const auto first = [&](bool (Address::*is_family)() const) {
    const auto at = std::ranges::find_if(answer.addresses, is_family);
    return at != answer.addresses.end() ? *at : Address{};
  };
  const Address ipv4 = use_ipv4_ ? first(&Address::is_ipv4) : Address{};
  return ipv4.empty() && use_ipv6_ ? first(&Address::is_ipv6) : ipv4;
}

}  // namespace imcd::delivery
