// Hops: the next hops, found by flow and by stream, with their lines, windows and links.
//
//   find_or_make ──▶ hop ──join──▶ ready: users in line ──serve_ready──▶ none, or stuck
//                     │                ▲                                          │
//                     │                └── an answer, a time, the link ───────────┘
//                     └──idle, and its place is needed: longest idle first──▶ gone
//
// An input costs as much as the hops that it concerns: those that are stuck wait for their answer
// or their time and are not looked at, and who is idle stands in a list.
//
// Bounded by a share of memory_max and limits::hops_max. Hops know no proxies: where a hop stands
// among them is the owner's to say. Deliveries are known by their transactions' slots; each is in
// the list `sent` of one hop at most, so that a lost connection costs as much as it had under way.
//
// A connection that we open is in the list `unlinked` from the moment it is wanted until it is
// there (Link says when to try); as they lead to proxies only, there are few.
//
// Timers: the pace of a hop whose window is full, and its pause (a heap, as they vary; one entry a
// hop); links.
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
#include "base/shares.h"
#include "base/siphash.h"
#include "base/slot_index.h"
#include "base/slot_pool.h"
#include "base/time.h"
#include "base/timer_lane.h"
#include "delivery/delivery.h"
#include "delivery/hop.h"
#include "delivery/hop_lines.h"
#include "delivery/live_streams.h"

namespace imcd::delivery {

class Hops {
 public:
  // `users_max`: who can be in line at once.
  Hops(const DeliverySettings& settings, HashKey key, Transactions& transactions,
       const LiveStreams& live_streams, std::size_t users_max);
  void apply(const DeliverySettings& settings) { hop_window_ = settings.hop_window; }

  // With its places in the index, in the list of free slots and in the heap of times.
  static constexpr std::size_t hop_bytes = sizeof(Hop) + 48;

  Hop& operator[](std::uint32_t slot) { return hops_[slot]; }
  const Hop& operator[](std::uint32_t slot) const { return hops_[slot]; }
  [[nodiscard]] std::size_t size() const { return hops_.in_use(); }

  // Nothing: there are too many, and none is idle. Whoever asks joins a line of it, or has it
  // forgotten once another is asked for.
  std::optional<std::uint32_t> find_or_make(const Flow& flow) {
    if (last_ != no_slot && hops_[last_].flow == flow) return last_;
    return look_up(flow);
  }
  // Nothing went there lately.
  [[nodiscard]] std::optional<std::uint32_t> find(const Flow& flow) const;

  // --- Lines

  // The line of this origin at this hop, which somebody joins now.
  WaitingLine& open_line(std::uint32_t slot, std::uint32_t origin) {
    Hop& hop = hops_[slot];
    WaitingLine& line = lines_.open(hop.lines, slot, origin);
    if (hop.state == Hop::State::none) make_ready(slot);
    return line;
  }
  // The line whose turn it is, of a hop where somebody waits; then charge(), for who has left it
  // with so many bytes.
  WaitingLine& current_line(const Hop& hop) { return lines_.current(hop.lines); }
  void charge(Hop& hop, std::size_t bytes) { lines_.charge(hop.lines, bytes); }
  // Null: nobody waits there with a message of this origin.
  [[nodiscard]] const WaitingLine* find_line(std::uint32_t slot, std::uint32_t origin) const {
    return lines_.find(slot, origin);
  }
  // Hops where somebody waits, all of them looked at: where they are few, or for the end.
  [[nodiscard]] std::vector<std::uint32_t> with_lines() const;

  enum class Turn : std::uint8_t {
    done,   // Nobody is in line any more.
    stuck,  // Somebody is, but has to wait for this hop.
    over,   // The budget is spent: this hop comes last in the next turn.
  };
  // Serves the hops that are ready in turn: `serve` takes a slot and gives a Turn. More may become
  // ready meanwhile.
  template <class Serve>
  void serve_ready(MonoTime now, Serve&& serve) {
    wake_due(now);
    std::size_t served = 0;
    while (served < ready_.size() && !transactions_.full()) {
      const std::uint32_t slot = ready_[served++];
      const Turn turn = serve(slot);
      if (turn != Turn::over) {
        end_turn(slot, turn);
        continue;
      }
      ready_.push_back(slot);
      break;
    }
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(served));
  }
  // The past: hops are ready. Where it is a transaction that they lack, its end is an input.
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

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
    const std::uint32_t slot = transactions_.payload(transaction).hop;
    if (--hops_[slot].in_flight == 0) note_if_idle(slot);
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
  // Gives TimerLane the nodes of the deliveries.
  struct SentNodes {
    Transactions& transactions;
    TimerNode& timer(std::uint32_t slot) { return transactions.payload(slot).sent; }
  };
  struct Pool : SlotPool<Hop, 64> {
    using SlotPool::SlotPool;
    TimerNode& timer(std::uint32_t slot) { return (*this)[slot].idle; }
  };
  // When a stuck hop may go on. One whose hop has another time by now is passed over.
  struct Wake {
    MonoTime at;
    std::uint32_t hop;
    bool operator>(const Wake& other) const { return at > other.at; }
  };

  [[nodiscard]] std::uint64_t hash(const Flow& flow) const;
  [[nodiscard]] std::uint32_t find_slot(const Flow& flow, std::uint64_t hash_of_flow) const;
  std::optional<std::uint32_t> look_up(const Flow& flow);
  std::uint32_t make(const Flow& flow, std::uint64_t hash_of_flow);
  void forget_longest_idle();
  void note_if_idle(std::uint32_t slot);

  void make_ready(std::uint32_t slot);
  void end_turn(std::uint32_t slot, Turn turn);
  void wake(std::uint32_t slot);
  void wake_due(MonoTime now);
  void take_out(std::uint32_t transaction);
  [[nodiscard]] std::optional<MonoTime> next_chance(const Hop& hop) const;
  [[nodiscard]] std::optional<MonoTime> next_link_deadline() const;

  // Datagrams to one hop that may be neither answered nor older than its pace.
  std::uint32_t hop_window_ = 0;
  HashKey key_;
  Transactions& transactions_;
  const LiveStreams& live_streams_;
  Pool hops_;
  HopLines lines_;
  SlotIndex by_flow_{limits::hops_max};
  std::unordered_map<StreamId, std::uint32_t> by_stream_;
  std::uint32_t last_ = no_slot;  // The one asked for last: behind a proxy it is the one.
  std::vector<std::uint32_t> ready_;
  std::vector<Wake> wakes_;  // A heap, the earliest on top.
  TimerLane idle_{Duration::zero()};
  std::vector<std::uint32_t> unlinked_;
  std::uint64_t last_stream_ = 0;
};

}  // namespace imcd::delivery
