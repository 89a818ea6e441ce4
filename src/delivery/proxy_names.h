// ProxyNames: which addresses the outbound proxies have at this time. Those given as addresses have
// them for ever; for a name the DNS is asked, and asked again when the answer's time is over:
//
//   name without a port:  SRV _sip._udp.NAME ──▶ A/AAAA of its targets, by priority and weight
//                          └──there is none──▶ A/AAAA of NAME, port 5060   (RFC 3263 4.2)
//   name with a port:     A/AAAA of NAME
//
// Over TCP the service is _sip._tcp.NAME. Until a round of questions ends well, what the last one
// found stays: a DNS that is down, or a zone that was emptied by mistake, stops no delivery. What
// has changed is told by the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/figures.h"
#include "base/names.h"
#include "base/outbox.h"
#include "base/siphash.h"
#include "base/time.h"

namespace imcd::delivery {

class ProxyNames {
 public:
  // `proxies` in the order of preference.
  ProxyNames(const std::vector<NextHop>& proxies, HashKey seed, Figures& figures);

  [[nodiscard]] bool empty() const { return proxies_.empty(); }
  // All that are known, in the order of preference, each once.
  [[nodiscard]] std::vector<Endpoint> endpoints() const;

  // Asks what it is time to ask. True: endpoints() may be others now.
  bool on_deadline(MonoTime now, Outbox& out);
  bool on_answer(const NameQuestion& question, const NameAnswer& answer, MonoTime now, Outbox& out);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

 private:
  // An SRV target, or the proxy's own name.
  struct Target {
    std::string name;
    std::uint16_t port = 0;
    bool is_answered = false;
    std::vector<Address> addresses;
  };
  struct Proxy {
    NextHop hop;
    std::vector<Address> found;  // With ports.
    bool is_asking = false;
    MonoTime at{};  // Asking: when to give up; else when to ask.
    // While asking.
    bool awaits_services = false;
    std::vector<Target> targets;
    Duration ttl{};
    bool was_failure = false;  // Some target's, in this round.
    // So that the log tells a failure once.
    bool is_failing = false;
  };

  void start(Proxy& proxy, MonoTime now, Outbox& out);
  void ask(const std::string& name, NameKind kind, Outbox& out);
  void ask_targets(Proxy& proxy, Outbox& out);
  void on_services(Proxy& proxy, const NameAnswer& answer, Outbox& out);
  void on_addresses(Proxy& proxy, const std::string& name, const NameAnswer& answer);
  static bool end_round_if_complete(Proxy& proxy, MonoTime now, Outbox& out);
  static bool end_round(Proxy& proxy, MonoTime now, Outbox& out);
  [[nodiscard]] std::vector<Target> in_order(std::vector<Service> services) const;

  std::vector<Proxy> proxies_;
  HashKey seed_;
  Figures& figures_;
};

}  // namespace imcd::delivery
