// DeliverySettings: what the operator says about deliveries, and the sockets that they go out by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/names.h"

namespace imcd::delivery {

struct DeliverySettings {
  // What Via says for each socket, index = SocketId: "192.0.2.1:5070".
  std::vector<std::string> via_sent_by;
  // The sockets that serve next hops of each family; nothing where we don't listen on it.
  std::optional<SocketId> ipv4_socket;
  std::optional<SocketId> ipv6_socket;
  // For TCP, those whose addresses peers see; where we don't listen, the ones of UDP.
  std::optional<SocketId> ipv4_tcp_socket;
  std::optional<SocketId> ipv6_tcp_socket;
  std::vector<NextHop> outbound_proxies;  // In the order of preference.
  bool reply_to_source = true;
  std::uint32_t delivery_window = 1;
  std::uint32_t hop_window = 64;
};

}  // namespace imcd::delivery
