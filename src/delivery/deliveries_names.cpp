// Deliveries: users whose next hop is a name that has to be looked up first.

#include "base/limits.h"
#include "delivery/deliveries.h"

namespace imcd::delivery {

// The host by A and AAAA; SRV is left to proxies, through which members are reached by rights.
Deliveries::Route Deliveries::route_by_name(const parser::Uri& uri, MonoTime now) {
  const auto slot = hosts_.find(uri.host, now);
  if (!slot) return {};
  Host& host = hosts_[*slot];
  if (host.is_awaited()) return {.line = &host.line};
  if (host.state != Host::State::found) return {};
  Address address = host.address;
  address.port = uri.port != 0 ? uri.port : default_sip_port;
  return {.flow = flow_to(address)};
}

void Deliveries::wait_in(WaitingLine& line, std::uint32_t slot, MonoTime now) {
  if (waiting_for_names_ >= limits::name_waiting_users_max) {
    return give_up(slot, DeliveryResult::unroutable, now);
  }
  join(line, slot, now);
  ++waiting_for_names_;
  figures_.names_waited_for.add(1);
}

// Each looks for its way again: what it waited for is known now, or known not to be.
void Deliveries::release(WaitingLine& line, MonoTime now) {
  for (std::uint32_t slot = line.first; slot != no_slot; slot = users_[slot].next_waiting) {
    --waiting_for_names_;
    figures_.names_waited_for.add(-1);
  }
  line_up_again(line, now);
}

void Deliveries::on_resolved(const NameQuestion& question, const NameAnswer& answer, MonoTime now,
                             Outbox& out) {
  if (has_proxies()) {
    if (proxy_names_.on_answer(question, answer, now, out)) use_proxy_addresses(now);
  } else if (const auto host = hosts_.on_answer(question, answer, now)) {
    release(hosts_[*host].line, now);
  }
}

// Those of a family that we don't listen on are left out.
void Deliveries::use_proxy_addresses(MonoTime now) {
  std::vector<Flow> flows;
  for (const Endpoint& endpoint : proxy_names_.endpoints()) {
    if (const auto flow = flow_to(endpoint)) flows.push_back(*flow);
  }
  proxies_.set(flows);
  if (!proxies_.empty()) release(proxy_line_, now);
}

void Deliveries::keep_names(MonoTime now, Outbox& out) {
  if (proxy_names_.on_deadline(now, out)) use_proxy_addresses(now);
  while (const auto host = hosts_.next_overdue(now)) release(hosts_[*host].line, now);
}

void Deliveries::end_waiting_for_names(MonoTime now) {
  release(proxy_line_, now);
  while (const auto host = hosts_.give_up_first(now)) release(hosts_[*host].line, now);
}

}  // namespace imcd::delivery
