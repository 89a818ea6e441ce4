#include "server/harness.h"

#include <fmt/format.h>

#include "config/load.h"
#include "parser/message.h"

namespace imcd::server {
namespace {

using parser::HeaderName;

Heard take_apart(std::string_view bytes, MonoTime at) {
  auto view = std::make_unique<parser::MessageView>();
  Heard heard;
  heard.bytes = bytes;
  heard.at = at;
  CHECK(parser::parse_message(heard.bytes, *view).has_value());
  const auto value = [&](HeaderName name) {
    return std::string(view->find(name).value_or(std::string_view{}));
  };
  heard.is_request = view->is_request;
  heard.code = view->status;
  heard.reason = view->reason;
  heard.request_uri = view->request_uri;
  heard.from = value(HeaderName::from);
  heard.to = value(HeaderName::to);
  heard.call_id = value(HeaderName::call_id);
  heard.via = value(HeaderName::via);
  heard.in_reply_to = value(HeaderName::in_reply_to);
  heard.content_type = value(HeaderName::content_type);
  heard.retry_after = value(HeaderName::retry_after);
  heard.body = view->body;
  return heard;
}

}  // namespace

std::string field(std::string_view bytes, std::string_view name) {
  const std::size_t begin = bytes.find(name) + name.size();
  return std::string(bytes.substr(begin, bytes.find("\r\n", begin) - begin));
}

std::string answer_to(std::string_view request, int code, std::string_view headers) {
  return fmt::format(
      "SIP/2.0 {} Whatever\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=p\r\nCall-ID: {}\r\nCSeq: {}\r\n"
      "{}Content-Length: 0\r\n\r\n",
      code, field(request, "\r\nVia: "), field(request, "\r\nFrom: "), field(request, "\r\nTo: "),
      field(request, "\r\nCall-ID: "), field(request, "\r\nCSeq: "), headers);
}

std::string stream_request(int number, std::string_view body, std::string_view user) {
  RequestText text;
  text.via = fmt::format("SIP/2.0/TCP 127.0.0.1:6000;branch=z9hG4bK{}{}", user, number);
  text.from = fmt::format("<sip:{}@example.org>;tag=f{}", user, number);
  text.call_id = fmt::format("{}-{}", user, number);
  text.extra = "Content-Type: text/plain\r\n";
  text.body = body;
  return text.text();
}

Settings default_settings() {
  Settings settings = config::default_settings();
  settings.conference.room_rate = 0;
  settings.conference.user_rate = 0;
  settings.conference.user_burst = 0;
  settings.deliveries.reply_to_source = ReplyToSource::on;
  settings.server.trusted = {*parse_network("127.0.0.0/8")};
  return settings;
}

Setup default_setup() {
  return {.sockets = {.via_sent_by = {"127.0.0.1:5070"}, .ipv4_socket = 0},
          .version = "test",
          .seed = {7, 7}};
}

std::string RequestText::text() const {
  return fmt::format(
      "{} {} SIP/2.0\r\nVia: {}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {}\r\n"
      "Max-Forwards: {}\r\n{}Content-Length: {}\r\n\r\n{}",
      method, request_uri, via, from, to, call_id, cseq, max_forwards, extra, body.size(), body);
}

// --- Peer ----------------------------------------------------------------------------------------

Peer::Peer(Harness& harness, std::string its_name, Address its_address)
    : name(std::move(its_name)), address(its_address), harness_(harness) {}

std::string Peer::say(std::string_view room, std::string_view body,
                      std::string_view extra_headers) {
  ++last_request_;
  RequestText request;
  request.request_uri = fmt::format("sip:{}@example.org", room);
  request.via = fmt::format("SIP/2.0/UDP {};rport;branch=z9hG4bK{}{}", address_text(address), name,
                            last_request_);
  request.from = fmt::format("<{}>;tag={}", uri(), last_request_);
  request.to = fmt::format("<{}>", request.request_uri);
  request.call_id = fmt::format("{}-{}", name, last_request_);
  request.extra = std::string("Content-Type: text/plain\r\n") + std::string(extra_headers);
  if (extra_headers.contains("Content-Type")) request.extra = extra_headers;
  request.body = body;
  const std::string bytes = request.text();
  send(bytes);
  return bytes;
}

void Peer::send(const std::string& bytes) { harness_.deliver(address, bytes); }

int Peer::last_code() const {
  for (auto at = responses.rbegin(); at != responses.rend(); ++at) {
    if (at->code >= 200) return at->code;
  }
  return 0;
}

std::string Peer::last_reason() const { return responses.empty() ? "" : responses.back().reason; }

std::vector<std::string> Peer::heard() const {
  std::vector<std::string> bodies;
  std::map<std::string, int> seen;
  for (const Heard& request : requests) {
    if (seen[request.via]++ == 0) bodies.push_back(request.body);
  }
  return bodies;
}

bool Peer::has_heard(std::string_view part) const {
  for (const Heard& request : requests) {
    if (request.body.contains(part)) return true;
  }
  return false;
}

void Peer::on_datagram(const Heard& heard) {
  if (!heard.is_request) {
    responses.push_back(heard);
    return;
  }
  requests.push_back(heard);
  if (manner == Manner::silent) return;
  const std::string response = answer_to(heard.bytes, answer_code, answer_headers);
  harness_.at(answer_delay, [this, response] { send(response); });
}

// --- Harness -------------------------------------------------------------------------------------

Harness::Harness(HarnessOptions its_options) : options(std::move(its_options)) { start(); }

void Harness::start() {
  ++life_;
  server_.reset();
  figures_ = std::make_unique<Figures>();
  store_ = std::make_unique<db::MemoryStore>(database);
  server_ = std::make_unique<Server>(options.settings, options.setup, *figures_, now_);
  if (options.load) load();
}

void Harness::restart() {
  held_result_.reset();
  out_.clear();
  exit_code.reset();
  streams_.clear();
  asked_for.clear();
  options.setup.seed.low += 1;
  start();
}

void Harness::load() {
  if (const auto opened = store_->open(); !opened) {
    server_->on_open_failed(opened.error().text, now_, out_);
    return act();
  }
  server_->on_store_opened(now_, out_);
  const auto loaded = store_->load(
      [](void* context, records::LoadedRows&& piece) {
        auto* const self = static_cast<Harness*>(context);
        self->server_->on_rows_loaded(piece, self->now_, self->out_);
        return true;
      },
      this);
  if (loaded) {
    server_->on_loaded(now_, out_);
  } else {
    server_->on_load_failed(loaded.error().text, now_, out_);
  }
  act();
}

Peer& Harness::peer(const std::string& name) {
  const auto port = static_cast<std::uint16_t>(6000 + peers_.size());
  auto& peer = peers_[name];
  if (!peer) {
    peer = std::make_unique<Peer>(*this, name, Address::ipv4({127, 0, 0, 1}, port));
  }
  return *peer;
}

void Harness::deliver(const Address& from, const std::string& bytes) {
  if (exit_code) return;
  server_->on_datagram(bytes, {from, 0}, now_, out_);
  act();
}

Harness::Stream& Harness::connect(const Address& from) {
  const SocketId socket = static_cast<SocketId>(options.setup.sockets.via_sent_by.size() - 1);
  const Flow flow{from, socket, Transport::tcp, ++last_accepted_};
  Stream& stream = streams_[flow.stream];
  stream = {.flow = flow, .is_open = true};
  server_->on_stream_open(flow, now_, out_);
  act();
  return stream;
}

Harness::Stream& Harness::accept(StreamId id) {
  Stream& stream = streams_.at(id);
  stream.is_open = true;
  server_->on_stream_open(stream.flow, now_, out_);
  act();
  return stream;
}

void Harness::feed(const Stream& stream, const std::string& bytes) {
  if (exit_code || !stream.is_open) return;
  server_->on_stream_bytes(bytes, stream.flow, now_, out_);
  act();
}

void Harness::end(Stream& stream, StreamEnd how) {
  stream.is_open = false;
  server_->on_stream_ended(stream.flow.stream, how, now_, out_);
  act();
}

void Harness::set_blocked(const Stream& stream, bool is_blocked) {
  server_->on_stream_blocked(stream.flow.stream, is_blocked, now_, out_);
  act();
}

void Harness::carry_out(const Outbox::StreamAction& action) {
  const StreamId id = action.flow.stream;
  if (action.kind == Outbox::StreamAction::Kind::open) {
    CHECK(is_opened_by_us(id) && !streams_.contains(id));
    streams_[id].flow = action.flow;
    asked_for.push_back(id);
    return;
  }
  Stream& stream = streams_.at(id);
  stream.is_open = false;
  stream.is_closed_by_server = true;
}

void Harness::order(Order order) {
  server_->on_order(order, now_, out_);
  act();
}

void Harness::refuse(const Address& by) {
  server_->on_port_closed({by, 0}, now_, out_);
  act();
}

void Harness::at(Duration delay, std::function<void()> action) {
  events_.emplace(now_.mono + delay, std::move(action));
}

// Carries the outbox out. Datagrams arrive after everything else of this moment.
void Harness::act() {
  if (on_outbox) on_outbox(out_);
  for (const Outbox::Datagram& datagram : out_.datagrams()) {
    send(datagram.to, out_.bytes(datagram));
  }
  for (const Outbox::StreamAction& action : out_.stream_actions()) carry_out(action);
  for (const BatchId batch : out_.batches()) commit(server_->take_batch(batch));
  for (const NameQuestion& question : out_.questions()) ask(question);
  for (const LogLine& line : out_.log_lines()) {
    std::string text = line.text;
    for (const auto& [name, value] : line.fields) text += fmt::format(" {}={}", name, value);
    log.push_back(text);
  }
  if (out_.exit_code()) exit_code = out_.exit_code();
  out_.clear();
}

void Harness::send(const Flow& to, std::string_view bytes) {
  if (to.transport == Transport::tcp) {
    CHECK(streams_.contains(to.stream));
    Stream& stream = streams_.at(to.stream);
    if (!stream.is_open) return;
    stream.sent += bytes;
    if (on_sent) on_sent(stream, bytes);
    return;
  }
  if (network && !network(to, bytes)) return;
  for (auto& [name, peer] : peers_) {
    if (peer->address != to.peer) continue;
    Peer* const receiver = peer.get();
    at(0ns, [this, receiver, text = std::string(bytes)] {
      receiver->on_datagram(take_apart(text, now_.mono));
    });
  }
}

void Harness::ask(const NameQuestion& question) {
  questions.push_back(question);
  const auto said = dns ? dns(question) : NameAnswer{.outcome = NameAnswer::Outcome::none};
  if (!said) return;
  at(0ns, [this, question, said = *said, life = life_] {
    if (life == life_) answer(question, said);
  });
}

void Harness::answer(const NameQuestion& question, const NameAnswer& answer) {
  server_->on_resolved(question, answer, now_, out_);
  act();
}

void Harness::commit(db::Batch batch) {
  db::CommitResult result = store_->commit(std::move(batch));
  if (database_hangs) {
    held_result_ = std::move(result);
    return;
  }
  at(options.commit_delay, [this, result, life = life_] {
    if (life != life_) return;
    server_->on_commit(result, now_, out_);
    act();
  });
}

void Harness::release_database() {
  database_hangs = false;
  if (!held_result_) return;
  db::CommitResult result = std::move(*held_result_);
  held_result_.reset();
  server_->on_commit(std::move(result), now_, out_);
  act();
}

void Harness::run_for(Duration duration) { run_until(now_.mono + duration); }

void Harness::run_until(MonoTime end) {
  const auto move_clock = [this](MonoTime to) {
    if (to > now_.mono) now_ = now_ + (to - now_.mono);
  };
  for (;;) {
    // After its end the process does nothing more, but what it sent arrives.
    const auto deadline = exit_code ? std::nullopt : server_->next_deadline();
    const bool has_event = !events_.empty() && events_.begin()->first <= end;
    if (has_event && (!deadline || events_.begin()->first <= *deadline)) {
      const auto event = events_.extract(events_.begin());
      move_clock(event.key());
      event.mapped()();
    } else if (deadline && *deadline <= end) {
      move_clock(*deadline);
      server_->on_deadline(now_, out_);
      act();
    } else {
      break;
    }
  }
  move_clock(end);
}

}  // namespace imcd::server
