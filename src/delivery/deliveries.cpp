#include "delivery/deliveries.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "delivery/delivery_writer.h"

namespace imcd::delivery {
namespace {

std::uint32_t whole_seconds(MonoTime at) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
}

// Nobody is there, as opposed to busy or unwilling: 404, 410, 480.
bool says_unavailable(std::uint16_t status) {
  return status == 404 || status == 410 || status == 480;
}

bool is_spent(const Outbox& out) {
  return out.datagrams().size() >= limits::datagrams_per_turn_max ||
         out.written_bytes() >= limits::bytes_per_turn_max;
}

}  // namespace

Deliveries::Deliveries(const DeliverySettings& settings, OwnSockets sockets, HashKey branch_key,
                       IdentityTable& identities, Figures& figures)
    : figures_(figures),
      transactions_(branch_key),
      mailboxes_(settings, identities, messages_, figures),
      routes_(settings, std::move(sockets), branch_key, identities, live_streams_, figures),
      hops_(settings, branch_key, transactions_, live_streams_) {}

// --- Lines

// A user that may send waits in the line of its hop; one without a way has its queue given up.
void Deliveries::line_up(std::uint32_t slot, MonoTime now) {
  const Mailbox& box = mailboxes_[slot];
  if (draining_) return mailboxes_.end_queue(slot, DeliveryResult::dropped, now);
  if (!mailboxes_.may_send(box)) return;
  const Route route = routes_.find(*box.who, now, mailboxes_.first(box).speaker);
  if (route.line != nullptr) return mailboxes_.join(*route.line, slot, now);
  if (!route.flow) return mailboxes_.end_queue(slot, DeliveryResult::unroutable, now);
  const auto stream = stream_for_length(box, *route.flow, now);
  const auto hop = hops_.find_or_make(stream ? *stream : *route.flow);
  if (!hop) return mailboxes_.end_queue(slot, DeliveryResult::unroutable, now);
  mailboxes_.join(hops_[*hop].line, slot, now);
  hops_.activate(*hop);
}

// What the user waited for is over: it lines up for its next message, or leaves.
void Deliveries::go_on(std::uint32_t slot, MonoTime now) {
  if (mailboxes_[slot].queued > 0) line_up(slot, now);
  mailboxes_.close_if_done(slot, now);
}

// Whoever waits here goes to where his messages go now.
void Deliveries::line_up_again(WaitingLine& line, MonoTime now) {
  WaitingLine waiting = std::exchange(line, WaitingLine{});
  while (!waiting.empty()) go_on(mailboxes_.leave_first(waiting), now);
}

void Deliveries::line_up_dismissed(MonoTime now) {
  for (WaitingLine& line : routes_.take_dismissed()) line_up_again(line, now);
}

// Users who wait for a proxy that went out of service wait for the next one. Where there are
// proxies, all hops lead to one of them, so there are few.
void Deliveries::follow_proxy(MonoTime now) {
  const Flow* const proxy = routes_.proxy(now);
  if (proxy == nullptr || last_proxy_ == *proxy) return;
  last_proxy_ = *proxy;
  const std::vector<std::uint32_t> active = hops_.active();
  for (const std::uint32_t slot : active) {
    if (hops_[slot].flow != *last_proxy_) line_up_again(hops_[slot].line, now);
  }
}

void Deliveries::drop_queued(MonoTime now) {
  draining_ = true;
  routes_.dismiss_all(now);
  line_up_dismissed(now);
  for (const std::uint32_t hop : hops_.active()) line_up_again(hops_[hop].line, now);
}

bool Deliveries::is_congested(MonoTime now) const {
  if (!routes_.has_proxies()) return false;
  const WaitingLine* line = &routes_.proxy_line();
  if (line->empty() && !hops_.active().empty()) line = &hops_[hops_.active().front()].line;
  return !line->empty() && now - mailboxes_.waiting_since(*line) > limits::hop_wait_max;
}

// --- Starts

