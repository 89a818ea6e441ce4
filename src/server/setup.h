// Setup: what a server is given for its whole life, besides the settings.
#pragma once

#include <string>

#include "base/siphash.h"
#include "delivery/own_sockets.h"

namespace imcd::server {

struct Setup {
  delivery::OwnSockets sockets;
  std::string version;
  HashKey seed;  // Of everything random; from the kernel in the daemon, fixed in tests.
};

}  // namespace imcd::server
