// OwnSockets: the sockets that deliveries leave by, as the reactor bound them. They are the same
// from the start to the end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/address.h"

namespace imcd::delivery {

struct OwnSockets {
  // What Via says for each socket, index = SocketId: "192.0.2.1:5070".
  std::vector<std::string> via_sent_by;
  // The sockets that serve next hops of each family; nothing where we don't listen on it.
  std::optional<SocketId> ipv4_socket;
  std::optional<SocketId> ipv6_socket;
  // For TCP, those whose addresses peers see; where we don't listen, the ones of UDP.
  std::optional<SocketId> ipv4_tcp_socket;
  std::optional<SocketId> ipv6_tcp_socket;
};

}  // namespace imcd::delivery
