#include "delivery/hosts.h"

#include <algorithm>

#include "base/text.h"

namespace imcd::delivery {
namespace {

std::string fold(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return to_lower(name);
}

}  // namespace

std::optional<std::uint32_t> Hosts::find(std::string_view name, MonoTime now,
                                         QuestionLine::Speaker speaker) {
  const std::string folded = fold(name);
  const auto found = by_name_.find(std::string_view(folded));
  if (found == by_name_.end()) {
    const auto slot = admit(speaker) ? make(folded) : std::nullopt;
    if (slot) put_in_line(*slot, now, speaker);
    return slot;
  }
  const Host& host = hosts_[found->second];
  if (host.state == Host::State::queued) {
    stand_in_line(found->second, speaker);
  } else if (!host.is_awaited() && host.expires <= now) {
    if (!admit(speaker)) return std::nullopt;
    answered_.cancel(hosts_, found->second);
    put_in_line(found->second, now, speaker);
  }
  return found->second;
}

void Hosts::hasten(std::string_view name, QuestionLine::Speaker speaker) {
  const std::string folded = fold(name);
  const auto found = by_name_.find(std::string_view(folded));
  if (found == by_name_.end() || hosts_[found->second].state != Host::State::queued) return;
  stand_in_line(found->second, speaker);
}

bool Hosts::admit(QuestionLine::Speaker speaker) {
  if (to_ask_.has_place(speaker)) return true;
  figures_.names_refused.add();
  return false;
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

void Hosts::put_in_line(std::uint32_t slot, MonoTime now, QuestionLine::Speaker speaker) {
  hosts_[slot].state = Host::State::queued;
  hosts_[slot].speaker = speaker;
  awaited_.arm(hosts_, slot, now);
  to_ask_.push(speaker, slot);
}

// Another user's line may be longer. Without a place in his own, his message waits for that one.
void Hosts::stand_in_line(std::uint32_t slot, QuestionLine::Speaker speaker) {
  if (hosts_[slot].speaker != speaker && to_ask_.has_place(speaker)) to_ask_.push(speaker, slot);
}

void Hosts::ask(Outbox& out) {
  const auto is_queued = [this](std::uint32_t slot) {
    return hosts_[slot].state == Host::State::queued;
  };
  while (const auto next = to_ask_.pop(is_queued)) {
    Host& host = hosts_[next->host];
    host.state = Host::State::asked;
    host.speaker = next->speaker;
    figures_.names_asked.add();
    out.resolve({.name = host.name, .kind = NameKind::addresses});
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
  const bool was_asked = host.state == Host::State::asked;
  if (was_asked) to_ask_.on_ended(host.speaker);
  answered_.arm(hosts_, slot, now);
  // Where the DNS is silent, what it said last is the best there is.
  if (answer.outcome != NameAnswer::Outcome::failed) host.address = choose(answer);
  host.state = host.address.empty() ? Host::State::unknown : Host::State::found;
  const bool is_new = answer.outcome == NameAnswer::Outcome::found && !host.address.empty();
  host.expires =
      now + (is_new ? std::clamp(answer.ttl, limits::name_ttl_shortest, limits::name_ttl_longest)
                    : limits::name_failure_kept);
  if (is_new) return;
  // Those who have waited have waited long enough, but the next message asks.
  if (!was_asked) host.expires = now + 1ms;
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
