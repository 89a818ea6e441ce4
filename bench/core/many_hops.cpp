#include "bench/core/many_hops.h"

#include <fmt/format.h>
#include <vector>

#include "bench/core/answer.h"
#include "config/load.h"

namespace imcd::bench {
namespace {

const Flow sender{Address::ipv4({127, 0, 0, 1}, 6000), 0};

Settings settings() {
  Settings settings = config::default_settings();
  settings.conference.room_rate = 0;
  settings.conference.user_rate = 0;
  settings.server.trusted = {*parse_network("0.0.0.0/0")};
  return settings;
}

server::Setup setup() {
  return {.sockets = {.via_sent_by = {"127.0.0.1:5070"}, .ipv4_socket = 0},
          .version = "bench",
          .seed = {}};
}

std::string host(std::uint32_t net, std::uint32_t number) {
  return fmt::format("{}.{}.{}.{}", net, number >> 16, number >> 8 & 255, number & 255);
}

std::string request(std::string_view method, std::string_view from, std::uint32_t number,
                    std::string_view body) {
  return fmt::format(
      "{0} sip:chat@example.org SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 127.0.0.1:6000;rport;branch=z9hG4bK{2}\r\n"
      "Max-Forwards: 70\r\nFrom: <sip:{1}>;tag=f{2}\r\nTo: <sip:chat@example.org>\r\n"
      "Call-ID: {2}\r\nCSeq: 1 {0}\r\nContent-Length: {3}\r\n\r\n{4}",
      method, from, number, body.size(), body);
}

}  // namespace

ManyHops::ManyHops(int hops, State state) {
  records::LoadedRows rows;
  rows.of<records::RoomRow>().push_back({{"chat", "example.org"}, 0});
  rows.of<records::MemberRow>().push_back({{"sip:chat@example.org", "sender", "example.org"}, 0});
  for (int i = 0; i < hops; ++i) {
    rows.of<records::MemberRow>().push_back(
        {{"sip:chat@example.org", "user", host(10, static_cast<std::uint32_t>(i))}, 0});
  }
  server_ = std::make_unique<server::Server>(settings(), setup(), figures_, now_);
  server_->on_store_opened(now_, out_);
  server_->on_rows_loaded(rows, now_, out_);
  server_->on_loaded(now_, out_);
  out_.clear();
  options_ = request("OPTIONS", "sender@example.org", 0, {});
  say("hello");
  do {
    if (state == State::refused) answer_all("503 Service Unavailable", "Retry-After: 3600\r\n");
    out_.clear();
    server_->on_deadline(now_, out_);
  } while (!out_.datagrams().empty());
}

void ManyHops::say(const std::string& text) {
  server_->on_datagram(request("MESSAGE", "sender@example.org", 1, text), sender, now_, out_);
}

void ManyHops::answer_all(std::string_view status, std::string_view headers) {
  std::vector<std::pair<Flow, std::string>> answers;
  for (const Outbox::Datagram& datagram : out_.datagrams()) {
    const std::string_view bytes = out_.bytes(datagram);
    if (!bytes.starts_with("MESSAGE ")) continue;
    answers.emplace_back(datagram.to, std::string());
    append_answer(answers.back().second, bytes, status, headers);
  }
  for (const auto& [from, answer] : answers) server_->on_datagram(answer, from, now_, out_);
}

void ManyHops::ask() {
  server_->on_datagram(options_, sender, now_, out_);
  out_.clear();
}

// A command that nobody understands is answered by a notice.
void ManyHops::go_elsewhere() {
  const std::uint32_t number = ++elsewhere_;
  const Flow from{
      Address::ipv4({11, static_cast<std::uint8_t>(number >> 16),
                     static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)},
                    5060),
      0};
  server_->on_datagram(request("MESSAGE", "user@" + host(11, number), number + 1, "#nonsense"),
                       from, now_, out_);
  answer_all("200 OK", {});
  out_.clear();
  // Timer J of the first ones ends, so that the table of server transactions stays small.
  now_ = now_ + 1ms;
}

}  // namespace imcd::bench
