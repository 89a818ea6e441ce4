// What the core asks of the DNS, and what it is told. The question is the key: an answer comes with
// the question it answers, so nothing has to be numbered, and an answer that nobody waits for any
// longer is simply left.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/time.h"

namespace imcd {

enum class NameKind : std::uint8_t {
  addresses,  // A and AAAA, of the families that we have sockets for.
  services,   // SRV.
};

struct NameQuestion {
  std::string name;  // "proxy.example.org", "_sip._udp.example.org".
  NameKind kind = NameKind::addresses;
  friend bool operator==(const NameQuestion&, const NameQuestion&) = default;
};

// RFC 2782.
struct Service {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;
  friend bool operator==(const Service&, const Service&) = default;
};

struct NameAnswer {
  enum class Outcome : std::uint8_t {
    found,
    none,    // The DNS says that there is no such name, or nothing of this kind.
    failed,  // The DNS says nothing: no answer, or a server in trouble.
  };
  Outcome outcome = Outcome::failed;
  std::vector<Address> addresses;  // Port 0.
  std::vector<Service> services;
  Duration ttl{};  // Of what was found: the shortest.
};

// A next hop as an operator names it: an address, or a name whose address the DNS knows.
struct NextHop {
  Address address;         // Empty where there is a name.
  std::string name;        // In lower case, without a final dot.
  std::uint16_t port = 0;  // With the name; 0: none was given, so SRV may say (RFC 3263 4.2).
  Transport transport = Transport::udp;

  NextHop(const Address& literal, Transport its_transport = Transport::udp)
      : address(literal), transport(its_transport) {}
  NextHop(std::string host, std::uint16_t its_port, Transport its_transport = Transport::udp)
      : name(std::move(host)), port(its_port), transport(its_transport) {}
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

}  // namespace imcd
