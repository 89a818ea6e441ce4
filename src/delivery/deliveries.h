// Deliveries: everything on its way to users. It owns the client transactions and ties together the
// shared texts, the users' mailboxes, the routes and the next hops, none of which knows the others:
//
//   enqueue ──▶ Mailboxes ──▶ Routes: where? ──▶ Hops: line ──▶ pump: transaction, datagram
//                 ▲  ▲           └ a line until a name is known        │
//                 │  └── the next message of that user ◀── started ────┤
//                 └───── and here: ended ◀── answer, Timer F, connection lost
//
// RFC 3428 8: one pending MESSAGE a target (option delivery_window), which also keeps each user's
// messages in order across all rooms.
//
// Shares (DESIGN 5): takes() says before anything is queued whether a text finds a place for each
// member, and a room that holds more than is fair finds none (Origins). Behind that nothing is
// dropped for want of shared space. Rooms take turns at each hop (HopLines), and whether a room is
// congested is judged by its own line.
//
// RFC 3261 17.1.4 and 8.1.3.1: a connection that is lost fails the requests on it as a 503 would.
// Nobody knows how many of them the peer has read, so they are not sent again, neither here nor
// elsewhere: each member hears a message at most once. What was not yet written waits in the users'
// queues, in its order, for the next connection.
//
// It knows no rooms: a watched delivery is a token to it.
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
#include "base/names.h"
#include "base/outbox.h"
#include "base/settings.h"
#include "base/time.h"
#include "delivery/admission.h"
#include "delivery/delivery.h"
#include "delivery/failure_log.h"
#include "delivery/hops.h"
#include "delivery/live_streams.h"
#include "delivery/mailboxes.h"
#include "delivery/own_sockets.h"
#include "delivery/request_size.h"
#include "delivery/routes.h"
#include "delivery/shared_message.h"
#include "identity/identity.h"

namespace imcd::delivery {

class Deliveries {
 public:
  Deliveries(const DeliverySettings& settings, OwnSockets sockets, HashKey branch_key,
             IdentityTable& identities, Figures& figures);

  // The outbound proxies stay those of the start.
  void apply(const DeliverySettings& settings) {
    mailboxes_.apply(settings);
    routes_.apply(settings);
    hops_.apply(settings);
  }

  // The texts; make one, fill it, enqueue it, and give back the first reference.
  SharedMessages& messages() { return messages_; }

  // Whether a message of this origin finds a place for each of so many users. The caller asks
  // before it makes the message.
  [[nodiscard]] bool takes(SharedMessage::Kind kind, OriginToken origin, std::size_t users) const {
    return admission_.takes(kind, origin, users);
  }
  // Puts the message at the end of the user's queue. Nothing is written before pump().
  void enqueue(Identity& who, std::uint32_t message, MonoTime now, WatchToken watch = 0) {
    const auto box = mailboxes_.enqueue(who, message, watch);
    if (!box) return;
    if (mailboxes_[*box].waiting) routes_.hasten(who, messages_[message].speaker);
    line_up(*box, now);
  }
  // A watched message is given up before it is one.
  void fail(WatchToken watch) { mailboxes_.fail(watch); }
  // How many notices may still wait for this user.
  [[nodiscard]] std::uint32_t notice_places(const Identity& who) const {
    return mailboxes_.notice_places(who);
  }
  // Messages that wait for this user.
  [[nodiscard]] std::size_t queued_for(const Identity& who) const {
    return mailboxes_.queued_for(who);
  }
  // Users wait for a window to the outbound proxy for longer than limits::hop_wait_max, with a
  // message of this origin.
  [[nodiscard]] bool is_congested(OriginToken origin, MonoTime now) const {
    return admission_.is_congested(origin, now);
  }
  // How long a message may be that is to reach all members, with its head, in bytes.
  [[nodiscard]] std::size_t request_bytes_max(MonoTime now) const { return sizes_.bytes_max(now); }

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
  void on_port_closed(const Flow& to) { routes_.on_port_closed(to); }

  // Every stream, also those that users came by: they may be the way to them.
  // False: it is one that we opened and have given up since.
  [[nodiscard]] bool on_stream_open(const Flow& flow);
  void on_stream_ended(StreamId stream, MonoTime now);
  void on_stream_blocked(StreamId stream, bool is_blocked);

  // The user sent a message, so somebody is there. `source`: where it came from, if straight to us.
  void on_present(Identity& who, const Flow* source, MonoTime now);
  // The user's URI is another one from now on.
  void on_moved(const Identity& who, std::string former_uri) {
    mailboxes_.on_moved(who, std::move(former_uri));
  }

  // Whether any of the two below has something to take.
  [[nodiscard]] bool has_news() const { return mailboxes_.has_news(); }
  // Watched deliveries that ended since the last call, in order.
  std::vector<EndedWatch> take_ended_watches() { return mailboxes_.take_ended_watches(); }
  std::vector<ReturnedUser> take_returned() { return mailboxes_.take_returned(); }

  // Everything queued, now and later, is given up (an orderly stop) and counted as dropped. What is
  // under way goes on.
  void drop_queued(MonoTime now);

  [[nodiscard]] std::size_t in_flight() const { return transactions_.size(); }
  [[nodiscard]] std::size_t queued() const { return mailboxes_.queued(); }
  // Users with something queued or under way.
  [[nodiscard]] std::size_t pending_users() const { return mailboxes_.pending(); }
  // Users of whom only their absence is remembered.
  [[nodiscard]] std::size_t resting_users() const { return mailboxes_.resting(); }

 private:
  // Lines.
  void line_up(std::uint32_t box, MonoTime now);
  void go_on(std::uint32_t box, MonoTime now);
  void line_up_again(WaitingLine& line, MonoTime now);
  void line_up_again(Hop& hop, MonoTime now);
  void line_up_dismissed(MonoTime now);
  void follow_proxy(MonoTime now);

  // Starts.
  Hops::Turn serve(std::uint32_t hop, Instant now, Outbox& out);
  void start_next(std::uint32_t hop, Instant now, Outbox& out);
  void start(const Delivery& delivery, MonoTime now, Outbox& out);
  void write(tm::ClientTransactionId transaction, Outbox& out);

  // Ends.
  void on_final(tm::ClientTransactionId transaction, const Response& response, MonoTime now);
  void on_timeout(tm::ClientTransactionId transaction, MonoTime now);
  void fail_lost(std::uint32_t hop, MonoTime now);
  Delivery end(tm::ClientTransactionId transaction);
  bool try_again(const Delivery& delivery, const Response& response, MonoTime now);
  void pause_if_refused(const Delivery& delivery, Duration pause, MonoTime now);
  void note_answer(Delivery& delivery, MonoTime now);
  void note_failure(DeliveryResult result, std::uint16_t code, std::uint32_t hop, MonoTime now);
  void give_up_unroutable(std::uint32_t box, MonoTime now);
  void retransmit(tm::ClientTransactionId transaction, MonoTime now, Outbox& out);
  void keep_links(MonoTime now, Outbox& out);

  Figures& figures_;
  SharedMessages messages_;
  Transactions transactions_;
  LiveStreams live_streams_;
  Mailboxes mailboxes_;
  Routes routes_;
  Hops hops_;
  RequestSize sizes_;
  Admission admission_;
  FailureLog failures_;
  std::optional<Flow> last_proxy_;
  bool draining_ = false;
};

}  // namespace imcd::delivery
