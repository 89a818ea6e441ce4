// In the steady state no packet allocates: chat in, deliveries out, answers in.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/figures.h"
#include "server/harness.h"
#include "support/allocation_count.h"

namespace imcd::server {
namespace {

// The server with a proxy that answers everything, without the harness' own allocations.
class Steady : public testing::Test {
 protected:
  static constexpr int members = 1000;

  Steady() {
    db::LoadedRows rows;
    rows.rooms.push_back({"chat", "example.org", 0});
    for (int i = 0; i < members; ++i) {
      rows.members.push_back({"m" + std::to_string(i), "example.org", "sip:chat@example.org", 0});
    }
    Settings settings = default_settings();
    settings.deliveries.outbound_proxies = {proxy};
    server = std::make_unique<Server>(settings, figures, now);
    server->on_store_opened(now, out);
    server->on_rows_loaded(rows, now, out);
    server->on_loaded(now, out);
    out.clear();
    request = RequestText{.from = "<sip:m0@example.org>;tag=1", .body = "hello"}.text();
    branch_at = request.find("z9hG4bKa1") + 7;
    response.reserve(1024);
    answered.reserve(1U << 20);
  }

  // One chat message, delivered to all and answered by all.
  void round(int number) {
    // Another branch, so another transaction.
    request[branch_at] = static_cast<char>('a' + number % 26);
    request[branch_at + 1] = static_cast<char>('a' + number / 26 % 26);
    server->on_datagram(request, {proxy, 0}, now, out);
    while (!out.datagrams().empty() || server->conference().deliveries().in_flight() > 0) {
      answered.clear();
      for (const Outbox::Datagram& datagram : out.datagrams()) {
        answered.append(out.bytes(datagram));
        answered.append('\0');
      }
      out.clear();
      answer_all();
      now = now + 1ms;
      server->on_deadline(now, out);
    }
    now = now + 40s;
    server->on_deadline(now, out);
    out.clear();
  }

  void answer_all() {
    std::string_view rest = answered.view();
    while (!rest.empty()) {
      const std::size_t end = rest.find('\0');
      const std::string_view bytes = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      if (!bytes.starts_with("MESSAGE ")) continue;
      response = "SIP/2.0 200 OK\r\n";
      for (const std::string_view name : {"Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "}) {
        const std::size_t begin = bytes.find(name);
        response += bytes.substr(begin, bytes.find("\r\n", begin) + 2 - begin);
      }
      response += "Content-Length: 0\r\n\r\n";
      server->on_datagram(response, {proxy, 0}, now, out);
    }
  }

  const Address proxy = Address::ipv4({127, 0, 0, 1}, 6000);
  Instant now{MonoTime(1h), WallTime(1h)};
  Figures figures;
  std::unique_ptr<Server> server;
  Outbox out;
  ByteBuffer answered;
  std::string request;
  std::string response;
  std::size_t branch_at = 0;
};

TEST_F(Steady, RoomOfAThousandAllocatesNothing) {
  for (int i = 0; i < 5; ++i) round(i);
  const std::uint64_t before = at(figures.deliveries, DeliveryResult::accepted).value();
  const std::size_t allocated = allocation_count();
  for (int i = 5; i < 25; ++i) round(i);
  EXPECT_EQ(allocation_count() - allocated, 0U);
  EXPECT_EQ(at(figures.deliveries, DeliveryResult::accepted).value() - before, 20U * (members - 1));
}

}  // namespace
}  // namespace imcd::server
