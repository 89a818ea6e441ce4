// Deliveries: everything on its way from rooms to users. It owns the users' queues, the client
// transactions, the shared texts and the next hops.
//
//   enqueue ──▶ User's queue ──▶ Hop's line ──▶ pump: client transaction, datagram ──▶ answer or F
//                  ▲                                                                       │
//                  └──────────────── the next message of that user ◀────────────────────────┘
//
// RFC 3428 8: one pending MESSAGE a target (option delivery_window), which also keeps each user's
// messages in order across all rooms. A User exists while something is pending for it.
//
// Timers: client transactions' E and F; a hop's pace while users wait for its window.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/figures.h"
#include "base/outbox.h"
#include "base/time.h"
#include "imc/delivery_writer.h"
#include "imc/hop.h"
#include "imc/identity.h"
#include "imc/reply_sources.h"
#include "imc/shared_message.h"
#include "tm/client_transactions.h"
#include "tm/slot_pool.h"

namespace imcd::imc {

struct DeliverySettings {
  // What Via says for each socket, index = SocketId: "192.0.2.1:5070".
  std::vector<std::string> via_sent_by;
  // The sockets that serve next hops of each family; nothing where we don't listen on it.
  std::optional<SocketId> ipv4_socket;
  std::optional<SocketId> ipv6_socket;
  std::vector<Address> outbound_proxies;
  bool reply_to_source = true;
  std::uint32_t delivery_window = 1;
  std::uint32_t hop_window = 64;
};

// An invitation whose delivery is watched; 0: none.
using InvitationId = std::uint32_t;

class Deliveries {
 public:
  Deliveries(DeliverySettings settings, HashKey branch_key, IdentityTable& identities,
             Figures& figures);
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  enum class Kind : std::uint8_t { chat, notice };

  // The texts; make one, fill it, enqueue it, and give back the first reference.
  SharedMessages& messages() { return messages_; }

  // Puts the message at the end of the user's queue. Nothing is written before pump().
  void enqueue(Identity& who, std::uint32_t message, Kind kind, InvitationId invitation = 0);

  // Starts what may start, up to the turn's budget of datagrams.
  void pump(Instant now, Outbox& out);

  // A response whose top Via branch is `branch`, from `source`.
  void on_response(std::string_view branch, std::uint16_t status, const Address& source);

  void on_deadline(Instant now, Outbox& out);
  // The past when pump() stopped at the turn's budget.
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  // The source of a request from a user who came straight to us (option reply_to_source).
  void note_source(Identity& who, const Flow& source);

  // Invitations whose delivery ended without success since the last call, in order.
  std::vector<InvitationId> take_failed_invitations();
  // Invitations that arrived; the watcher may forget them.
  std::vector<InvitationId> take_delivered_invitations();

  // Everything queued, now and later, is given up (an orderly stop) and counted as dropped. What is
  // under way goes on.
  void drop_queued();

  [[nodiscard]] std::size_t in_flight() const { return transactions_.size(); }
  [[nodiscard]] std::size_t queued() const { return queue_nodes_.in_use(); }
  [[nodiscard]] std::size_t pending_users() const { return users_.in_use(); }

 private:
  struct QueueNode {
    std::uint32_t message = 0;
    InvitationId invitation = 0;
    std::uint32_t next = tm::no_slot;
  };
  struct User {
    IdentityRef who;
    std::uint32_t first = tm::no_slot;  // QueueNodes.
    std::uint32_t last = tm::no_slot;
    std::uint32_t queued = 0;
    std::uint32_t in_flight = 0;
    std::uint32_t next_waiting = tm::no_slot;
    bool waiting = false;  // In a hop's line.
  };
  // The part of a client transaction that is ours.
  struct Delivery {
    tm::TimerNode young;  // While it fills its hop's window.
    std::uint32_t message = 0;
    std::uint32_t user = 0;
    std::uint32_t hop = 0;
    InvitationId invitation = 0;
    bool in_window = false;
  };
  using Transactions = tm::ClientTransactions<Delivery>;
  // Gives TimerLane the second timer of a transaction.
  struct YoungTimers {
    Transactions& transactions;
    tm::TimerNode& timer(std::uint32_t slot) { return transactions.payload(slot).young; }
  };

  std::uint32_t user_of(Identity& who);
  void line_up(std::uint32_t user);
  [[nodiscard]] std::optional<Flow> route(const Identity& who) const;
  [[nodiscard]] std::optional<Flow> flow_to(const Address& address) const;
  std::optional<std::uint32_t> hop_to(const Flow& flow);
  void forget_idle_hops();
  bool pump_hop(std::uint32_t hop, Instant now, Outbox& out);
  void start_next(std::uint32_t user, std::uint32_t hop, Instant now, Outbox& out);
  void write(tm::ClientTransactionId transaction, Outbox& out);
  void leave_window(std::uint32_t slot);
  void finish(tm::ClientTransactionId transaction, DeliveryResult result);
  QueueNode take_first(User& user);
  void settle(const QueueNode& node, DeliveryResult result);
  void give_up(std::uint32_t user, DeliveryResult result);
  void leave_if_done(std::uint32_t user);

  DeliverySettings settings_;
  IdentityTable& identities_;
  Figures& figures_;
  SharedMessages messages_;
  mutable Transactions transactions_;
  tm::SlotPool<User> users_;
  tm::SlotPool<QueueNode, 4096> queue_nodes_;
  tm::SlotPool<Hop, 64> hops_;
  ReplySources sources_;

  struct FlowHash {
    std::size_t operator()(const Flow& flow) const;
    HashKey key;
  };
  std::unordered_map<Flow, std::uint32_t, FlowHash> hop_by_flow_;
  std::vector<std::uint32_t> active_hops_;  // With users waiting; served in turn.
  bool out_of_budget_ = false;
  bool draining_ = false;
  std::vector<InvitationId> failed_invitations_;
  std::vector<InvitationId> delivered_invitations_;
};

}  // namespace imcd::imc
