#include "mi/sessions.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "mi/run_command.h"

namespace imcd::mi {

void Sessions::on_bytes(std::string_view bytes, Instant now, Outbox& out) {
  while (std::optional<Request> request = reader_.next(bytes))
    accept(std::move(*request), now, out);
  const std::uint64_t garbage = reader_.take_garbage();
  figures_.mi_requests.add(garbage);
  figures_.mi_requests_failed.add(garbage);
  request_deadline_ = reader_.unfinished() ? now.mono + limits::mi_reply_timeout : MonoTime::max();
}

void Sessions::on_reply(MiReplyId id, MiReplyEvent event, Instant now, Outbox& out) {
  Reply* reply = find(id);
  if (reply == nullptr) return;
  const bool is_opening = reply->state == State::opening;
  const bool is_writing = reply->state == State::writing;
  switch (event) {
    case MiReplyEvent::opened:
      if (!is_opening) return;
      reply->text = ReplyText(run(reply->request, now));
      return write_next(*reply, now, out);
    case MiReplyEvent::no_reader:
      if (is_opening) retry_later(*reply, now, out);
      return;
    case MiReplyEvent::writable:
      if (is_writing) write_next(*reply, now, out);
      return;
    case MiReplyEvent::refused:
    case MiReplyEvent::broken:
      if (is_opening || is_writing) abandon(*reply, now, out);
      return;
  }
}

void Sessions::on_deadline(Instant now, Outbox& out) {
  if (request_deadline_ <= now.mono) {
    reader_.reset();
    request_deadline_ = MonoTime::max();
    figures_.mi_requests.add();
    figures_.mi_requests_failed.add();
  }
  while (Reply* reply = find_due(now.mono)) on_late(*reply, now, out);
}

std::optional<MonoTime> Sessions::next_deadline() const {
  MonoTime earliest = request_deadline_;
  for (const Reply& reply : replies_) earliest = std::min(earliest, reply.deadline);
  if (earliest == MonoTime::max()) return std::nullopt;
  return earliest;
}

void Sessions::accept(Request request, Instant now, Outbox& out) {
  figures_.mi_requests.add();
  if (request.reply_name.empty()) {
    run(request, now);
    return;
  }
  if (!make_place(now, out)) return figures_.mi_requests_failed.add();
  const bool is_first = find_to(request.reply_name) == nullptr;
  replies_.push_back({.id = new_id(), .request = std::move(request), .progress_at = now.mono});
  if (is_first) open(replies_.back(), now, out);
}

// Clients that don't read hold their own places only, or 16 of them would hold everybody's.
bool Sessions::make_place(Instant now, Outbox& out) {
  if (replies_.size() < limits::mi_replies_max) return true;
  Reply& longest = *std::ranges::min_element(replies_, {}, &Reply::progress_at);
  if (now.mono - longest.progress_at < limits::mi_reply_stuck) return false;
  out.close_mi_reply(longest.id);
  abandon(longest, now, out);
  return true;
}

Findings Sessions::run(const Request& request, Instant now) {
  Findings findings = run_command(request, control_, now);
  if (!findings.status.ok()) figures_.mi_requests_failed.add();
  return findings;
}

void Sessions::open(Reply& reply, Instant now, Outbox& out) {
  reply.state = State::opening;
  reply.deadline = now.mono + limits::mi_reply_timeout;
  ++reply.tries;
  out.open_mi_reply(reply.id, reply.request.reply_name);
}

void Sessions::retry_later(Reply& reply, Instant now, Outbox& out) {
  if (reply.tries >= limits::mi_reply_open_tries) return abandon(reply, now, out);
  reply.state = State::retrying;
  reply.deadline = now.mono + limits::mi_reply_open_interval;
}

void Sessions::write_next(Reply& reply, Instant now, Outbox& out) {
  std::string chunk = reply.text.next_chunk(control_);
  if (chunk.empty()) {
    out.close_mi_reply(reply.id);
    return end(reply, now, out);
  }
  reply.state = State::writing;
  reply.progress_at = now.mono;
  reply.deadline = now.mono + limits::mi_reply_timeout;
  out.write_mi_reply(reply.id, std::move(chunk));
}

void Sessions::on_late(Reply& reply, Instant now, Outbox& out) {
  if (reply.state == State::retrying) return open(reply, now, out);
  out.close_mi_reply(reply.id);
  abandon(reply, now, out);
}

void Sessions::abandon(Reply& reply, Instant now, Outbox& out) {
  figures_.mi_replies_abandoned.add();
  end(reply, now, out);
}

// The next reply to the same name, if any, has its turn, if it was this one's.
void Sessions::end(Reply& reply, Instant now, Outbox& out) {
  const std::string name = std::move(reply.request.reply_name);
  const bool had_its_turn = reply.state != State::waiting;
  replies_.erase(replies_.begin() + (&reply - replies_.data()));
  Reply* next = had_its_turn ? find_to(name) : nullptr;
  if (next == nullptr) return;
  next->progress_at = now.mono;
  open(*next, now, out);
}

Sessions::Reply* Sessions::find(MiReplyId id) {
  const auto found = std::ranges::find(replies_, id, &Reply::id);
  return found == replies_.end() ? nullptr : &*found;
}

Sessions::Reply* Sessions::find_due(MonoTime now) {
  const auto found =
      std::ranges::find_if(replies_, [now](const Reply& reply) { return reply.deadline <= now; });
  return found == replies_.end() ? nullptr : &*found;
}

// The oldest reply to that name.
Sessions::Reply* Sessions::find_to(std::string_view reply_name) {
  const auto found = std::ranges::find_if(replies_, [reply_name](const Reply& reply) {
    return reply.request.reply_name == reply_name;
  });
  return found == replies_.end() ? nullptr : &*found;
}

// Counts up, so an event for a reply that is over meets no other one.
MiReplyId Sessions::new_id() {
  do {
    ++last_id_;
  } while (last_id_ == 0 || find(last_id_) != nullptr);
  return last_id_;
}

}  // namespace imcd::mi
