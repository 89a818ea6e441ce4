// Hops: the next hops, found by flow and by stream, with their lines, windows and links.
//
//   find_or_make ──▶ hop ──activate──▶ active: users in line ──serve_active──▶ not active
//                     └──no place left for another, and idle──▶ gone
//
// Bounded by limits::hops_max. Hops know no users and no proxies: who stands in a line, and where a
// hop stands among the proxies, is the owner's to say. Deliveries are known by their transactions'
// slots; each is in the list `sent` of one hop at most, so that a lost connection costs as much as
// it had under way.
//
// A connection that we open is in the list `unlinked` from the moment it is wanted until it is
// there (Link says when to try); as they lead to proxies only, there are few.
//
// Timers: the pace of a hop whose window is full, and its pause: as serve_active() last saw them;
// links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/limits.h"
#include "base/outbox.h"
#include "base/settings.h"
#include "base/siphash.h"
#include "base/slot_pool.h"
#include "base/time.h"
#include "delivery/delivery.h"
#include "delivery/hop.h"
#include "delivery/live_streams.h"

namespace imcd::delivery {

class Hops {
 public:
  Hops(const DeliverySettings& settings, HashKey key, Transactions& transactions,
       const LiveStreams& live_streams);
  void apply(const DeliverySettings& settings) { hop_window_ = settings.hop_window; }

  Hop& operator[](std::uint32_t slot) { return hops_[slot]; }
  const Hop& operator[](std::uint32_t slot) const { return hops_[slot]; }
  [[nodiscard]] std::size_t size() const { return hops_.in_use(); }

  // Nothing: there are too many, and none is idle.
  std::optional<std::uint32_t> find_or_make(const Flow& flow) {
    if (last_ != no_slot && hops_[last_].flow == flow) return last_;
    return look_up(flow);
  }
  // Null: nothing went there lately.
  [[nodiscard]] const Hop* find(const Flow& flow) const;

  // --- Lines

  // Somebody is in its line now.
  void activate(std::uint32_t slot) {
    if (hops_[slot].is_active) return;
    hops_[slot].is_active = true;
    active_.push_back(slot);
    due_ = MonoTime::min();
  }
  [[nodiscard]] const std::vector<std::uint32_t>& active() const { return active_; }

  enum class Turn : std::uint8_t {
    done,   // Nobody is in line any more.
    stuck,  // Somebody is, but has to wait for this hop.
    over,   // The budget is spent: this hop and those behind it keep their places.
  };
  // Serves the hops with users in line in turn: `serve` takes a slot and gives a Turn. More may
  // become active meanwhile.
  template <class Serve>
  void serve_active(Serve&& serve) {
    std::optional<MonoTime> due;
    std::size_t kept = 0;
    std::size_t served = 0;
    for (; served < active_.size(); ++served) {
      const std::uint32_t slot = active_[served];
      const Turn turn = serve(slot);
      if (turn == Turn::over) break;
      if (turn == Turn::done) {
        hops_[slot].is_active = false;
      } else {
        active_[kept++] = slot;
        due = earlier(due, next_chance(hops_[slot]));
      }
    }
    due_ = served < active_.size() ? MonoTime::min() : due;
    const auto begin = active_.begin();
    active_.erase(begin + static_cast<std::ptrdiff_t>(kept),
                  begin + static_cast<std::ptrdiff_t>(served));
  }
  // The past: serve_active() stopped early, or a hop has become active since.
  [[nodiscard]] std::optional<MonoTime> next_deadline() const {
    return earlier(due_, next_link_deadline());
  }

  // --- What is under way, by transaction

  // Whether the window has room for one more; what is older than the pace has left it.
  [[nodiscard]] bool has_room(Hop& hop, MonoTime now);
  void on_sent(std::uint32_t transaction, MonoTime now);
  // The hop has it: it fills the window no longer.
  void on_provisional(std::uint32_t transaction) {
    if (!hops_[transactions_.payload(transaction).hop].is_tcp()) take_out(transaction);
  }
  void on_ended(std::uint32_t transaction) {
    take_out(transaction);
    --hops_[transactions_.payload(transaction).hop].in_flight;
  }
  // After the connection was lost: the delivery that was under way longest, out of the list; called
  // until it gives nothing.
  std::optional<std::uint32_t> pop_lost(std::uint32_t slot);

  // --- Links

  // Whether the hop's connection takes deliveries; if there is none, one is asked for.
  bool prepare_link(std::uint32_t slot, MonoTime now, Outbox& out);
  void connect(std::uint32_t slot, MonoTime now, Outbox& out);
  // A link that is not there, and whose time has come; each call must be followed by connect(),
  // by on_stream_ended() or by leave_unlinked().
  [[nodiscard]] std::optional<std::uint32_t> next_due_link(MonoTime now) const;
  // Nobody needs the connection.
  void leave_unlinked(std::uint32_t slot) { std::erase(unlinked_, slot); }

  // The hop whose connection this is, if there is one.
  std::optional<std::uint32_t> on_stream_open(StreamId stream);
  struct EndedLink {
    std::uint32_t hop = 0;
    bool was_open = false;
  };
  std::optional<EndedLink> on_stream_ended(StreamId stream, MonoTime now);
  void on_stream_blocked(StreamId stream, bool is_blocked);

 private:
  struct FlowHash {
    std::size_t operator()(const Flow& flow) const;
    HashKey key;
  };
  // Gives TimerLane the nodes of the deliveries.
  struct SentNodes {
    Transactions& transactions;
    TimerNode& timer(std::uint32_t slot) { return transactions.payload(slot).sent; }
  };

  std::optional<std::uint32_t> look_up(const Flow& flow);
  void forget_idle();
  void take_out(std::uint32_t transaction);
  [[nodiscard]] std::optional<MonoTime> next_chance(const Hop& hop) const;
  [[nodiscard]] std::optional<MonoTime> next_link_deadline() const;

  // Datagrams to one hop that may be neither answered nor older than its pace.
  std::uint32_t hop_window_ = 0;
  Transactions& transactions_;
  const LiveStreams& live_streams_;
  SlotPool<Hop, 64> hops_{limits::hops_max};
  std::unordered_map<Flow, std::uint32_t, FlowHash> by_flow_;
  std::unordered_map<StreamId, std::uint32_t> by_stream_;
  std::uint32_t last_ = no_slot;  // The one asked for last: behind a proxy it is the one.
  std::vector<std::uint32_t> active_;
  std::optional<MonoTime> due_;
  std::vector<std::uint32_t> unlinked_;
  std::uint64_t last_stream_ = 0;
};

}  // namespace imcd::delivery
