// Deliveries: everything on its way from rooms to users. It owns the users' queues, the client
// transactions, the shared texts and the next hops.
//
//   enqueue ──▶ User's queue ──▶ Hop's line ──▶ pump: client transaction, datagram ──▶ answer or F
//                  ▲                                                                       │
//                  └──────────────── the next message of that user ◀────────────────────────┘
//
// A user whose next hop is a name that has yet to be looked up waits in a line for that, and then
// in its hop's.
//
// RFC 3428 8: one pending MESSAGE a target (option delivery_window), which also keeps each user's
// messages in order across all rooms. A User exists while something is pending for it, and while
// its absence is remembered.
//
// Timers: client transactions' E and F; a hop's pace and pause while users wait in its line; the
// delays of users who are away (a heap, as they vary); how long their absence is remembered; the
// questions to outbound proxies; names that have to be asked for, and the longest wait for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/figures.h"
#include "base/names.h"
#include "base/outbox.h"
#include "base/slot_pool.h"
#include "base/time.h"
#include "delivery/delivery_writer.h"
#include "delivery/hop.h"
#include "delivery/hosts.h"
#include "delivery/proxies.h"
#include "delivery/proxy_names.h"
#include "delivery/reply_sources.h"
#include "delivery/shared_message.h"
#include "delivery/user.h"
#include "identity/identity.h"
#include "tm/client_transactions.h"

namespace imcd::delivery {

struct DeliverySettings {
  // What Via says for each socket, index = SocketId: "192.0.2.1:5070".
  std::vector<std::string> via_sent_by;
  // The sockets that serve next hops of each family; nothing where we don't listen on it.
  std::optional<SocketId> ipv4_socket;
  std::optional<SocketId> ipv6_socket;
  // For TCP, those whose addresses peers see; where we don't listen, the ones of UDP.
  std::optional<SocketId> ipv4_tcp_socket;
  std::optional<SocketId> ipv6_tcp_socket;
  std::vector<NextHop> outbound_proxies;  // In the order of preference.
  bool reply_to_source = true;
  std::uint32_t delivery_window = 1;
  std::uint32_t hop_window = 64;
};

// By which the caller knows a delivery again that is watched; 0: none.
using WatchToken = std::uint32_t;
// What became of it.
struct EndedWatch {
  WatchToken token = 0;
  bool arrived = false;
};
// Who is back and missed something.
struct ReturnedUser {
  IdentityRef who;
  std::uint32_t missed = 0;
  std::string room_uri;  // Where the first of it came from.
};

class Deliveries {
 public:
  Deliveries(DeliverySettings settings, HashKey branch_key, IdentityTable& identities,
             Figures& figures);
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  // The texts; make one, fill it, enqueue it, and give back the first reference.
  SharedMessages& messages() { return messages_; }

  // Puts the message at the end of the user's queue. Nothing is written before pump().
  void enqueue(Identity& who, std::uint32_t message, MonoTime now, WatchToken watch = 0);
  // Messages that wait for this user.
  [[nodiscard]] std::size_t queued_for(const Identity& who) const {
    return who.mailbox == Identity::no_mailbox ? 0 : users_[who.mailbox].queued;
  }
  // Users wait for a window to the outbound proxy for longer than limits::hop_wait_max.
  [[nodiscard]] bool is_congested(MonoTime now) const;

  // How long a message may be that is to reach all members, with its head, in bytes.
  [[nodiscard]] std::size_t request_bytes_max(MonoTime now) const;

  // Starts what may start, up to the turn's budget of datagrams.
  void pump(Instant now, Outbox& out);

  struct Response {
    std::string_view branch;     // Of the top Via.
    bool is_to_options = false;  // By its CSeq; else to a MESSAGE.
    std::uint16_t status = 0;
    std::optional<std::uint32_t> retry_after_s;
    Address source;
  };
  void on_response(const Response& response, MonoTime now);

  void on_resolved(const NameQuestion& question, const NameAnswer& answer, MonoTime now,
                   Outbox& out);

  void on_deadline(Instant now, Outbox& out);
  // The past when pump() stopped at the turn's budget.
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  // Nobody listens there. What was sent there is sent again by its timer.
  void on_port_closed(const Flow& to) { proxies_.on_port_closed(to); }

