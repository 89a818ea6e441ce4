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

// How long whoever said 503 is to be left alone.
Duration pause_of(const Deliveries::Response& response) {
  return std::min<Duration>(std::chrono::seconds(response.retry_after_s.value_or(1)),
                            limits::user_pause_longest);
}

}  // namespace

Deliveries::Deliveries(const DeliverySettings& settings, OwnSockets sockets, HashKey branch_key,
                       IdentityTable& identities, Figures& figures)
    : figures_(figures),
      messages_(Shares(settings.memory_max)),
      transactions_(branch_key, Admission::transactions_max(settings)),
      mailboxes_(settings, identities, messages_, figures),
      routes_(settings, std::move(sockets), branch_key, identities, live_streams_, figures),
      hops_(settings, branch_key, transactions_, live_streams_, mailboxes_.users_max()),
      sizes_(routes_, hops_),
      admission_(messages_, transactions_, mailboxes_, routes_, hops_, figures) {}

// --- Lines

// A user that may send waits in the line of its hop; one without a way has its queue given up.
void Deliveries::line_up(std::uint32_t slot, MonoTime now) {
  const Mailbox& box = mailboxes_[slot];
  if (draining_) return mailboxes_.end_queue(slot, DeliveryResult::dropped, now);
  if (!mailboxes_.may_send(box)) return;
  const Route route =
      routes_.find(*box.who, now, mailboxes_.first_text(box).speaker, mailboxes_.first(box).tries);
  if (route.line != nullptr) return mailboxes_.join(*route.line, slot, now);
  if (!route.flow) return give_up_unroutable(slot, now);
  const SharedMessage& text = mailboxes_.first_text(box);
  const auto stream = sizes_.stream_for(text.text.size(), *route.flow, now);
  const auto hop = hops_.find_or_make(stream ? *stream : *route.flow);
  if (!hop) return give_up_unroutable(slot, now);
  mailboxes_.join(hops_.open_line(*hop, text.origin->slot), slot, now);
}

