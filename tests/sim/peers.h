// Peers: everybody at the other end of the network: users, each at an address and with manners of
// its own, and the proxies they stand behind where there are some. They answer the server's
// deliveries, well or badly; what they ask of the server stands in requests.h.
//
// A member decides once what to make of a delivery and answers its copies in the same words, as
// RFC 3261 17.2 asks. What the hostile do besides is not covered by any RFC.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/message.h"
#include "sim/checker.h"
#include "sim/ledger.h"
#include "sim/network.h"
#include "sim/requests.h"
#include "sim/world.h"

namespace imcd::sim {

enum class Manner : std::uint8_t { prompt, slow, busy, gone, fickle, hostile };

struct User {
  std::string uri;  // As the user writes it.
  Address address;
  Manner manner = Manner::prompt;
};

class Peers {
 public:
  Peers(World& world, Network& network, Ledger& ledger, Checker& checker, Requests& requests);

  // A datagram has arrived at one of them.
  void on_datagram(std::uint32_t datagram);
  // A proxy has come to it in its buffer.
  void on_served(std::uint32_t datagram);
  // An answer that was written before goes out.
  void send_late(std::uint32_t datagram);
  // A user leaves, comes back or takes on other manners; or a link goes down.
  void change_weather();

  [[nodiscard]] const std::vector<User>& users() const { return users_; }
  // From where this user's requests reach the server.
  Address source_of(std::size_t user);

 private:
  struct Answer {
    std::uint16_t code = 200;  // 0: none.
    Duration delay{};
    bool has_retry_after = false;
  };

  [[nodiscard]] Manner choose_manner();
  void receive(const Datagram& datagram);
  void on_message(const Datagram& datagram);
  [[nodiscard]] Answer decide(const Delivery& delivery, bool by_proxy);
  Answer busy_answer();
  void respond(const Datagram& datagram, const Answer& answer);
  void misbehave(const Datagram& datagram, const Answer& answer);
  void send_response(const Address& from, std::string_view bytes, Duration delay);
  void write_response(std::uint16_t code, bool has_retry_after, std::string_view method);
  void forward_to_room(const Datagram& datagram);

  World& world_;
  Network& network_;
  Ledger& ledger_;
  Checker& checker_;
  Requests& requests_;
  Dice dice_;
  std::vector<User> users_;
  std::vector<MonoTime> proxy_busy_until_;
  parser::MessageView view_;
  std::string response_;
  std::vector<std::string> old_responses_;  // For replay.
};

}  // namespace imcd::sim