void Deliveries::pump(Instant now, Outbox& out) {
  follow_proxy(now.mono);
  hops_.serve_active([&](std::uint32_t hop) { return serve(hop, now, out); });
  routes_.ask(out);
  figures_.client_transactions.set(static_cast<std::int64_t>(in_flight()));
  figures_.delivery_queue_messages.set(static_cast<std::int64_t>(queued()));
}

Hops::Turn Deliveries::serve(std::uint32_t slot, Instant now, Outbox& out) {
  Hop& hop = hops_[slot];
  const Hops::Turn as_it_is = hop.line.empty() ? Hops::Turn::done : Hops::Turn::stuck;
  if (hop.paused_until && *hop.paused_until > now.mono) return as_it_is;
  hop.paused_until.reset();
  if (hop.is_tcp() && !hops_.prepare_link(slot, now.mono, out)) return as_it_is;
  while (!hop.line.empty()) {
    if (!hops_.has_room(hop, now.mono) || transactions_.full()) return Hops::Turn::stuck;
    if (is_spent(out)) return Hops::Turn::over;
    start_next(mailboxes_.leave_first(hop.line), slot, now, out);
  }
  return Hops::Turn::done;
}

void Deliveries::start_next(std::uint32_t slot, std::uint32_t hop, Instant now, Outbox& out) {
  Mailbox& box = mailboxes_[slot];
  // Another message has come to the head of the queue meanwhile.
  if (stream_for_length(box, hops_[hop].flow, now.mono)) return line_up(slot, now.mono);
  const QueuedMessage message = mailboxes_.take_first(box);
  const auto& expires = messages_[message.message].expires;
  if (expires && *expires <= now.wall) {  // RFC 3428 5
    mailboxes_.end_message(message, DeliveryResult::dropped);
  } else {
    start({.sent = {}, .box = slot, .hop = hop, .message = message}, now.mono, out);
  }
  go_on(slot, now.mono);
}

void Deliveries::start(const Delivery& delivery, MonoTime now, Outbox& out) {
  const Transport transport = hops_[delivery.hop].flow.transport;
  const auto id = transactions_.start(delivery, now, transport);
  Mailboxes::on_sent(mailboxes_[delivery.box]);
  hops_.on_sent(id.slot, now);
  at(figures_.requests_sent, transport).add();
  write(id, out);
}

void Deliveries::write(tm::ClientTransactionId id, Outbox& out) {
  const Delivery& delivery = transactions_.payload(id);
  const Hop& hop = hops_[delivery.hop];
  Flow flow = hop.flow;
  flow.stream = hop.link.stream();
  ByteBuffer& bytes = out.begin_datagram();
  write_delivery_head(bytes, Mailboxes::uri(mailboxes_[delivery.box]),
                      {flow.transport, routes_.via_sent_by(flow.socket)}, transactions_.token(id),
                      routes_.has_proxies() && !hop.is_tcp());
  bytes.append(messages_[delivery.message.message].text.view());
  out.end_datagram(flow);
}

// The way to the same proxy over TCP, unless it is known not to be there.
std::optional<Flow> Deliveries::stream_beside(const Flow& flow, MonoTime now) const {
  const auto stream = routes_.stream_beside(flow);
  if (!stream) return std::nullopt;
  const Hop* const hop = hops_.find(*stream);
  return hop != nullptr && hop->link.is_refused(now) ? std::nullopt : stream;
}

// RFC 3261 18.1.1: a long request goes over TCP, and over UDP after all where that is refused. The
// MTU of the path makes no difference: 64 long datagrams at once fill the receive buffer of any
// proxy.
std::optional<Flow> Deliveries::stream_for_length(const Mailbox& box, const Flow& flow,
                                                  MonoTime now) const {
  const std::size_t bytes = mailboxes_.first(box).text.size() + limits::delivery_head_bytes;
  return bytes > limits::udp_request_bytes_max ? stream_beside(flow, now) : std::nullopt;
}

