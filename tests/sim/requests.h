// Requests: what the peers ask of the server, each a client transaction (RFC 3261 17.1.2): sent
// again by Timer E until a final response comes, or Timer F.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/network.h"
#include "sim/world.h"

namespace imcd::sim {

class Requests {
 public:
  Requests(World& world, Network& network) : world_(world), network_(network) {}

  // The number that the next request has; its branch must end in branch_mark and this number.
  [[nodiscard]] std::uint32_t next_number() const {
    return static_cast<std::uint32_t>(requests_.size());
  }
  static constexpr std::string_view branch_mark = "-n";

  // Sends it now, and again where `repeats`.
  void start(const Address& from, std::string bytes, bool repeats = true);
  void on_timer(std::uint32_t number, std::uint32_t copies);
  // A response with this branch in its top Via.
  void on_response(std::string_view branch, std::uint16_t status);

 private:
  struct Request {
    Address from;
    std::string bytes;  // Empty: over.
  };

  World& world_;
  Network& network_;
  std::vector<Request> requests_;
};

}  // namespace imcd::sim
