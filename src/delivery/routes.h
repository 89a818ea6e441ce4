// Routes: where a user's messages go now, or the line in which the user must wait for that to be
// known (DESIGN 5 "Next hop"):
//
//   an outbound proxy is set ──▶ the first proxy in service, once the DNS knows one
//   else  a member URI that names host and port ──▶ there
//   else  a user who came straight to us ──▶ where the last request came from
//   else  the member URI's host ──▶ there, at the default port
//
// Proxies' names may take SRV; members' hosts are asked for by A and AAAA alone, as it is through
// proxies that members are reached by rights. Whoever waits for a name is dismissed once it is
// known, or known not to be; the owner then calls take_dismissed(). At most `waiting_max` users
// wait: beyond that there is no way.
//
// Timers: names that have to be asked for and the longest wait for them; the questions whether
// proxies live.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/figures.h"
#include "base/limits.h"
#include "base/names.h"
#include "base/outbox.h"
#include "base/settings.h"
#include "base/siphash.h"
#include "base/time.h"
#include "delivery/hosts.h"
#include "delivery/live_streams.h"
#include "delivery/mailbox.h"
#include "delivery/own_sockets.h"
#include "delivery/proxies.h"
#include "delivery/proxy_names.h"
#include "delivery/reply_sources.h"
#include "identity/identity.h"
#include "parser/uri.h"
#include "tm/client_transactions.h"

namespace imcd::delivery {

// Neither: no way leads there.
struct Route {
  std::optional<Flow> flow;
  WaitingLine* line = nullptr;  // Whoever is shown it must join it.
};

class Routes {
 public:
  Routes(const DeliverySettings& settings, OwnSockets sockets, HashKey key,
         IdentityTable& identities, const LiveStreams& live_streams, Figures& figures,
         std::uint32_t waiting_max = limits::name_waiting_users_max);

  // The outbound proxies stay those of the start.
  void apply(const DeliverySettings& settings) {
    replies_to_source_ = settings.replies_to_source();
  }

  // For a message of this user (Identity::hash; 0: nobody's), who takes turns with others where the
  // DNS has to be asked.
  // `refused`: by so many proxies of those in service, in their order.
  [[nodiscard]] Route find(const Identity& who, MonoTime now, QuestionLine::Speaker speaker = 0,
                           std::uint32_t refused = 0);
  // This user's message too waits for whoever is in a line: if it is for a name that is still to be
  // asked for, in the user's turn as well.
  void hasten(const Identity& who, QuestionLine::Speaker speaker);
  [[nodiscard]] const std::string& via_sent_by(SocketId socket) const {
    return sockets_.via_sent_by[socket];
  }

  // --- Proxies

  [[nodiscard]] bool has_proxies() const { return !proxy_names_.empty(); }
  [[nodiscard]] bool is_proxy(const Flow& flow) const { return proxies_.contains(flow); }
  // Whether a delivery that one proxy refuses has another to go to.
  [[nodiscard]] bool has_several_proxies() const { return proxies_.size() > 1; }
  // ... at this time, after so many have refused it.
  [[nodiscard]] bool has_another_proxy(std::uint32_t refused, MonoTime now) const {
    return has_several_proxies() && refused < proxies_.in_service(now);
  }
  // The one that takes all deliveries now; null: none is set, or no address is known.
  [[nodiscard]] const Flow* proxy(MonoTime now) const {
    return proxies_.empty() ? nullptr : &proxies_.current(now);
  }
  // The way to the same proxy over TCP; nothing: it is none, or over TCP already.
  [[nodiscard]] std::optional<Flow> stream_beside(const Flow& proxy) const;
  // Users who wait for the first proxy whose address is known.
  [[nodiscard]] const WaitingLine& proxy_line() const { return proxy_line_; }

  void spare_proxy(const Flow& flow, MonoTime until) { proxies_.spare(flow, until); }
  // The connection to it is there; 0: it is lost, or could not be made.
  void on_link(const Flow& flow, StreamId stream) { proxies_.on_link(flow, stream); }
  void on_port_closed(const Flow& flow) { proxies_.on_port_closed(flow); }
  // False: we asked no such question. `spared_until`: where it was a 503.
  bool on_options_answer(std::string_view branch, std::optional<MonoTime> spared_until);

  // --- Users

  // The user sent a message from there, straight to us.
  void on_source(Identity& who, const Flow& source) {
    if (replies_to_source_ && !has_proxies()) sources_.note(who, source);
  }

  // --- Names

  void on_resolved(const NameQuestion& question, const NameAnswer& answer, MonoTime now,
                   Outbox& out);
  // Asks the DNS for what users have come to wait for.
  void ask(Outbox& out) { hosts_.ask(out); }
  void on_deadline(MonoTime now, Outbox& out);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;
  // Nobody waits any longer.
  void dismiss_all(MonoTime now);
  // Users who are to look for their way again, in their lines.
  std::vector<WaitingLine> take_dismissed() { return std::exchange(dismissed_, {}); }

 private:
  [[nodiscard]] Route find_beside_proxies(const Identity& who, MonoTime now,
                                          QuestionLine::Speaker speaker);
  // Nothing: the DNS knows no address, or cannot be asked.
  [[nodiscard]] std::optional<Route> find_host(const parser::Uri& uri, MonoTime now,
                                               QuestionLine::Speaker speaker);
  [[nodiscard]] Route wait_in(WaitingLine& line);
  [[nodiscard]] std::optional<Flow> flow_to(const Endpoint& endpoint) const;
  void use_proxy_addresses();
  void dismiss(WaitingLine& line);

  OwnSockets sockets_;
  bool replies_to_source_ = false;
  Figures& figures_;
  tm::BranchCodec codec_;  // That of the transactions, for the questions to proxies.
  const LiveStreams& live_streams_;
  ReplySources sources_;
  Hosts hosts_;
  ProxyNames proxy_names_;
  Proxies proxies_;
  WaitingLine proxy_line_;
  std::uint32_t waiting_max_;
  std::uint32_t waiting_ = 0;  // Users in line.
  std::vector<WaitingLine> dismissed_;
};

}  // namespace imcd::delivery