// RFC 3261 18.1.1. Without a proxy the next hops differ, and UDP with its least length is what all
// have.
std::size_t Deliveries::request_bytes_max(MonoTime now) const {
  const Flow* const proxy = routes_.proxy(now);
  if (proxy == nullptr) return limits::udp_request_bytes_max;
  if (proxy->transport == Transport::tcp) {
    return limits::stream_head_bytes_max + limits::stream_body_bytes_max;
  }
  // No longer than a datagram, as that is what it becomes should the proxy not listen on TCP.
  if (stream_beside(*proxy, now)) return limits::datagram_bytes_max;
  return proxy->peer.is_loopback() ? limits::loopback_request_bytes_max
                                   : limits::udp_request_bytes_max;
}

// --- Ends

void Deliveries::on_response(const Response& response, MonoTime now) {
  // RFC 3261 17.1.3: the CSeq method must match too.
  if (response.is_to_options) {
    if (!routes_.on_options_answer(response.branch)) figures_.responses_stray.add();
    return;
  }
  const auto own = transactions_.find(response.branch);
  if (!own) return figures_.responses_stray.add();
  Hop& hop = hops_[transactions_.payload(*own).hop];
  if (hop.flow.peer != response.source) figures_.responses_moved.add();
  hop.link.on_answer();
  if (response.status < 200) {
    hops_.on_provisional(own->slot);
    transactions_.on_provisional(*own);
  } else {
    on_final(*own, response, now);
  }
}

void Deliveries::on_final(tm::ClientTransactionId id, const Response& response, MonoTime now) {
  const Delivery delivery = end(id);
  const std::uint32_t slot = delivery.box;
  if (response.status == 503 && try_again(delivery, response, now)) {
    figures_.deliveries_retried.add();
  } else if (response.status < 300) {
    mailboxes_.end_message(delivery.message, DeliveryResult::accepted);
    mailboxes_[slot].who->answered_s = whole_seconds(now);
    mailboxes_.on_present(slot);
  } else {
    mailboxes_.end_message(delivery.message, DeliveryResult::refused);
    if (says_unavailable(response.status)) {
      std::optional<Duration> retry_after;
      if (response.retry_after_s) retry_after = std::chrono::seconds(*response.retry_after_s);
      mailboxes_.on_unavailable(slot, retry_after, now);
    }
  }
  go_on(slot, now);
}

void Deliveries::on_timeout(tm::ClientTransactionId id, MonoTime now) {
  figures_.timeouts.add();
  const Delivery delivery = end(id);
  mailboxes_.end_message(delivery.message, DeliveryResult::timed_out);
  mailboxes_.on_timeout(delivery.box, now);
  go_on(delivery.box, now);
}

void Deliveries::fail_lost(std::uint32_t hop, MonoTime now) {
  while (const auto slot = hops_.pop_lost(hop)) {
    const Delivery delivery = end(transactions_.id(*slot));
    mailboxes_.end_message(delivery.message, DeliveryResult::lost);
    go_on(delivery.box, now);
  }
}

// The transaction is over; what becomes of its message is the caller's to say.
Delivery Deliveries::end(tm::ClientTransactionId id) {
  hops_.on_ended(id.slot);
  const Delivery delivery = transactions_.payload(id);
  transactions_.end(id);
  Mailboxes::on_ended(mailboxes_[delivery.box]);
  return delivery;
}

// RFC 3261 21.5.4: a 503 was not executed, so the message may be sent again: elsewhere where there
// is another proxy, here after the Retry-After. Without either it is a refusal like any other.
bool Deliveries::try_again(const Delivery& delivery, const Response& response, MonoTime now) {
  if (!routes_.has_several_proxies() && !response.retry_after_s) return false;
  const Duration pause = std::min<Duration>(
      std::chrono::seconds(response.retry_after_s.value_or(1)), limits::hop_pause_longest);
  Hop& hop = hops_[delivery.hop];
  hop.paused_until = now + pause;
  routes_.spare_proxy(hop.flow, now + pause);
  QueuedMessage message = delivery.message;
  if (draining_ || ++message.tries >= limits::delivery_tries_max) return false;
  return mailboxes_.put_back(mailboxes_[delivery.box], message);
}

