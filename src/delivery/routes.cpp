#include "delivery/routes.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace imcd::delivery {

Routes::Routes(const DeliverySettings& settings, OwnSockets sockets, HashKey key,
               IdentityTable& identities, const LiveStreams& live_streams, Figures& figures,
               std::uint32_t waiting_max)
    : sockets_(std::move(sockets)),
      figures_(figures),
      codec_(key),
      live_streams_(live_streams),
      sources_(identities),
      hosts_(key, sockets_.ipv4_socket.has_value(), sockets_.ipv6_socket.has_value(), figures),
      // Not the key of the branches: the order of proxies can be seen.
      proxy_names_(settings.outbound_proxies, {siphash(key, "proxy"), siphash(key, "names")},
                   figures),
      proxies_(figures),
      waiting_max_(waiting_max) {
  apply(settings);
  use_proxy_addresses();
}

Route Routes::find(const Identity& who, MonoTime now, QuestionLine::Speaker speaker,
                   std::uint32_t refused) {
  if (!has_proxies()) return find_beside_proxies(who, now, speaker);
  if (proxies_.empty()) return wait_in(proxy_line_);
  return {.flow = proxies_.current(now, refused)};
}

Route Routes::find_beside_proxies(const Identity& who, MonoTime now,
                                  QuestionLine::Speaker speaker) {
  const auto uri = parser::parse_uri(who.uri());
  CHECK(uri.has_value());
  const auto literal = parse_ip(uri->host, uri->port != 0 ? uri->port : default_sip_port);
  if (literal && uri->port != 0) return {.flow = flow_to(*literal)};
  if (!literal && uri->port != 0) {
    const auto named = find_host(*uri, now, speaker);
    if (named) return *named;
  }
  if (replies_to_source_) {
    const auto source = sources_.find(who);
    const bool is_there =
        source && (source->transport == Transport::udp || live_streams_.contains(source->stream));
    if (is_there) return {.flow = source};
  }
  return literal ? Route{.flow = flow_to(*literal)}
                 : find_host(*uri, now, speaker).value_or(Route{});
}

void Routes::hasten(const Identity& who, QuestionLine::Speaker speaker) {
  if (waiting_ == 0 || has_proxies()) return;
  if (const auto uri = parser::parse_uri(who.uri())) hosts_.hasten(uri->host, speaker);
}

std::optional<Route> Routes::find_host(const parser::Uri& uri, MonoTime now,
                                       QuestionLine::Speaker speaker) {
  const auto slot = hosts_.find(uri.host, now, speaker);
  if (!slot) return std::nullopt;
  Host& host = hosts_[*slot];
  if (host.is_awaited()) return wait_in(host.line);
  if (host.state != Host::State::found) return std::nullopt;
  Address address = host.address;
  address.port = uri.port != 0 ? uri.port : default_sip_port;
  return Route{.flow = flow_to(address)};
}

Route Routes::wait_in(WaitingLine& line) {
  if (waiting_ >= waiting_max_) return {};
  ++waiting_;
  figures_.names_waited_for.add(1);
  return {.line = &line};
}

std::optional<Flow> Routes::flow_to(const Endpoint& endpoint) const {
  const bool is_ipv4 = endpoint.address.is_ipv4();
  const auto& udp = is_ipv4 ? sockets_.ipv4_socket : sockets_.ipv6_socket;
  if (endpoint.transport == Transport::udp) {
    return udp ? std::optional(Flow{endpoint.address, *udp}) : std::nullopt;
  }
  const auto& tcp = is_ipv4 ? sockets_.ipv4_tcp_socket : sockets_.ipv6_tcp_socket;
  if (!tcp && !udp) return std::nullopt;
  return Flow{endpoint.address, tcp ? *tcp : *udp, Transport::tcp};
}

std::optional<Flow> Routes::stream_beside(const Flow& proxy) const {
  if (proxy.transport == Transport::tcp || !is_proxy(proxy)) return std::nullopt;
  return flow_to({Transport::tcp, proxy.peer});
}

bool Routes::on_options_answer(std::string_view branch, std::optional<MonoTime> spared_until) {
  const auto question = codec_.read_branch(branch);
  return question && proxies_.on_response(*question, spared_until);
}

void Routes::on_resolved(const NameQuestion& question, const NameAnswer& answer, MonoTime now,
                         Outbox& out) {
  if (has_proxies()) {
    if (proxy_names_.on_answer(question, answer, now, out)) use_proxy_addresses();
  } else if (const auto host = hosts_.on_answer(question, answer, now)) {
    dismiss(hosts_[*host].line);
  }
}

// Those of a family that we don't listen on are left out.
void Routes::use_proxy_addresses() {
  std::vector<Flow> flows;
  for (const Endpoint& endpoint : proxy_names_.endpoints()) {
    if (const auto flow = flow_to(endpoint)) flows.push_back(*flow);
  }
  proxies_.set(flows);
  if (!proxies_.empty()) dismiss(proxy_line_);
}

void Routes::dismiss(WaitingLine& line) {
  if (line.empty()) return;
  waiting_ -= line.users;
  figures_.names_waited_for.add(-static_cast<std::int64_t>(line.users));
  dismissed_.push_back(std::exchange(line, WaitingLine{}));
}

void Routes::dismiss_all(MonoTime now) {
  dismiss(proxy_line_);
  while (const auto host = hosts_.give_up_first(now)) dismiss(hosts_[*host].line);
}

void Routes::on_deadline(MonoTime now, Outbox& out) {
  if (proxy_names_.on_deadline(now, out)) use_proxy_addresses();
  while (const auto host = hosts_.next_overdue(now)) dismiss(hosts_[*host].line);
  proxies_.on_deadline(now, codec_, sockets_.via_sent_by, out);
}

std::optional<MonoTime> Routes::next_deadline() const {
  const auto names = earlier(hosts_.next_deadline(), proxy_names_.next_deadline());
  return earlier(names, proxies_.next_deadline());
}

}  // namespace imcd::delivery
