// Server transactions (RFC 3261 17.2.2), so that no request is executed twice.
//
//   request ──▶ trying ──late 100──▶ proceeding          Timers: late trying, 3.5 s (RFC 4320 4.1)
//                 │                      │                       Timer J, 64*T1 (UDP)
//                 └──── final response ──┴──▶ completed ──Timer J──▶ gone
//
// A request is known by branch, sent-by and method (RFC 3261 17.2.3), kept as their 128-bit keyed
// hash, and no text is stored. What is stored of the response is a
// Reply; the bytes are written again from the retransmitted request, and the To tag is a keyed
// hash of the same key, so they are the same bytes. A transaction costs 64 bytes and a slot in each
// of two indexes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/limits.h"
#include "base/reply.h"
#include "base/siphash.h"
#include "base/slot_index.h"
#include "base/slot_pool.h"
#include "base/time.h"
#include "base/timer_lane.h"
#include "parser/request_fields.h"

namespace imcd::tm {

enum class ServerState : std::uint8_t { trying, proceeding, completed };

// Names a transaction across turns. After the transaction is gone it names nothing.
struct ServerTransactionId {
  std::uint32_t slot = no_slot;
  std::uint32_t generation = 0;
  friend bool operator==(const ServerTransactionId&, const ServerTransactionId&) = default;
};

class ServerTransactions {
 public:
  using Id = ServerTransactionId;

  // `slots_max` must be a power of two. Beyond it, start() gives nothing.
  explicit ServerTransactions(HashKey key, std::size_t slots_max = limits::server_transactions_max);

  // Of one transaction: its record, its place in the list of free slots and in both indexes.
  static constexpr std::size_t bytes_each = 64 + 4 + 16;

  // What a request is recognized by. `method` is MESSAGE also for a CANCEL of a MESSAGE
  // (RFC 3261 9.2). Without the branch cookie of RFC 3261 the older rule holds: request-URI, tags,
  // Call-ID, CSeq and top Via (RFC 3261 17.2.3).
  [[nodiscard]] Hash128 key(const parser::MessageView& view, const parser::RequestFields& fields,
                            std::string_view method) const;

  [[nodiscard]] std::optional<Id> find(const Hash128& key) const;
  [[nodiscard]] bool contains(Id id) const;

  // What is the same in all branches of a request that was forked on its way to us: From tag,
  // Call-ID and CSeq (RFC 3261 8.2.2.2). `sender` stands for who sent it, which the RFC leaves to
  // the tag: anybody can write another's, and would take the place of her request.
  [[nodiscard]] std::uint64_t fork_hash(const parser::RequestFields& fields,
                                        std::uint64_t sender) const;
  // Whether a transaction of that fork is there: the request came by another way already.
  [[nodiscard]] bool is_merged(std::uint64_t fork_hash) const;

  // A new transaction in state trying; nothing when the table is full. The key must not be there.
  std::optional<Id> start(const Hash128& key, std::uint64_t fork_hash, MonoTime now);

  [[nodiscard]] ServerState state(Id id) const { return records_[id.slot].state; }
  // The final response; of completed transactions only.
  [[nodiscard]] Reply reply(Id id) const { return records_[id.slot].reply; }

  // The final response was given: kept for Timer J.
  void complete(Id id, Reply reply, MonoTime now);

  // A transaction whose answer is so late that a 100 is due (RFC 4320 4.1); it is proceeding now.
  std::optional<Id> pop_late(MonoTime now);
  // Ends transactions whose Timer J fired.
  void on_deadline(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  [[nodiscard]] std::size_t size() const { return records_.in_use(); }

  // The To tag of all responses to the request of this key: 16 hexadecimal digits.
  static constexpr std::size_t tag_bytes = 16;
  void write_tag(ByteBuffer& out, const Hash128& key) const;

 private:
  struct Record {
    Hash128 key;
    std::uint64_t fork_hash = 0;
    TimerNode timer;
    Reply reply;
    std::uint32_t generation = 0;
    ServerState state = ServerState::completed;
    bool in_use = false;
  };
  static_assert(sizeof(Record) <= 64, "DESIGN 5: the aim is 64 bytes for Timer J's memory");

  struct Records : SlotPool<Record> {
    using SlotPool::SlotPool;
    TimerNode& timer(std::uint32_t slot) { return (*this)[slot].timer; }
  };
  void end(std::uint32_t slot);

  HashKey key_;
  mutable Records records_;
  SlotIndex by_key_;   // By key.low.
  SlotIndex by_fork_;  // By fork_hash.
  TimerLane late_{limits::late_trying};
  TimerLane timer_j_{limits::timer_j};
};

}  // namespace imcd::tm
