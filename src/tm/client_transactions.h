// Client transactions of requests (RFC 3261 17.1.2).
//
//   start ──▶ trying ──1xx──▶ proceeding         Timers, all in one chain of FIFO lanes:
//               │                 │                E: 0.5, 1, 2, then every 4 s, a retransmission;
//               └── final / F ────┴──▶ gone        proceeding: every 4 s
//                                                     (none over TCP)
//                                                  F: 32 s after the start, the end
//                                                  K: none, as a slot that is free knows no answer
//
// The transaction knows nothing of the request's text: the caller writes it when it starts one and
// when next_due() asks for a retransmission. The branch carries slot, generation and a keyed
// checksum, so a response finds its transaction by array index, and a forged or stale one finds
// nothing. `Payload` is the caller's part of the record.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/figures.h"
#include "base/limits.h"
#include "base/siphash.h"
#include "base/slot_pool.h"
#include "base/time.h"
#include "base/timer_lane.h"
#include "tm/branch_codec.h"

namespace imcd::tm {

enum class ClientState : std::uint8_t { free, trying, proceeding };

// RFC 3261 17.1.2.2: Timer E doubles up to T2. The last lane repeats.
constexpr std::array timer_e = {limits::timer_t1, 2 * limits::timer_t1, 4 * limits::timer_t1,
                                limits::timer_t2};
static_assert(timer_e.back() == 8 * limits::timer_t1);

template <class Payload>
class ClientTransactions {
 public:
  using Id = ClientTransactionId;

  explicit ClientTransactions(HashKey key, std::size_t slots_max = limits::client_transactions_max)
      : codec_(key), records_(slots_max) {
    CHECK(slots_max <= BranchCodec::slots_max);
  }

  // Of one transaction.
  static constexpr std::size_t record_bytes() { return sizeof(Record); }

  [[nodiscard]] bool full() const { return records_.full(); }
  [[nodiscard]] std::size_t size() const { return records_.in_use(); }
  [[nodiscard]] const BranchCodec& codec() const { return codec_; }

  // The caller then sends the request. The table must not be full.
  Id start(const Payload& payload, MonoTime now, Transport transport = Transport::udp) {
    const std::uint32_t slot = records_.take();
    Record& record = records_[slot];
    record.payload = payload;
    record.state = ClientState::trying;
    record.token = codec_.token({slot, record.generation});
    record.timeout = now + limits::timer_f;
    record.lane = transport == Transport::udp ? 0 : timer_f_lane;
    lanes_[record.lane].arm(records_, slot, now);
    return {slot, record.generation};
  }

  Payload& payload(Id id) { return records_[id.slot].payload; }
  Payload& payload(std::uint32_t slot) { return records_[slot].payload; }
  [[nodiscard]] const BranchCodec::Token& token(Id id) const { return records_[id.slot].token; }
  [[nodiscard]] bool contains(Id id) const {
    if (!records_.contains(id.slot)) return false;
    const Record& record = records_[id.slot];
    return record.generation == id.generation && record.state != ClientState::free;
  }
  [[nodiscard]] Id id(std::uint32_t slot) const { return {slot, records_[slot].generation}; }

  // The transaction of a response with this top Via branch; nothing when it is not ours, or over.
  [[nodiscard]] std::optional<Id> find(std::string_view branch) const {
    const auto text = BranchCodec::find_token(branch);
    if (!text) return std::nullopt;
    const std::uint32_t slot = BranchCodec::read_slot(*text);
    if (!records_.contains(slot)) return std::nullopt;
    const Record& record = records_[slot];
    if (record.state == ClientState::free) return std::nullopt;
    if (!BranchCodec::is_token(*text, record.token)) return std::nullopt;
    return Id{slot, record.generation};
  }

  // RFC 3261 17.1.2.2: from now on retransmissions go every T2.
  void on_provisional(Id id) { records_[id.slot].state = ClientState::proceeding; }

  // A final response came, or the caller gives up. The payload must be out of use.
  void end(Id id) {
    CHECK(contains(id));
    Record& record = records_[id.slot];
    lanes_[record.lane].cancel(records_, id.slot);
    release(id.slot);
  }

  struct Due {
    Id id;
    bool timed_out = false;  // Timer F; else Timer E, a retransmission. The caller calls end().
  };
  // One timer that needs the caller; called until it gives nothing.
  std::optional<Due> next_due(MonoTime now) {
    for (std::uint8_t lane = 0; lane < lanes_.size(); ++lane) {
      while (const auto slot = lanes_[lane].pop_due(records_, now)) {
        if (const auto due = on_timer(*slot, now)) return due;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<MonoTime> next_deadline() const {
    std::optional<MonoTime> first;
    for (const TimerLane& lane : lanes_) first = earlier(first, lane.next_deadline(records_));
    return first;
  }

 private:
  struct Record {
    TimerNode timer;
    MonoTime timeout{};  // Timer F.
    std::uint32_t generation = 0;
    std::uint8_t lane = 0;
    bool silent = false;  // The step under way ends without a retransmission.
    ClientState state = ClientState::free;
    BranchCodec::Token token{};  // Kept, as it takes a hash to make it.
    Payload payload{};
  };
  struct Records : SlotPool<Record> {
    using SlotPool<Record>::SlotPool;
    TimerNode& timer(std::uint32_t slot) { return (*this)[slot].timer; }
  };

  // The slot is out of its lane; afterwards it is in the next one, also when it timed out.
  std::optional<Due> on_timer(std::uint32_t slot, MonoTime now) {
    Record& record = records_[slot];
    if (record.lane == timer_f_lane) {
      lanes_[timer_f_lane].arm(records_, slot, now);
      return Due{{slot, record.generation}, true};
    }
    const bool timed_out = now >= record.timeout;
    const bool silent = record.silent;
    std::uint8_t lane = record.silent ? record.lane : next_lane(record);
    // What is left until Timer F may be shorter than the next step: it is waited for in smaller
    // steps without a retransmission, so that all timers stay in lanes.
    record.silent = now + timer_e[lane] > record.timeout;
    while (lane > 0 && now + timer_e[lane] > record.timeout) --lane;
    record.lane = lane;
    lanes_[lane].arm(records_, slot, now);
    if (timed_out) return Due{{slot, record.generation}, true};
    if (silent) return std::nullopt;
    return Due{{slot, record.generation}, false};
  }

  static std::uint8_t next_lane(const Record& record) {
    constexpr std::uint8_t last = timer_e.size() - 1;
    if (record.state == ClientState::proceeding || record.lane == last) return last;
    return static_cast<std::uint8_t>(record.lane + 1);
  }

  void release(std::uint32_t slot) {
    Record& record = records_[slot];
    record.state = ClientState::free;
    record.silent = false;
    ++record.generation;
    records_.give_back(slot);
  }

  BranchCodec codec_;
  mutable Records records_;
  // RFC 3261 17.1.2.2: over a reliable transport there is no Timer E.
  static constexpr std::uint8_t timer_f_lane = timer_e.size();
  std::array<TimerLane, timer_e.size() + 1> lanes_ = {TimerLane(timer_e[0]), TimerLane(timer_e[1]),
                                                      TimerLane(timer_e[2]), TimerLane(timer_e[3]),
                                                      TimerLane(limits::timer_f)};
};

}  // namespace imcd::tm
