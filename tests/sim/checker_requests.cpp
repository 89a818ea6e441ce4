// Checker: what the server must answer to each request, and in which words.

#include <algorithm>
#include <fmt/format.h>

#include "base/limits.h"
#include "sim/checker.h"

namespace imcd::sim {

using Shape = Reading::Shape;

namespace {

constexpr std::uint16_t trying = 100;
constexpr std::uint16_t ok = 200;
constexpr std::uint16_t no_answer = 1;  // A code that none has.
// A chat text above this may be too long for UDP with its headers; one below never is.
constexpr std::size_t surely_short_bytes = 400;

std::uint64_t hash_of(std::string_view bytes, const Address& from) {
  return std::hash<std::string_view>()(bytes) * 31 + from.port + from.ip[15] * 65536U +
         from.ip[14] * 16777216U;
}

RequestKind kind_of(Shape shape) {
  switch (shape) {
    case Shape::response:
    case Shape::noise:
    case Shape::malformed:
      return RequestKind::malformed;
    case Shape::ack:
    case Shape::options:
    case Shape::cancel:
    case Shape::other_method:
      return RequestKind::other_method;
    case Shape::message:
      return RequestKind::chat;
  }
  return RequestKind::malformed;
}

}  // namespace

// --- Expecting -----------------------------------------------------------------------------------

void Checker::before_datagram(const Datagram& datagram) {
  begin_step();
  const std::string_view bytes = datagram.view();
  const Reading reading = reader_.read(bytes, datagram.from);
  if (reading.shape == Shape::response) return on_member_answered(reading, datagram.damaged);
  expected_.is_request = true;
  expected_.request = hash_of(bytes, datagram.from);
  expected_.answer_to = reading.answer_to;
  expected_.may_be_overload = server_->deliveries().queued() > 0;
  expected_.kind = kind_of(reading.shape);
  if (!is_trusted(datagram.from)) {
    expected_.may_be_silent = true;
    if (reading.shape == Shape::message || reading.shape == Shape::options) expected_.code = 403;
    return;
  }
  switch (reading.shape) {
    case Shape::response:
    case Shape::noise:
    case Shape::malformed:
      expected_.may_be_silent = true;
      return;
    case Shape::ack:
      expected_.may_be_silent = true;
      expected_.code = no_answer;
      return;
    case Shape::options:
      expected_.code = server_->is_loading() || server_->is_draining() ? 503 : ok;
      if (reading.refused_with != 0) expected_.code = reading.refused_with;
      return;
    case Shape::cancel:
      expected_.code = exchanges_.find(reading.transaction) ? ok : 481;
      return;
    case Shape::other_method:
      expected_.code = 405;
      return;
    case Shape::message:
      return expect_message(reading);
  }
}

void Checker::expect_message(const Reading& reading) {
  if (const auto exchange = exchanges_.find(reading.transaction)) return expect_copy(*exchange);
  if (reading.refused_with != 0) {
    expected_.code = reading.refused_with;
  } else if (server_->is_loading() || server_->is_draining()) {
    expected_.code = 503;
  } else if (reading.refused_when_serving != 0) {
    expected_.code = reading.refused_when_serving;
  } else if (exchanges_.has_fork(reading.fork)) {
    expected_.code = 482;
  } else if (exchanges_.size() >= world_.plan.settings.server.server_transactions_max) {
    expected_.code = 503;
  } else {
    expect_execution(reading);
  }
}

void Checker::expect_copy(std::uint32_t number) {
  const Exchange& exchange = exchanges_[number];
  world_.counts.add(Tally::request_copies);
  expected_.is_copy = true;
  expected_.exchange = number;
  if (exchange.code != 0) {
    expected_.code = exchange.code;
    return;
  }
  expected_.may_be_silent = world_.now.mono - exchange.started < limits::late_trying;
  expected_.code = trying;
}

void Checker::expect_execution(const Reading& reading) {
  world_.counts.add(Tally::requests);
  const Ask& ask = reading.ask;
  ++executed_[reading.call_id];
  expected_.exchange = exchanges_.start({.transaction = reading.transaction,
                                         .answer = reading.answer,
                                         .fork = reading.fork,
                                         .request = expected_.request,
                                         .started = world_.now.mono,
                                         .answer_to = expected_.answer_to});
  expected_.may_meet_sender =
      !ask.is_marked && !journal_is_late() && met_.insert(ask.sender).second;
  Verdict verdict = rules_.judge(ask);
  for (const RoomId room : {ask.addressed, verdict.room}) {
    if (room >= ever_asked_.size()) ever_asked_.resize(room + 1);
    ever_asked_[room] |= only(ask.sender);
  }
  expected_.kind = verdict.kind;
  if (!ask.is_marked && !admits_sender(ask.sender)) {
    expected_.code = 480;
    return;
  }
  if (!ask.is_marked && verdict.kind != RequestKind::chat && !takes_notices(ask.sender)) {
    expected_.code = 480;
    return;
  }
  if (verdict.is_room_change && journal_is_late()) {
    expected_.code = 500;
    return;
  }
  if (verdict.asks && !admits_asking(ask.sender)) {
    expected_.code = 480;
    return;
  }
  if (verdict.consents) rules_.set_unasked(verdict.room, ask.sender, false);
  expected_.code = verdict.code;
  expected_.may_move_sender = verdict.may_move_sender;
  if (verdict.is_heard) {
    expected_.chat_number = reading.chat;
    expected_.body_bytes = reading.body.size();
    Chat chat{.sender = ask.sender, .room = ask.addressed, .accepted = world_.now};
    if (reading.expires_s) {
      chat.expires = world_.now.wall + std::chrono::seconds(*reading.expires_s);
    }
    expected_.chat = chat;
  }
  if (verdict.changes.empty()) return;
  const bool waits = !world_.plan.settings.server.relaxed_durability;
  const std::uint64_t command = ++commands_;
  for (const Change& change : verdict.changes) note_place(change.room, change.user);
  rules_.carry_out(verdict.changes, verdict.joined, waits ? command : 0);
  if (verdict.unasked != none) rules_.set_unasked(verdict.room, verdict.unasked, true);
  if (waits) {
    exchanges_[expected_.exchange].command = command;
    exchanges_[expected_.exchange].kind = verdict.kind;
    expected_.may_be_silent = true;
    expected_.code = 0;
  }
  has_command_ = true;
  const std::size_t records = verdict.changes.size();
  add_pending({.number = command,
               .changes = std::move(verdict.changes),
               .records = records,
               .joined = verdict.joined,
               .room = verdict.room,
               .exchange = waits ? expected_.exchange : none,
               .at = world_.now.mono});
}

// A member who enters again may do so from another URI. Only the journal shows it; the answer then
// waits for the store as that of a room change does. The first message of somebody who was only
// named by others may say another one, too, and waits for nothing.
void Checker::follow_sender() {
  const auto journaled = static_cast<std::size_t>(figures_->db_queue_operations.value());
  const bool may_move = expected_.may_move_sender || expected_.may_meet_sender;
  if (!may_move || has_command_ || has_withdrawn() || journaled <= pending_records_) return;
  const bool waits = !world_.plan.settings.server.relaxed_durability &&
                     !(expected_.may_meet_sender && expected_.is_answered);
  if (waits && expected_.is_answered) {
    fail("no 2xx before the commit", "a user's URI was acknowledged before it was stored");
  }
  const std::uint64_t command = ++commands_;
  if (waits) {
    exchanges_[expected_.exchange].command = command;
    exchanges_[expected_.exchange].kind = expected_.kind;
    expected_.may_be_silent = true;
  }
  add_pending({.number = command,
               .records = journaled - pending_records_,
               .exchange = waits ? expected_.exchange : none,
               .at = world_.now.mono});
}

// Option user_rate: a token bucket each.
bool Checker::admits_sender(UserId sender) {
  const auto& settings = world_.plan.settings.conference;
  if (settings.user_rate == 0) return true;
  const std::uint32_t burst = settings.user_burst == 0 ? settings.user_rate : settings.user_burst;
  const auto [at, is_new] =
      buckets_.try_emplace(sender, Bucket{static_cast<double>(burst), world_.now.mono});
  Bucket& bucket = at->second;
  const double seconds = std::chrono::duration<double>(world_.now.mono - bucket.at).count();
  bucket.tokens = std::min<double>(burst, bucket.tokens + seconds * settings.user_rate);
  bucket.at = world_.now.mono;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

// limits::user_notices_max. How many wait is the server's to know; check_shares() holds it to it.
bool Checker::takes_notices(UserId sender) const {
  const std::string uri = "sip:" + names_.user_key(sender);
  const auto parsed = parser::parse_uri(uri);
  const Identity* const who = parsed ? server_->identities().find(*parsed) : nullptr;
  return who == nullptr || server_->deliveries().notice_places(*who) > 0;
}

// Option unasked_rate: hours that begin with the first of them.
bool Checker::admits_asking(UserId sender) {
  const std::uint32_t most = world_.plan.settings.conference.unasked_rate;
  if (most == 0) return true;
  Hour& hour = hours_[sender];
  if (hour.asks == 0 || world_.now.mono - hour.since >= 1h) hour = {0, world_.now.mono};
  if (hour.asks >= most) return false;
  ++hour.asks;
  return true;
}

bool Checker::journal_is_late() const {
  const Duration timeout = world_.plan.settings.journal.timeout;
  const Pending* oldest = nullptr;
  if (!in_flight_.empty()) {
    oldest = &in_flight_.front();
  } else if (!pending_.empty()) {
    oldest = &pending_.front();
  }
  return oldest != nullptr && world_.now.mono - oldest->at >= timeout;
}

// --- Answers -------------------------------------------------------------------------------------

void Checker::on_response(std::string_view bytes, const Address& to) {
  if (expected_.is_request) return on_answer(bytes, to);
  const auto answer = reader_.read_response(view_);
  const auto exchange = answer ? exchanges_.find_answered(*answer) : std::nullopt;
  if (!exchange) fail("who is answered has asked", fmt::format("nobody has: {}", bytes));
  on_held_answer(*exchange, bytes, to);
}

// In the step of the request itself.
void Checker::on_answer(std::string_view bytes, const Address& to) {
  const std::uint16_t code = view_.status;
  if (expected_.is_answered) fail("one answer", "two responses to one request at once");
  expected_.is_answered = true;
  check_way_back(expected_.answer_to, to);
  count_request(expected_.kind, code);
  if (expected_.is_copy) return on_copy_answered(bytes);
  const bool is_held = expected_.exchange != none && exchanges_[expected_.exchange].command != 0;
  if (is_held && code < 300) {
    fail("no 2xx before the commit", "a room change was acknowledged before it was stored");
  }
  if (expected_.chat) {
    const bool is_overloaded = code == 503 && expected_.may_be_overload;
    const bool is_too_long = code == 513 && expected_.body_bytes > surely_short_bytes;
    if (is_overloaded || is_too_long) expected_.code = code;
  }
  const bool is_good_chat =
      world_.plan.is_one_bad_user && expected_.chat && is_good(expected_.chat->sender);
  if (is_good_chat && code != ok) {
    fail("good users are heard", fmt::format("their chat is answered {}", code));
  }
  const bool is_right = expected_.code == 0 ? code >= 400 : code == expected_.code;
  if (!is_right || (is_held && expected_.code == 0)) {
    fail("answers follow the rules", fmt::format("{} must be {}", code, expected_.code));
  }
  if (expected_.exchange == none) return;
  exchanges_.answer(expected_.exchange, code, std::hash<std::string_view>()(bytes),
                    world_.now.mono);
  if (expected_.chat && code == ok) on_chat_answered();
}

// A copy of a request gets the same bytes, whatever has changed meanwhile.
void Checker::on_copy_answered(std::string_view bytes) {
  const Exchange& exchange = exchanges_[expected_.exchange];
  if (view_.status != expected_.code) {
    fail("one final response",
         fmt::format("{} to a copy of what was answered {}", view_.status, expected_.code));
  }
  if (exchange.code == 0) {
    if (world_.now.mono - exchange.started < limits::late_trying) {
      fail("no early 100", "a 100 went out before 3.5 s");
    }
    return;
  }
  const bool is_same_request = exchange.request == expected_.request;
  if (is_same_request && exchange.response != std::hash<std::string_view>()(bytes)) {
    fail("one final response", fmt::format("not the bytes sent before: {}", bytes));
  }
}

// To a room change that waits for the store.
void Checker::on_held_answer(std::uint32_t number, std::string_view bytes, const Address& to) {
  Exchange& exchange = exchanges_[number];
  check_way_back(exchange.answer_to, to);
  const std::uint16_t code = view_.status;
  if (exchange.code != 0 || exchange.command == 0) {
    fail("one final response", fmt::format("an answer nobody waits for: {}", bytes));
  }
  const Duration age = world_.now.mono - exchange.started;
  if (code == trying) {
    if (age < limits::late_trying) fail("no early 100", "a 100 went out before 3.5 s");
    return;
  }
  const bool is_overdue = code == 504 && age >= world_.plan.settings.journal.timeout;
  if (code < 300 && exchange.allowed_code != code) {
    fail("no 2xx before the commit", "a room change was acknowledged before it was stored");
  }
  if (code != exchange.allowed_code && !is_overdue) {
    fail("answers follow the rules",
         fmt::format("{} to a command whose answer must be {}", code, exchange.allowed_code));
  }
  count_request(exchange.kind, code);
  exchanges_.answer(number, code, std::hash<std::string_view>()(bytes), world_.now.mono);
}

// The room has accepted it: from now on each of those who are members must hear it.
void Checker::on_chat_answered() {
  world_.counts.add(Tally::chat_accepted);
  const std::uint64_t index = ++chat_index_;
  rules_.set_unasked(expected_.chat->room, expected_.chat->sender, false);
  if (!expected_.chat_number || !ledger_.has_chat(*expected_.chat_number)) return;
  Chat& chat = ledger_.chat(*expected_.chat_number);
  const bool is_second = chat.life == life_;
  chat = *expected_.chat;
  chat.life = life_;
  chat.index = index;
  chat.is_ambiguous = is_second;
  for (const auto& [user, place] : rules_.room(chat.room).places) {
    const bool hears = place.is_member() && place.joined_by == 0 && user != chat.sender;
    if (hears && user < world_.plan.users) chat.recipients |= only(user);
  }
  if (world_.plan.measures_latency) {
    world_.counts.add(Tally::expected, static_cast<std::uint64_t>(std::popcount(chat.recipients)));
  }
}

void Checker::check_way_back(const std::optional<Address>& must, const Address& to) const {
  if (!must) fail("answers go back", "the request has no Via to answer by");
  if (to == *must) return;
  fail("answers go back", fmt::format("the response goes to {}, and must go to {}", party_name(to),
                                      party_name(*must)));
}

void Checker::count_request(RequestKind kind, std::uint16_t code) {
  if (expected_.is_copy || code == trying) return;
  const Result result = code == 0    ? Result::silence
                        : code < 300 ? Result::ok
                        : code < 500 ? Result::client_error
                                     : Result::server_error;
  world_.counts.add(kind, result);
}

}  // namespace imcd::sim
