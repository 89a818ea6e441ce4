#include "sim/peers.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/limits.h"

namespace imcd::sim {

using parser::HeaderName;

namespace {

constexpr std::string_view our_branch = "z9hG4bK";

bool is_proxy(const Address& address) { return address.ip[12] == 127 && address.ip[14] == 2; }

}  // namespace

Peers::Peers(World& world, Network& network, Ledger& ledger, Checker& checker, Requests& requests)
    : world_(world),
      network_(network),
      ledger_(ledger),
      checker_(checker),
      requests_(requests),
      dice_(world.dice.fork()),
      proxy_busy_until_(world.plan.proxies) {
  for (std::size_t i = 0; i < world.plan.users; ++i) {
    User user;
    user.address = user_address(i);
    user.uri = user_uri(i);
    user.manner = world.plan.is_one_bad_user && !is_good(i) ? Manner::gone : choose_manner();
    users_.push_back(std::move(user));
  }
}

Manner Peers::choose_manner() {
  const Manners& shares = world_.plan.manners;
  if (dice_.chance(shares.gone)) return Manner::gone;
  if (dice_.chance(shares.hostile)) return Manner::hostile;
  if (dice_.chance(shares.fickle)) return Manner::fickle;
  if (dice_.chance(shares.busy)) return Manner::busy;
  if (dice_.chance(shares.slow)) return Manner::slow;
  return Manner::prompt;
}

void Peers::change_weather() {
  if (dice_.chance(0.6)) {
    User& user = users_[dice_.below(users_.size())];
    user.manner = user.manner == Manner::gone ? Manner::prompt
                  : dice_.chance(0.5)         ? Manner::gone
                                              : choose_manner();
    world_.counts.add(Fault::member_leaves);
    return;
  }
  // In the heat of the day, all come back at once.
  for (User& user : users_) {
    if (user.manner == Manner::gone) user.manner = Manner::prompt;
  }
}

Address Peers::source_of(std::size_t user) {
  if (world_.plan.proxies == 0) return users_[user].address;
  return proxy_address(dice_.below(world_.plan.proxies));
}

// --- Receiving -----------------------------------------------------------------------------------

void Peers::on_datagram(std::uint32_t slot) {
  Datagram& datagram = world_.datagrams[slot];
  const Duration service = world_.plan.proxy_service;
  if (!is_proxy(datagram.to) || service == Duration::zero() || world_.is_calm) {
    return on_served(slot);
  }
  // RFC 3428 and UDP give no congestion control: what a full buffer can't take is lost.
  MonoTime& busy_until = proxy_busy_until_[datagram.to.ip[15]];
  busy_until = std::max(busy_until, world_.now.mono);
  const auto waiting = static_cast<std::size_t>((busy_until - world_.now.mono) / service);
  if (waiting >= world_.plan.proxy_buffer) {
    world_.counts.add(Fault::buffer_overrun);
    world_.trace.note(world_.now, "the proxy's receive buffer is full");
    return world_.datagrams.give_back(slot);
  }
  busy_until += service;
  world_.schedule.add(busy_until, EventKind::served, slot);
}

void Peers::on_served(std::uint32_t slot) {
  receive(world_.datagrams[slot]);
  world_.datagrams.give_back(slot);
}

void Peers::receive(const Datagram& datagram) {
  // A real stack drops what its checksum finds damaged; some damage passes.
  if (datagram.damaged && !dice_.chance(0.1)) return;
  if (!parser::parse_message(datagram.view(), view_)) return;
  if (view_.is_request) return on_message(datagram);
  const auto field = view_.find(HeaderName::via);
  const auto via = field ? parser::parse_via(*field) : std::unexpected(parser::ParseError{});
  if (via) requests_.on_response(via->branch, view_.status);
}

void Peers::on_message(const Datagram& datagram) {
  if (view_.method == parser::Method::options) {
    return respond(datagram, {.code = 200, .delay = 1ms});
  }
  if (datagram.damaged || datagram.delivery == none) {
    return respond(datagram, {.code = 400, .delay = 1ms});
  }
  Delivery& delivery = ledger_.delivery(datagram.delivery);
  if (delivery.answer != 0) {
    // A copy: the same answer, where there was one.
    if (world_.now.mono >= delivery.answer_at) respond(datagram, {.code = delivery.answer});
    return;
  }
  const Answer answer = decide(delivery, is_proxy(datagram.to));
  if (answer.code == 482) forward_to_room(datagram);
  if (answer.code == 0) return world_.counts.add(Fault::member_silent);
  delivery.answer = answer.code;
  delivery.answer_at = world_.now.mono + answer.delay;
  if (answer.code < 300) checker_.on_heard(datagram.delivery);
  if (delivery.user < users_.size() && users_[delivery.user].manner == Manner::hostile &&
      !world_.is_calm) {
    return misbehave(datagram, answer);
  }
  respond(datagram, answer);
}

// A proxy that routes by R-URI brings the message of a room back to the server. Some proxies drop
// header fields that they don't know.
void Peers::forward_to_room(const Datagram& datagram) {
  const auto value = [this](HeaderName name) {
    return view_.find(name).value_or(std::string_view{});
  };
  const std::string mark =
      dice_.chance(0.5) ? fmt::format("X-IMC-Loop: {}\r\n", value(HeaderName::x_imc_loop)) : "";
  requests_.start(
      datagram.to,
      fmt::format("MESSAGE {} SIP/2.0\r\nVia: SIP/2.0/UDP {};rport;branch=z9hG4bKf{}{}\r\n"
                  "Via: {}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 1 MESSAGE\r\n"
                  "Max-Forwards: 60\r\n{}Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
                  view_.request_uri, address_text(datagram.to), Requests::branch_mark,
                  requests_.next_number(), value(HeaderName::via), value(HeaderName::from),
                  value(HeaderName::to), value(HeaderName::call_id), mark, view_.body.size(),
                  view_.body));
}

Peers::Answer Peers::decide(const Delivery& delivery, bool by_proxy) {
  if (by_proxy && !world_.is_calm && dice_.chance(world_.plan.proxy_busy)) {
    world_.counts.add(Fault::proxy_busy);
    return {503, 1ms, dice_.chance(world_.plan.proxy_busy_retry_after)};
  }
  if (delivery.user >= users_.size()) {
    // Nobody, or a room that is a member of a room.
    const bool is_room = view_.request_uri.starts_with("sip:r");
    return {static_cast<std::uint16_t>(is_room ? 482 : 404), 1ms};
  }
  const Duration prompt = dice_.between(100us, 3ms);
  switch (users_[delivery.user].manner) {
    case Manner::prompt:
    case Manner::hostile:
      return {200, prompt};
    case Manner::slow:
      world_.counts.add(Fault::member_slow);
      return {200, dice_.chance(0.1) ? dice_.between(10s, 45s) : dice_.between(20ms, 6s)};
    case Manner::busy: {
      Answer answer = busy_answer();
      // RFC 3261 16.7: a proxy does not forward the 503 of one member, as that speaks for itself.
      if (by_proxy && answer.code == 503) answer.code = 500;
      return answer;
    }
    case Manner::gone:
      return {0};
    case Manner::fickle:
      return {static_cast<std::uint16_t>(dice_.chance(0.5) ? 0 : 200), prompt};
  }
  return {};
}

Peers::Answer Peers::busy_answer() {
  constexpr std::uint16_t refusals[] = {302, 403, 404, 408, 410, 480, 480,
                                        486, 486, 500, 503, 503, 600, 603};
  if (dice_.chance(0.5)) return {200, dice_.between(1ms, 20ms)};
  world_.counts.add(Fault::member_busy);
  return {dice_.pick(refusals), dice_.between(1ms, 20ms), dice_.chance(0.5)};
}

// --- Answering -----------------------------------------------------------------------------------

void Peers::write_response(std::uint16_t code, bool has_retry_after, std::string_view method) {
  const auto value = [this](HeaderName name) {
    return view_.find(name).value_or(std::string_view{});
  };
  response_.clear();
  fmt::format_to(std::back_inserter(response_),
                 "SIP/2.0 {} Said By A Peer\r\nVia: {};received=127.0.0.1\r\nFrom: {}\r\n"
                 "To: {};tag=p{}\r\nCall-ID: {}\r\nCSeq: 1 {}\r\n{}Content-Length: 0\r\n\r\n",
                 code, value(HeaderName::via), value(HeaderName::from), value(HeaderName::to), code,
                 value(HeaderName::call_id), method,
                 has_retry_after ? fmt::format("Retry-After: {}\r\n", dice_.between(1, 30)) : "");
}

void Peers::respond(const Datagram& datagram, const Answer& answer) {
  write_response(answer.code, answer.has_retry_after, view_.method_text);
  send_response(datagram.to, response_, answer.delay);
}

void Peers::send_response(const Address& from, std::string_view bytes, Duration delay) {
  if (delay == Duration::zero()) return network_.send(from, server_address(), bytes);
  world_.at(delay, EventKind::peer_sends, world_.datagrams.make(from, server_address(), bytes));
}

void Peers::send_late(std::uint32_t slot) {
  const Datagram& datagram = world_.datagrams[slot];
  network_.send(datagram.from, datagram.to, datagram.view());
  world_.datagrams.give_back(slot);
}

// What a member may do who wants to confuse the server, around the answer it owes or without it.
void Peers::misbehave(const Datagram& datagram, const Answer& answer) {
  const Address& from = datagram.to;
  write_response(answer.code, answer.has_retry_after, "MESSAGE");
  const std::string good = response_;
  const std::size_t token = good.find(our_branch) + our_branch.size();
  switch (dice_.below(8)) {
    case 0:  // A branch that the server might have made, but did not.
      world_.counts.add(Fault::forged_response);
      for (int i = 0; i < 3; ++i) {
        std::string forged = good;
        forged[token + dice_.below(26)] = "0123456789abcdef"[dice_.below(16)];
        if (forged != good) send_response(from, forged, answer.delay);
      }
      return send_response(from, good, 2 * answer.delay);
    case 1:  // One of a message long done with.
      if (!old_responses_.empty()) {
        world_.counts.add(Fault::stale_response);
        send_response(from, dice_.pick(old_responses_), answer.delay);
      }
      if (old_responses_.size() < 64) old_responses_.push_back(good);
      return send_response(from, good, answer.delay);
    case 2:  // Another answer after the first.
      world_.counts.add(Fault::second_answer);
      send_response(from, good, answer.delay);
      write_response(dice_.chance(0.5) ? 480 : 603, true, "MESSAGE");
      return send_response(from, response_, answer.delay + dice_.between(0ms, 50ms));
    case 3: {  // RFC 4320 4.1 forbids it to UASs, but some send it.
      world_.counts.add(Fault::provisional_answer);
      write_response(100, false, "MESSAGE");
      send_response(from, response_, answer.delay);
      const Duration later = dice_.between(10ms, 40s);
      ledger_.delivery(datagram.delivery).answer_at = world_.now.mono + later;
      return send_response(from, good, later);
    }
    case 4:  // From an address that the server never heard of.
      world_.counts.add(Fault::moved_response);
      return send_response(Address::ipv4({127, 0, 3, 3}, 999), good, answer.delay);
    case 5: {  // Not SIP, or not quite.
      world_.counts.add(Fault::broken_response);
      const std::string methods[] = {"OPTIONS", "INVITE", "MESSAGE MESSAGE", ""};
      write_response(answer.code, false, dice_.pick(methods));
      send_response(from, response_, answer.delay);
      send_response(from, good.substr(0, dice_.below(good.size())), answer.delay);
      std::string long_one = good;
      long_one.insert(long_one.find("Content-Length"),
                      "X-Filler: " + std::string(dice_.below(9000), 'x') + "\r\n");
      return send_response(from, long_one, answer.delay);
    }
    case 6:  // Never.
      return world_.counts.add(Fault::member_silent);
    default:
      return send_response(from, good, answer.delay);
  }
}

}  // namespace imcd::sim