void Deliveries::retransmit(tm::ClientTransactionId id, MonoTime now, Outbox& out) {
  Delivery& delivery = transactions_.payload(id);
  const std::uint32_t answered = mailboxes_[delivery.box].who->answered_s;
  if (!delivery.was_repeated && answered != 0 &&
      whole_seconds(now) - answered <= limits::user_lively_s) {
    hops_[delivery.hop].pace.on_lost(now);
  }
  delivery.was_repeated = true;
  figures_.retransmissions_sent.add();
  write(id, out);
}

// --- Inputs

void Deliveries::on_present(Identity& who, const Flow* source, MonoTime now) {
  if (source != nullptr) routes_.on_source(who, *source);
  if (who.mailbox == Identity::no_mailbox) return;
  const std::uint32_t slot = who.mailbox;
  mailboxes_.on_present(slot);
  go_on(slot, now);
}

void Deliveries::on_resolved(const NameQuestion& question, const NameAnswer& answer, MonoTime now,
                             Outbox& out) {
  routes_.on_resolved(question, answer, now, out);
  line_up_dismissed(now);
}

bool Deliveries::on_stream_open(const Flow& flow) {
  if (!is_opened_by_us(flow.stream)) {
    live_streams_.on_open(flow.stream);
    return true;
  }
  const auto hop = hops_.on_stream_open(flow.stream);
  if (hop) routes_.on_link(hops_[*hop].flow, flow.stream);
  return hop.has_value();
}

void Deliveries::on_stream_ended(StreamId stream, MonoTime now) {
  live_streams_.on_ended(stream);
  const auto ended = hops_.on_stream_ended(stream, now);
  if (!ended) return;
  Hop& hop = hops_[ended->hop];
  routes_.on_link(hop.flow, 0);
  if (ended->was_open) fail_lost(ended->hop, now);
  const bool comes_back = is_opened_by_us(stream) && ended->was_open;
  // A user's own connection does not come back; one beside a proxy over UDP was refused.
  if (!comes_back && !routes_.is_proxy(hop.flow)) line_up_again(hop.line, now);
}

void Deliveries::on_stream_blocked(StreamId stream, bool is_blocked) {
  live_streams_.on_blocked(stream, is_blocked);
  hops_.on_stream_blocked(stream, is_blocked);
}

// The connection to a proxy is made again when it was lost, so that it is there when it is needed
// and its return is noticed; others only for somebody who waits.
void Deliveries::keep_links(MonoTime now, Outbox& out) {
  while (const auto slot = hops_.next_due_link(now)) {
    const Hop& hop = hops_[*slot];
    if (hop.link.state() == Link::State::connecting) {
      const StreamId stream = hop.link.stream();
      out.abort_stream(stream);
      on_stream_ended(stream, now);
    } else if (!draining_ && (routes_.is_proxy(hop.flow) || !hop.line.empty())) {
      hops_.connect(*slot, now, out);
    } else {
      hops_.leave_unlinked(*slot);
    }
  }
}

void Deliveries::on_deadline(Instant now, Outbox& out) {
  routes_.on_deadline(now.mono, out);
  line_up_dismissed(now.mono);
  while (const auto box = mailboxes_.next_probe(now.mono)) line_up(*box, now.mono);
  mailboxes_.forget_rested(now.mono);
  keep_links(now.mono, out);
  while (out.datagrams().size() < limits::datagrams_per_turn_max) {
    const auto due = transactions_.next_due(now.mono);
    if (!due) break;
    if (due->timed_out) {
      on_timeout(due->id, now.mono);
    } else {
      retransmit(due->id, now.mono, out);
    }
  }
}

std::optional<MonoTime> Deliveries::next_deadline() const {
  const auto first = earlier(transactions_.next_deadline(), routes_.next_deadline());
  return earlier(first, earlier(mailboxes_.next_deadline(), hops_.next_deadline()));
}

}  // namespace imcd::delivery
