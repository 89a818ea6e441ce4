// Network: carries datagrams between the server and its peers, and does to them what networks do:
// loses, repeats, delays, reorders, damages and shortens them, or takes down a peer's link for a
// while.
#pragma once

#include <array>
#include <string_view>

#include "sim/world.h"

namespace imcd::sim {

class Network {
 public:
  explicit Network(World& world) : world_(world), dice_(world.dice.fork()) {}

  // `delivery`: its number in the ledger where the server sent one.
  void send(const Address& from, const Address& to, std::string_view bytes,
            std::uint32_t delivery = none);

  // Nothing gets through between the server and this address until then.
  void take_down(const Address& peer, MonoTime until);

 private:
  [[nodiscard]] bool is_down(const Address& peer) const;
  void carry(const Address& from, const Address& to, std::string_view bytes,
             std::uint32_t delivery);
  std::string_view do_harm(std::uint32_t datagram);

  World& world_;
  Dice dice_;
  std::array<MonoTime, 1024> down_until_{};  // By the last two bytes of the address.
};

}  // namespace imcd::sim