void Deliveries::give_up_unroutable(std::uint32_t slot, MonoTime now) {
  failures_.note({DeliveryResult::unroutable, 0, {}}, now);
  mailboxes_.end_queue(slot, DeliveryResult::unroutable, now);
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

void Deliveries::line_up_again(Hop& hop, MonoTime now) {
  std::vector<std::uint32_t> users;
  while (!hop.lines.empty()) {
    users.push_back(mailboxes_.leave_first(hops_.current_line(hop)));
    hops_.charge(hop, limits::delivery_head_bytes);
  }
  for (const std::uint32_t user : users) go_on(user, now);
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
  for (const std::uint32_t slot : hops_.with_lines()) {
    if (hops_[slot].flow != *last_proxy_) line_up_again(hops_[slot], now);
  }
}

void Deliveries::drop_queued(MonoTime now) {
  draining_ = true;
  routes_.dismiss_all(now);
  line_up_dismissed(now);
  for (const std::uint32_t hop : hops_.with_lines()) line_up_again(hops_[hop], now);
}

// --- Starts

void Deliveries::pump(Instant now, Outbox& out) {
  follow_proxy(now.mono);
  hops_.serve_ready(now.mono, [&](std::uint32_t hop) { return serve(hop, now, out); });
  routes_.ask(out);
  failures_.tell(now.mono, out);
  figures_.client_transactions.set(static_cast<std::int64_t>(in_flight()));
  figures_.delivery_queue_messages.set(static_cast<std::int64_t>(queued()));
  admission_.show_memory(now.mono);
}

Hops::Turn Deliveries::serve(std::uint32_t slot, Instant now, Outbox& out) {
  Hop& hop = hops_[slot];
  if (hop.lines.empty()) return Hops::Turn::done;
  if (hop.is_paused(now.mono)) return Hops::Turn::stuck;
  hop.paused_until.reset();
  if (hop.is_tcp() && !hops_.prepare_link(slot, now.mono, out)) return Hops::Turn::stuck;
  while (!hop.lines.empty()) {
    if (!hops_.has_room(hop, now.mono)) return Hops::Turn::stuck;
    if (transactions_.full() || is_spent(out)) return Hops::Turn::over;
    start_next(slot, now, out);
  }
  return Hops::Turn::done;
}

void Deliveries::start_next(std::uint32_t hop_slot, Instant now, Outbox& out) {
  Hop& hop = hops_[hop_slot];
  const std::uint32_t slot = mailboxes_.leave_first(hops_.current_line(hop));
  Mailbox& box = mailboxes_[slot];
  const std::size_t bytes = mailboxes_.first_text(box).text.size();
  hops_.charge(hop, bytes + limits::delivery_head_bytes);
  // Another message has come to the head of the queue meanwhile.
  if (sizes_.stream_for(bytes, hop.flow, now.mono)) return line_up(slot, now.mono);
  const QueuedMessage message = mailboxes_.take_first(box);
  const auto& expires = messages_[message.message].expires;
  if (expires && *expires <= now.wall) {  // RFC 3428 5
    mailboxes_.end_message(message, DeliveryResult::dropped);
  } else {
    start({.sent = {}, .box = slot, .hop = hop_slot, .message = message}, now.mono, out);
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

// --- Ends

void Deliveries::on_response(const Response& response, MonoTime now) {
  // RFC 3261 17.1.3: the CSeq method must match too.
  if (response.is_to_options) {
    std::optional<MonoTime> spared_until;
    if (response.status == 503) spared_until = now + pause_of(response);
    if (!routes_.on_options_answer(response.branch, spared_until)) figures_.responses_stray.add();
    return;
  }
  const auto own = transactions_.find(response.branch);
  if (!own) return figures_.responses_stray.add();
  Delivery& delivery = transactions_.payload(*own);
  Hop& hop = hops_[delivery.hop];
  if (hop.flow.peer != response.source) figures_.responses_moved.add();
  hop.link.on_answer();
  note_answer(delivery, now);
  if (response.status < 200) {
    hops_.on_provisional(own->slot);
    transactions_.on_provisional(*own);
    return;
  }
  if (response.status >= 300) {
    note_failure(DeliveryResult::refused, response.status, delivery.hop, now);
  }
  on_final(*own, response, now);
}

// The first answer tells how long the hop takes, or whether what seemed lost was lost.
void Deliveries::note_answer(Delivery& delivery, MonoTime now) {
  if (std::exchange(delivery.is_answered, true)) return;
  Pace& pace = hops_[delivery.hop].pace;
  const MonoTime sent_at = delivery.sent.deadline;
  if (!delivery.was_repeated) return pace.on_answered(now - sent_at);
  if (!delivery.counts_as_lost) return;
  pace.on_late_answer(sent_at + limits::timer_t1, now - delivery.repeated_at);
}

void Deliveries::on_final(tm::ClientTransactionId id, const Response& response, MonoTime now) {
  const Delivery delivery = end(id);
  const std::uint32_t slot = delivery.box;
  if (response.status != 503) hops_[delivery.hop].refusals.on_answered();
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
  note_failure(DeliveryResult::timed_out, 408, delivery.hop, now);
  mailboxes_.end_message(delivery.message, DeliveryResult::timed_out);
  mailboxes_.on_timeout(delivery.box, now);
  go_on(delivery.box, now);
}

void Deliveries::fail_lost(std::uint32_t hop, MonoTime now) {
  while (const auto slot = hops_.pop_lost(hop)) {
    const Delivery delivery = end(transactions_.id(*slot));
    note_failure(DeliveryResult::lost, 503, hop, now);
    mailboxes_.end_message(delivery.message, DeliveryResult::lost);
    go_on(delivery.box, now);
  }
}

// `code`: where there was no answer, that which stands for it (RFC 3261 8.1.3.1).
void Deliveries::note_failure(DeliveryResult result, std::uint16_t code, std::uint32_t hop,
                              MonoTime now) {
  const Flow& flow = hops_[hop].flow;
  failures_.note({result, code, {flow.transport, flow.peer}}, now);
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
  const Duration pause = pause_of(response);
  pause_if_refused(delivery, pause, now);
  QueuedMessage message = delivery.message;
  if (draining_ || ++message.tries >= limits::delivery_tries_max) return false;
  if (!mailboxes_.put_back(mailboxes_[delivery.box], message)) return false;
  if (!routes_.has_another_proxy(message.tries, now)) {
    mailboxes_.spare(delivery.box, now + pause);
  }
  return true;
}

// Several users in a row: it is the hop that has no place.
void Deliveries::pause_if_refused(const Delivery& delivery, Duration pause, MonoTime now) {
  Hop& hop = hops_[delivery.hop];
  if (hop.is_paused(now) || !hop.refusals.on_refused(delivery.box)) return;
  hop.paused_until = now + std::min(pause, limits::hop_pause);
  routes_.spare_proxy(hop.flow, *hop.paused_until);
}

void Deliveries::retransmit(tm::ClientTransactionId id, MonoTime now, Outbox& out) {
  Delivery& delivery = transactions_.payload(id);
  const std::uint32_t answered = mailboxes_[delivery.box].who->answered_s;
  if (!delivery.was_repeated && answered != 0 &&
      whole_seconds(now) - answered <= limits::user_lively_s) {
    hops_[delivery.hop].pace.on_lost(now);
    delivery.counts_as_lost = true;
  }
  delivery.was_repeated = true;
  delivery.repeated_at = now;
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
  if (!comes_back && !routes_.is_proxy(hop.flow)) line_up_again(hop, now);
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
    } else if (!draining_ && (routes_.is_proxy(hop.flow) || !hop.lines.empty())) {
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
  return earlier(earlier(first, failures_.next_deadline()),
                 earlier(mailboxes_.next_deadline(), hops_.next_deadline()));
}

}  // namespace imcd::delivery