  // Every stream, also those that users came by: they may be the way to them.
  // False: it is one that we opened and have given up since.
  [[nodiscard]] bool on_stream_open(const Flow& flow);
  void on_stream_ended(StreamId stream, MonoTime now);
  void on_stream_blocked(StreamId stream, bool is_blocked);

  // The user sent a message, so somebody is there. `source`: where it came from, if straight to us.
  void on_present(Identity& who, const Flow* source, MonoTime now);
  // The user's URI is another one from now on.
  void on_moved(const Identity& who, std::string former_uri);

  // Whether any of the two below has something to take.
  [[nodiscard]] bool has_news() const { return !ended_watches_.empty() || !returned_.empty(); }
  // Watched deliveries that ended since the last call, in order.
  std::vector<EndedWatch> take_ended_watches();
  std::vector<ReturnedUser> take_returned();

  // Everything queued, now and later, is given up (an orderly stop) and counted as dropped. What is
  // under way goes on.
  void drop_queued(MonoTime now);

  [[nodiscard]] std::size_t in_flight() const { return transactions_.size(); }
  [[nodiscard]] std::size_t queued() const { return queue_nodes_.in_use(); }
  // Users with something queued or under way.
  [[nodiscard]] std::size_t pending_users() const { return users_.in_use() - resting_; }
  // Users of whom only their absence is remembered.
  [[nodiscard]] std::size_t resting_users() const { return resting_; }

 private:
  struct QueueNode {
    std::uint32_t message = 0;
    WatchToken watch = 0;
    std::uint32_t next = no_slot;
    std::uint8_t tries = 0;
  };
  // The part of a client transaction that is ours.
  struct Delivery {
    TimerNode sent;  // While it fills its hop's window.
    std::uint32_t user = 0;
    std::uint32_t hop = 0;
    QueueNode node;
    bool in_window = false;
    bool was_repeated = false;
  };
  using Transactions = tm::ClientTransactions<Delivery>;
  // Give TimerLane the other timers of a transaction and of a user.
  struct SentTimers {
    Transactions& transactions;
    TimerNode& timer(std::uint32_t slot) { return transactions.payload(slot).sent; }
  };
  struct Users : SlotPool<User> {
    using SlotPool::SlotPool;
    TimerNode& timer(std::uint32_t slot) { return (*this)[slot].rest; }
  };

  // deliveries.cpp: queues.
  std::uint32_t user_of(Identity& who);
  void append(User& user, const QueueNode& node);
  bool put_back(User& user, const QueueNode& node);
  QueueNode take_first(User& user);
  void settle(const QueueNode& node, DeliveryResult result);
  void miss(User& user, const QueueNode& node);
  void give_up(std::uint32_t user, DeliveryResult result, MonoTime now);
  void go_on(std::uint32_t user, MonoTime now);
  void leave_if_done(std::uint32_t user, MonoTime now);
  void forget(std::uint32_t user);
  void rouse(std::uint32_t user);

  // delivery_hops.cpp: next hops and their lines.
  void line_up(std::uint32_t user, MonoTime now);
  // Where the user's messages go, or the line in which it waits for that to be known; neither: no
  // way leads there.
  struct Route {
    std::optional<Flow> flow;
    WaitingLine* line = nullptr;
  };
  [[nodiscard]] Route route(const Identity& who, MonoTime now);
  [[nodiscard]] Route route_by_name(const parser::Uri& uri, MonoTime now);
  [[nodiscard]] std::optional<Flow> flow_to(const Endpoint& endpoint) const;
  [[nodiscard]] bool has_proxies() const { return !settings_.outbound_proxies.empty(); }
  std::optional<std::uint32_t> hop_to(const Flow& flow);
  void forget_idle_hops();
  void move_to_current_proxy(MonoTime now);
  void join(WaitingLine& line, std::uint32_t slot, MonoTime now) {
    User& user = users_[slot];
    user.waiting = true;
    user.waiting_since = now;
    user.next_waiting = no_slot;
    (line.empty() ? line.first : users_[line.last].next_waiting) = slot;
    line.last = slot;
  }
  // The line must not be empty.
  std::uint32_t leave_first(WaitingLine& line) {
    const std::uint32_t slot = line.first;
    line.first = users_[slot].next_waiting;
    users_[slot].waiting = false;
    return slot;
  }
  void line_up_again(WaitingLine& line, MonoTime now);
  bool pump_hop(std::uint32_t hop, Instant now, Outbox& out);
  void start_next(std::uint32_t user, std::uint32_t hop, Instant now, Outbox& out);
  void write(tm::ClientTransactionId transaction, Outbox& out);
  void enter_window(std::uint32_t slot, MonoTime now);
  void leave_window(std::uint32_t slot);

