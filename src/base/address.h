// Address: an IP address with a port, as a value of 24 bytes that can be compared and hashed.
// IPv4 is kept in its IPv4-mapped IPv6 form (RFC 4291 2.5.5.2) but remembers its family.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/stream.h"

namespace imcd {

constexpr std::uint16_t default_sip_port = 5060;  // RFC 3261 19.1.2 and 18.2.2, for UDP and TCP.

struct Address {
  enum class Family : std::uint8_t { none, ipv4, ipv6 };

  std::array<std::uint8_t, 16> ip{};
  std::uint32_t scope_id = 0;  // Interface of an IPv6 link-local address, else 0.
  std::uint16_t port = 0;      // Host byte order.
  Family family = Family::none;

  static Address ipv4(std::array<std::uint8_t, 4> octets, std::uint16_t port);

  [[nodiscard]] bool is_ipv4() const { return family == Family::ipv4; }
  [[nodiscard]] bool is_ipv6() const { return family == Family::ipv6; }
  [[nodiscard]] bool empty() const { return family == Family::none; }
  // 0.0.0.0 or [::]: fit for listening only.
  [[nodiscard]] bool is_wildcard() const;
  // 127.0.0.0/8 or ::1.
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool same_host(const Address& other) const;

  // Not the array's own comparison, which is a call; each delivery asks several times.
  friend bool operator==(const Address& a, const Address& b) {
    return std::memcmp(a.ip.data(), b.ip.data(), a.ip.size()) == 0 && a.scope_id == b.scope_id &&
           a.port == b.port && a.family == b.family;
  }
};

// A literal without a port: `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`. Names give nothing.
std::optional<Address> parse_ip(std::string_view text, std::uint16_t port = 0);

// `192.0.2.1:5060` or `[2001:db8::1]:5060`; the port is required.
std::optional<Address> parse_address(std::string_view text);

// The host as a SIP header spells it: IPv6 in brackets, never a port.
void write_host(ByteBuffer& out, const Address& address);
std::string host_text(const Address& address);
// `host:port`, IPv6 in brackets.
void write_address(ByteBuffer& out, const Address& address);
std::string address_text(const Address& address);

// A CIDR block such as `10.0.0.0/8` or `::1/128`; without a length, one address.
struct Network {
  Address base;
  std::uint8_t prefix_bits = 0;  // Of 128: an IPv4 /8 is stored as 104.

  [[nodiscard]] bool contains(const Address& address) const;
  friend bool operator==(const Network&, const Network&) = default;
};
std::optional<Network> parse_network(std::string_view text);

enum class Transport : std::uint8_t { udp, tcp };

// An address together with how it is spoken to: `udp:127.0.0.1:5070` in the log and in `listen`.
struct Endpoint {
  Endpoint() = default;
  // An address by itself is spoken to over UDP.
  Endpoint(const Address& its_address) : address(its_address) {}
  Endpoint(Transport its_transport, const Address& its_address)
      : transport(its_transport), address(its_address) {}

  Transport transport = Transport::udp;
  Address address;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
std::string endpoint_text(const Endpoint& endpoint);

// The local socket a datagram or stream came in on, and who is at the other end: what is needed to
// answer the same way back. Sockets are numbered by the reactor in the order of `listen`, those of
// UDP first. A Flow over TCP without a stream means any connection to that peer.
using SocketId = std::uint32_t;
struct Flow {
  Address peer;
  SocketId socket = 0;
  Transport transport = Transport::udp;
  StreamId stream = 0;
  friend bool operator==(const Flow&, const Flow&) = default;
};

}  // namespace imcd
