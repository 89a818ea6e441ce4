#include "delivery/proxies.h"

#include <algorithm>
#include <utility>

namespace imcd::delivery {
namespace {

// RFC 3261 11.1: outside a dialog, to the proxy itself.
void write_options(ByteBuffer& out, const Flow& proxy, std::string_view via_sent_by,
                   const tm::BranchCodec& codec, tm::ClientTransactionId id) {
  out.append("OPTIONS sip:");
  write_address(out, proxy.peer);
  out.append(" SIP/2.0\r\nVia: SIP/2.0/");
  out.append(proxy.transport == Transport::udp ? "UDP " : "TCP ");
  out.append(via_sent_by);
  out.append(";rport;branch=");
  out.append(tm::BranchCodec::cookie);
  codec.write_token(out, id);
  out.append("\r\nTo: <sip:");
  write_address(out, proxy.peer);
  out.append(">\r\nFrom: <sip:imcd@");
  out.append(via_sent_by);
  out.append(">;tag=");
  codec.write_token(out, id);
  out.append("\r\nCall-ID: ");
  codec.write_token(out, id);
  out.append("\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n");
}

}  // namespace

void Proxies::set(const std::vector<Flow>& flows) {
  std::vector<Proxy> proxies;
  for (const Flow& flow : flows) {
    const auto known = std::ranges::find(proxies_, flow, &Proxy::flow);
    proxies.push_back(known != proxies_.end() ? *known : Proxy{.flow = flow});
  }
  proxies_ = std::move(proxies);
  if (proxies_.size() < 2) figures_.proxies_down.set(0);
}

bool Proxies::is_in_service(const Proxy& proxy, MonoTime now) {
  return !proxy.is_unreachable && proxy.unanswered < limits::proxy_silent_pings &&
         (!proxy.spared_until || *proxy.spared_until <= now);
}

std::size_t Proxies::in_service(MonoTime now) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      proxies_, [&](const Proxy& proxy) { return is_in_service(proxy, now); }));
}

const Flow& Proxies::current(MonoTime now, std::uint32_t after) const {
  std::size_t passed_over = after == 0 ? 0 : after % std::max<std::size_t>(in_service(now), 1);
  for (const Proxy& proxy : proxies_) {
    if (is_in_service(proxy, now) && passed_over-- == 0) return proxy.flow;
  }
  return proxies_.front().flow;
}

void Proxies::spare(const Flow& flow, MonoTime until) {
  for (Proxy& proxy : proxies_) {
    if (proxy.flow == flow) proxy.spared_until = until;
  }
}

bool Proxies::contains(const Flow& flow) const {
  return std::ranges::find(proxies_, flow, &Proxy::flow) != proxies_.end();
}

void Proxies::on_link(const Flow& flow, StreamId stream) {
  for (Proxy& proxy : proxies_) {
    if (proxy.flow != flow) continue;
    proxy.stream = stream;
    proxy.is_unreachable = stream == 0;
    proxy.unanswered = 0;
  }
}

void Proxies::on_port_closed(const Flow& flow) {
  for (Proxy& proxy : proxies_) {
    if (proxy.flow == flow) proxy.unanswered = limits::proxy_silent_pings;
  }
}

void Proxies::on_deadline(MonoTime now, const tm::BranchCodec& codec,
                          const std::vector<std::string>& via_sent_by, Outbox& out) {
  if (proxies_.size() < 2 || now < next_question_) return;
  next_question_ = now + limits::proxy_ping_interval;
  std::int64_t down = 0;
  for (std::uint32_t i = 0; i < proxies_.size(); ++i) {
    Proxy& proxy = proxies_[i];
    const bool can_ask = proxy.flow.transport == Transport::udp || proxy.stream != 0;
    if (proxy.question != 0 && can_ask) ++proxy.unanswered;
    proxy.question = ++questions_;
    if (!is_in_service(proxy, now)) ++down;
    if (!can_ask) continue;
    write_options(out.begin_datagram(), proxy.flow, via_sent_by[proxy.flow.socket], codec,
                  {first_slot + i, proxy.question});
    Flow flow = proxy.flow;
    flow.stream = proxy.stream;
    out.end_datagram(flow);
  }
  figures_.proxies_down.set(down);
}

std::optional<MonoTime> Proxies::next_deadline() const {
  if (proxies_.size() < 2) return std::nullopt;
  return next_question_;
}

bool Proxies::on_response(tm::ClientTransactionId id, std::optional<MonoTime> spared_until) {
  if (id.slot < first_slot) return false;
  const std::uint32_t index = id.slot - first_slot;
  if (index >= proxies_.size() || proxies_[index].question != id.generation) return false;
  proxies_[index].unanswered = 0;
  if (spared_until) proxies_[index].spared_until = spared_until;
  return true;
}

}  // namespace imcd::delivery