  // delivery_links.cpp: connections to next hops.
  [[nodiscard]] bool is_live(StreamId stream) const;
  void fail_in_flight(std::uint32_t hop, MonoTime now);
  bool prepare_link(std::uint32_t hop, MonoTime now, Outbox& out);
  [[nodiscard]] std::optional<Flow> stream_beside(const Flow& flow, MonoTime now) const;
  [[nodiscard]] std::optional<Flow> stream_for_length(const User& user, const Flow& flow,
                                                      MonoTime now) const;
  void connect(std::uint32_t hop, MonoTime now, Outbox& out);
  void keep_links(MonoTime now, Outbox& out);
  [[nodiscard]] std::optional<MonoTime> next_link_deadline() const;
  // delivery_names.cpp: users that wait for names.
  void wait_in(WaitingLine& line, std::uint32_t user, MonoTime now);
  void release(WaitingLine& line, MonoTime now);
  void use_proxy_addresses(MonoTime now);
  void keep_names(MonoTime now, Outbox& out);
  void end_waiting_for_names(MonoTime now);

  // delivery_answers.cpp: what ends a delivery.
  void on_final(tm::ClientTransactionId transaction, const Response& response, MonoTime now);
  void on_timeout(tm::ClientTransactionId transaction, MonoTime now);
  Delivery end(tm::ClientTransactionId transaction);
  bool try_again(const Delivery& delivery, const Response& response, MonoTime now);
  void on_answered(std::uint32_t user, MonoTime now);
  void on_away(std::uint32_t user, bool was_present);
  void wake_away_users(MonoTime now);
  void retransmit(tm::ClientTransactionId transaction, MonoTime now, Outbox& out);

  DeliverySettings settings_;
  IdentityTable& identities_;
  Figures& figures_;
  SharedMessages messages_;
  mutable Transactions transactions_;
  mutable Users users_;
  SlotPool<QueueNode, 4096> queue_nodes_;
  SlotPool<Hop, 64> hops_;
  ReplySources sources_;
  Hosts hosts_;
  ProxyNames proxy_names_;
  Proxies proxies_;
  std::optional<Flow> last_proxy_;
  WaitingLine proxy_line_;  // While no proxy's address is known.
  std::size_t waiting_for_names_ = 0;

  struct FlowHash {
    std::size_t operator()(const Flow& flow) const;
    HashKey key;
  };
  std::unordered_map<Flow, std::uint32_t, FlowHash> hop_by_flow_;
  std::uint32_t last_hop_ = no_slot;  // The one asked for last: behind a proxy it is the one.
  // Streams by which users came to us, and whether they are blocked.
  std::unordered_map<StreamId, bool> live_streams_;
  std::unordered_map<StreamId, std::uint32_t> hop_by_stream_;
  std::vector<std::uint32_t> unlinked_hops_;  // Over TCP, needed, and without a connection.
  std::uint64_t last_stream_ = 0;
  std::vector<std::uint32_t> active_hops_;  // With users waiting; served in turn.

  // Delays of users who are away: a heap, the earliest on top. An entry whose user has moved on
  // since is passed over.
  struct AwayUntil {
    MonoTime at;
    std::uint32_t user;
    std::uint32_t generation;
    bool operator>(const AwayUntil& other) const { return at > other.at; }
  };
  std::vector<AwayUntil> away_;
  TimerLane remembered_{limits::away_remembered};
  std::size_t resting_ = 0;

  bool out_of_budget_ = false;
  bool draining_ = false;
  std::vector<EndedWatch> ended_watches_;
  std::vector<ReturnedUser> returned_;
};

}  // namespace imcd::delivery
