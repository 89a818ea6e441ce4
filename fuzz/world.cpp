#include "world.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "config/load.h"
#include "parser/message.h"
#include "parser/properties.h"
#include "target.h"

namespace imcd::fuzz {
namespace {

constexpr std::size_t transactions_max = 64;
// Datagrams of one input: a few members, a few users who wait, and what was asked.
constexpr std::size_t datagrams_max = 2000;
// Timers that may fire at one moment before time must go on.
constexpr int firings_max = 10000;
constexpr std::size_t requests_kept_max = 32;

Address peer_address(std::size_t peer) {
  return Address::ipv4({127, 0, 0, 1}, static_cast<std::uint16_t>(6000 + peer));
}

Settings settings() {
  Settings settings = config::default_settings();
  settings.conference.room_rate = 0;
  settings.conference.user_rate = 0;
  settings.server.trusted = {*parse_network("127.0.0.0/8")};
  settings.server.server_transactions_max = transactions_max;
  return settings;
}

server::Setup setup() {
  return {.sockets = {.via_sent_by = {"127.0.0.1:5070"}, .ipv4_socket = 0},
          .version = "fuzz",
          .seed = {7, 7}};
}

std::uint64_t number_at_front(std::string_view& text, std::uint64_t highest) {
  std::size_t digits = 0;
  while (digits < text.size() && digits < 9 && is_digit(text[digits])) ++digits;
  const std::uint64_t number = parse_number(text.substr(0, digits), highest).value_or(0);
  text.remove_prefix(digits);
  return number;
}

// The value of the first line that begins so, of a message that was checked.
std::string_view line_value(std::string_view message, std::string_view begin) {
  const std::size_t at = message.find(begin);
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + begin.size();
  return message.substr(from, message.find("\r\n", from) - from);
}

}  // namespace

World::World() : server_(std::make_unique<server::Server>(settings(), setup(), *figures_, now_)) {
  expect(store_->open().has_value(), "the memory store does not open");
  server_->on_store_opened(now_, out_);
  server_->on_loaded(now_, out_);
  act();
}

void World::run(std::string_view input) {
  while (!input.empty() && !has_ended_) {
    const std::string_view one = input.substr(0, input.find(separator));
    input.remove_prefix(std::min(one.size() + 1, input.size()));
    if (!one.empty()) step(one.front(), one.substr(1));
  }
  if (has_ended_) return;
  settle();
  if (!was_refused_) check_restart();
}

void World::step(char kind, std::string_view rest) {
  switch (kind) {
    case 'a':
    case 'b':
    case 'c':
    case 'd':
      return receive(peer_address(static_cast<std::size_t>(kind - 'a')), rest);
    case 'e':
      return receive(Address::ipv4({192, 0, 2, 9}, 5060), rest);
    case 'A':
    case 'B':
    case 'C':
    case 'D':
      return say(static_cast<std::size_t>(kind - 'A'), rest);
    case 'r':
    case 'R':
      return answer(kind == 'R', rest);
    case 's':
      return feed_stream(rest);
    case 'S':
      if (rest.starts_with('+') || rest.starts_with('-')) return grant_stream(rest.front() == '+');
      return end_stream(rest);
    case 't':
      return pass(std::chrono::milliseconds(number_at_front(rest, 100000)));
    case 'k':
      return commit(rest);
    case 'm':
      server_->on_mi_bytes(rest, now_, out_);
      return act();
    case 'M':
      return give_mi_event(rest);
    case 'o':
      return order(rest);
    case 'n':
      return answer_question(rest);
    default:
      return;
  }
}

// --- What happens -------------------------------------------------------------------------------

void World::receive(const Address& from, std::string_view bytes) {
  if (bytes.size() > limits::datagram_bytes_max) return;
  // In a copy of its own, so that a view kept for later is found out.
  const std::string copy(bytes);
  was_response_ = starts_with_ignoring_case(bytes, "SIP/");
  server_->on_datagram(copy, {from, 0}, now_, out_);
  act();
  was_response_ = false;
}

void World::say(std::size_t peer, std::string_view words) {
  static constexpr std::array names = {"alice", "bob", "%43arol", "d\xc3\xa4ve"};
  const std::uint64_t room = number_at_front(words, 3);
  ++last_request_;
  receive(peer_address(peer),
          fmt::format("MESSAGE sip:chat{0}@example.org SIP/2.0\r\n"
                      "Via: SIP/2.0/UDP 127.0.0.1:{1};rport;branch=z9hG4bK{2}\r\n"
                      "From: <sip:{3}@example.org>;tag={2}\r\nTo: <sip:chat{0}@example.org>\r\n"
                      "Call-ID: {2}\r\nCSeq: 1 MESSAGE\r\nContent-Length: {4}\r\n\r\n{5}",
                      room, 6000 + peer, last_request_, names[peer], words.size(), words));
}

void World::answer(bool newest, std::string_view words) {
  if (requests_.empty()) return;
  const std::string request = newest ? requests_.back() : requests_.front();
  if (newest) {
    requests_.pop_back();
  } else {
    requests_.pop_front();
  }
  const std::uint64_t code = number_at_front(words, 699);
  receive(peer_address(0),
          fmt::format("SIP/2.0 {} X\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=p\r\nCall-ID: {}\r\n"
                      "CSeq: {}\r\n{}\r\n",
                      code, line_value(request, "\r\nVia: "), line_value(request, "\r\nFrom: "),
                      line_value(request, "\r\nTo: "), line_value(request, "\r\nCall-ID: "),
                      line_value(request, "\r\nCSeq: "), words));
}

void World::feed_stream(std::string_view words) {
  const std::uint64_t which = number_at_front(words, accepted_.size() - 1);
  StreamId& id = accepted_[which];
  if (!streams_.contains(id)) {
    id = ++last_accepted_;
    const Flow flow{peer_address(which), 0, Transport::tcp, id};
    streams_[id] = flow;
    known_streams_.insert(id);
    server_->on_stream_open(flow, now_, out_);
    act();
  }
  const auto open = streams_.find(id);
  if (open == streams_.end() || has_ended_) return;
  const std::string copy(words);
  const Flow flow = open->second;
  server_->on_stream_bytes(copy, flow, now_, out_);
  act();
}

void World::end_stream(std::string_view words) {
  const StreamId id = accepted_[number_at_front(words, accepted_.size() - 1)];
  if (streams_.erase(id) == 0) return;
  server_->on_stream_ended(id, StreamEnd::by_peer, now_, out_);
  act();
}

void World::grant_stream(bool is_granted) {
  if (wished_.empty()) return;
  const Flow flow = wished_.front();
  wished_.pop_front();
  if (is_granted) {
    streams_[flow.stream] = flow;
    known_streams_.insert(flow.stream);
    server_->on_stream_open(flow, now_, out_);
  } else {
    server_->on_stream_ended(flow.stream, StreamEnd::never_open, now_, out_);
  }
  act();
}

void World::pass(Duration time) {
  const MonoTime end = now_.mono + time;
  for (int firings = 0;; ++firings) {
    const auto deadline = server_->next_deadline();
    if (!deadline || *deadline > end) break;
    if (*deadline > now_.mono) {
      now_ = now_ + (*deadline - now_.mono);
      firings = 0;
    }
    expect(firings < firings_max, "timers fire without end, and time stands still");
    server_->on_deadline(now_, out_);
    act();
    if (has_ended_) return;
  }
  now_ = now_ + (end - now_.mono);
}

void World::commit(std::string_view how) {
  if (batches_.empty()) return;
  const char kind = how.empty() ? ' ' : how.front();
  database_.faults = {};
  if (kind == 'f') database_.faults.commit_failures = 1;
  if (kind == 'l') database_.faults.lost_answers = 1;
  if (kind == 'r') {
    was_refused_ = true;
    database_.faults.refuses = [](const records::Record&) { return true; };
  }
  db::CommitResult result = store_->commit(std::move(batches_.front()));
  database_.faults = {};
  batches_.pop_front();
  server_->on_commit(std::move(result), now_, out_);
  act();
}

void World::give_mi_event(std::string_view words) {
  if (replies_.empty()) return;
  constexpr std::array events = {MiReplyEvent::opened, MiReplyEvent::no_reader,
                                 MiReplyEvent::refused, MiReplyEvent::writable,
                                 MiReplyEvent::broken};
  const MiReplyId reply = replies_.back();
  server_->on_mi_reply(reply, events[number_at_front(words, events.size() - 1)], now_, out_);
  act();
}

void World::answer_question(std::string_view how) {
  if (questions_.empty()) return;
  const NameQuestion question = std::move(questions_.front());
  questions_.pop_front();
  const char kind = how.empty() ? ' ' : how.front();
  NameAnswer answer{.outcome = NameAnswer::Outcome::none};
  if (kind == 'f') answer.outcome = NameAnswer::Outcome::failed;
  if (kind == '4' || kind == '6') {
    answer.outcome = NameAnswer::Outcome::found;
    answer.addresses = {*parse_ip(kind == '4' ? "127.0.0.9" : "::9")};
    how.remove_prefix(1);
    answer.ttl = std::chrono::seconds(number_at_front(how, 1'000'000));
  }
  server_->on_resolved(question, answer, now_, out_);
  act();
}

void World::order(std::string_view which) {
  const char kind = which.empty() ? ' ' : which.front();
  if (kind == 's') server_->on_order(Order::stop, now_, out_);
  if (kind == 'u') server_->on_order(Order::summary, now_, out_);
  if (kind == 'h') server_->on_order(Order::reload, now_, out_);
  act();
}

// --- What must hold -----------------------------------------------------------------------------

void World::act() {
  expect(out_.datagrams().size() <= datagrams_max, "more datagrams than anybody asked for");
  for (const Outbox::Datagram& datagram : out_.datagrams()) check_datagram(datagram);
  for (const Outbox::StreamAction& action : out_.stream_actions()) carry_out(action);
  for (const BatchId batch : out_.batches()) batches_.push_back(server_->take_batch(batch));
  for (const Outbox::MiReplyAction& action : out_.mi_replies()) {
    if (action.kind == Outbox::MiReplyAction::Kind::open) replies_.push_back(action.reply);
    if (action.kind == Outbox::MiReplyAction::Kind::close) std::erase(replies_, action.reply);
    if (action.kind == Outbox::MiReplyAction::Kind::open) {
      expect(action.text.find('/') == std::string::npos, "a reply FIFO in another directory");
    }
  }
  for (const NameQuestion& question : out_.questions()) {
    expect(!parse_ip(question.name).has_value(), "a question for an address");
    questions_.push_back(question);
  }
  for (const LogLine& line : out_.log_lines()) {
    for (const char c : line.text) {
      const auto byte = static_cast<unsigned char>(c);
      expect(byte >= 0x20 && byte != 0x7f, "a control character in the log");
    }
  }
  if (out_.exit_code()) has_ended_ = true;
  out_.clear();
  expect(server_->server_transactions() <= transactions_max, "more transactions than may be");
}

void World::check_datagram(const Outbox::Datagram& datagram) {
  const std::string_view bytes = out_.bytes(datagram);
  expect(!bytes.empty(), "nothing is sent");
  if (datagram.to.transport == Transport::tcp) {
    // Perhaps it is gone by now, then this goes to nobody; but it was there.
    expect(known_streams_.contains(datagram.to.stream), "a stream that never was is written to");
    if (bytes == "\r\n" || bytes == "\r\n\r\n") return;
  } else {
    expect(bytes.size() <= limits::datagram_bytes_max, "no size for a datagram");
  }
  expect_none(parser::find_broken_in_sent(bytes));
  if (bytes.starts_with("SIP/")) {
    return expect(!was_response_, "a response was answered");
  }
  const std::string_view body = bytes.substr(bytes.find("\r\n\r\n") + 4);
  if (body.starts_with("*** ")) expect_none(parser::find_broken_in_own_text(body));
  requests_.emplace_back(bytes);
  if (requests_.size() > requests_kept_max) requests_.pop_front();
}

void World::carry_out(const Outbox::StreamAction& action) {
  if (action.kind == Outbox::StreamAction::Kind::open) {
    expect(is_opened_by_us(action.flow.stream), "a stream of ours with a number of others");
    return wished_.push_back(action.flow);
  }
  std::erase_if(wished_, [&](const Flow& flow) { return flow.stream == action.flow.stream; });
  streams_.erase(action.flow.stream);
}

// The database answers everything, and then time makes an end of all transactions.
void World::settle() {
  for (int round = 0; round < 100 && !has_ended_; ++round) {
    while (!batches_.empty() && !has_ended_) commit({});
    if (!has_ended_) pass(std::chrono::seconds(1));
  }
  if (has_ended_) return;
  expect(batches_.empty(), "the journal never ends");
  expect(server_->server_transactions() == 0, "a server transaction that outlived Timer J");
}

// What is in memory is what a new process finds in the database.
void World::check_restart() {
  if (has_ended_) return;
  Figures figures;
  server::Server next(settings(), setup(), figures, now_);
  Outbox out;
  db::MemoryStore store(database_);
  expect(store.open().has_value(), "the database does not open again");
  next.on_store_opened(now_, out);
  struct Load {
    server::Server& next;
    Instant now;
    Outbox& out;
  } load{next, now_, out};
  const auto loaded = store.load(
      [](void* context, records::LoadedRows&& piece) {
        auto& to = *static_cast<Load*>(context);
        to.next.on_rows_loaded(piece, to.now, to.out);
        return true;
      },
      &load);
  expect(loaded.has_value(), "the database does not load again");
  next.on_loaded(now_, out);
  expect(figures.rooms_public.value() == figures_->rooms_public.value() &&
             figures.rooms_private.value() == figures_->rooms_private.value(),
         "other rooms after a restart");
  expect(figures.members.value() == figures_->members.value() &&
             figures.invitations_pending.value() == figures_->invitations_pending.value(),
         "other members after a restart");
}

}  // namespace imcd::fuzz
