#include "bench/core/steady_room.h"

#include <algorithm>

#include "bench/core/answer.h"
#include "config/load.h"

namespace imcd::bench {
namespace {

constexpr int numbers = 10000;  // Branches before they come again; Timer J is long over by then.

Settings settings_for(const Address& proxy) {
  Settings settings = config::default_settings();
  settings.conference.room_rate = 0;
  settings.conference.user_rate = 0;
  settings.deliveries.outbound_proxies = {proxy};
  settings.server.trusted = {*parse_network("127.0.0.0/8")};
  return settings;
}

server::Setup setup() {
  return {.sockets = {.via_sent_by = {"127.0.0.1:5070"}, .ipv4_socket = 0},
          .version = "bench",
          .seed = {}};
}

}  // namespace

SteadyRoom::SteadyRoom(int members, std::size_t body_bytes) {
  records::LoadedRows rows;
  rows.of<records::RoomRow>().push_back({{"chat", "example.org"}, 0});
  for (int i = 0; i < members; ++i) {
    rows.of<records::MemberRow>().push_back(
        {{"sip:chat@example.org", "user" + std::to_string(i), "example.org"}, 0});
  }
  server_ = std::make_unique<server::Server>(settings_for(proxy_), setup(), figures_, now_);
  server_->on_store_opened(now_, out_);
  server_->on_rows_loaded(rows, now_, out_);
  server_->on_loaded(now_, out_);
  out_.clear();
  request_ =
      "MESSAGE sip:chat@example.org SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 127.0.0.1:6000;rport;branch=z9hG4bK00000\r\n"
      "Max-Forwards: 70\r\n"
      "From: <sip:user0@example.org>;tag=f1\r\n"
      "To: <sip:chat@example.org>\r\n"
      "Call-ID: 5a7c21d4@127.0.0.1\r\n"
      "CSeq: 1 MESSAGE\r\n"
      "Content-Type: text/plain\r\n"
      "Content-Length: " +
      std::to_string(body_bytes) + "\r\n\r\n" + std::string(body_bytes, 'x');
  number_at_ = request_.find("z9hG4bK") + 7;
  answers_.reserve(static_cast<std::size_t>(members) * 512);
  answer_ends_.reserve(static_cast<std::size_t>(members));
}

void SteadyRoom::round() {
  number_ = (number_ + 1) % numbers;
  std::string digits = std::to_string(numbers + number_);
  std::ranges::copy(digits, request_.begin() + static_cast<std::ptrdiff_t>(number_at_));
  call_core([this] { server_->on_datagram(request_, {proxy_, 0}, now_, out_); });
  while (!out_.datagrams().empty() || server_->deliveries().in_flight() > 0) {
    write_answers();
    out_.clear();
    call_core([this] {
      const Flow from{proxy_, 0};
      const std::string_view all = answers_;
      std::size_t begin = 0;
      for (const std::size_t end : answer_ends_) {
        server_->on_datagram(all.substr(begin, end - begin), from, now_, out_);
        begin = end;
      }
      now_ = now_ + 1ms;
      server_->on_deadline(now_, out_);
    });
  }
  // Timer J ends, so that the table of server transactions stays small.
  now_ = now_ + 40s;
  call_core([this] { server_->on_deadline(now_, out_); });
  out_.clear();
}

template <class Call>
void SteadyRoom::call_core(Call&& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  core_time_ += std::chrono::steady_clock::now() - start;
}

// A 200 for each delivery in the outbox, as a proxy without a To tag of its own gives it.
void SteadyRoom::write_answers() {
  answers_.clear();
  answer_ends_.clear();
  for (const Outbox::Datagram& datagram : out_.datagrams()) {
    const std::string_view bytes = out_.bytes(datagram);
    if (!bytes.starts_with("MESSAGE ")) continue;
    delivery_bytes_ = bytes.size();
    append_answer(answers_, bytes, "200 OK");
    answer_ends_.push_back(answers_.size());
  }
}

}  // namespace imcd::bench
