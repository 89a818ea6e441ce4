// Proxies: the outbound proxies, of which the first that is in service takes all deliveries. A
// proxy is passed over while it is told to be spared (503) and, where there are several, while it
// leaves OPTIONS without an answer or its port is closed (ICMP); one over TCP also while no
// connection to it can be had. What is under way to a proxy that fails is not sent elsewhere: it
// may have been delivered.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/figures.h"
#include "base/limits.h"
#include "base/outbox.h"
#include "base/time.h"
#include "tm/client_transactions.h"

namespace imcd::delivery {

class Proxies {
 public:
  explicit Proxies(Figures& figures) : figures_(figures) {}

  // These are the proxies from now on. What is known of those that stay is kept.
  void set(const std::vector<Flow>& flows);

  [[nodiscard]] bool empty() const { return proxies_.empty(); }
  [[nodiscard]] std::size_t size() const { return proxies_.size(); }

  // The first proxy in service, and if there is none the first of all. Not while empty(). `after`:
  // so many others have refused.
  [[nodiscard]] const Flow& current(MonoTime now, std::uint32_t after = 0) const;
  [[nodiscard]] std::size_t in_service(MonoTime now) const;

  // The proxy at this address asked to be spared.
  void spare(const Flow& flow, MonoTime until);

  [[nodiscard]] bool contains(const Flow& flow) const;
  // The connection to it is there; 0: it is lost, or could not be made.
  void on_link(const Flow& flow, StreamId stream);

  // Nobody listens there: as if it had been silent, until it answers. An only proxy is used anyway.
  void on_port_closed(const Flow& flow);

  // Asks each proxy whether it lives, when it is time.
  void on_deadline(MonoTime now, const tm::BranchCodec& codec,
                   const std::vector<std::string>& via_sent_by, Outbox& out);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  // A response to one of these questions: slots from first_slot on in our branches. False: to none,
  // or to one that another has followed since. `spared_until`: where it was a 503.
  bool on_response(tm::ClientTransactionId id, std::optional<MonoTime> spared_until);
  static constexpr std::uint32_t first_slot = 0xf00000;

 private:
  struct Proxy {
    Flow flow;
    std::optional<MonoTime> spared_until;
    StreamId stream = 0;          // Over TCP: the connection, while there is one.
    bool is_unreachable = false;  // The last attempt to connect failed.
    std::uint32_t unanswered = 0;
    std::uint32_t question = 0;  // Generation in the branch of the last OPTIONS.
  };

  [[nodiscard]] static bool is_in_service(const Proxy& proxy, MonoTime now);

  Figures& figures_;
  std::vector<Proxy> proxies_;
  std::uint32_t questions_ = 0;  // Asked so far; no two have one number.
  MonoTime next_question_{};
};
static_assert(limits::client_transactions_max <= Proxies::first_slot);

}  // namespace imcd::delivery
