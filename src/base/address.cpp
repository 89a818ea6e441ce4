#include "base/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>

#include "base/text.h"

namespace imcd {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Address Address::ipv4(std::array<std::uint8_t, 4> octets, std::uint16_t port) {
  Address address;
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), address.ip.begin());
  std::copy(octets.begin(), octets.end(), address.ip.begin() + 12);
  address.port = port;
  address.family = Family::ipv4;
  return address;
}

bool Address::is_wildcard() const {
  const auto first = is_ipv4() ? ip.begin() + 12 : ip.begin();
  return std::all_of(first, ip.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool Address::is_loopback() const {
  if (is_ipv4()) return ip[12] == 127;
  const bool is_one = ip.back() == 1 && std::all_of(ip.begin(), ip.end() - 1,
                                                    [](std::uint8_t byte) { return byte == 0; });
  return is_ipv6() && is_one;
}

bool Address::same_host(const Address& other) const { return ip == other.ip; }

std::optional<Address> parse_ip(std::string_view text, std::uint16_t port) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    if (!text.contains(':')) return std::nullopt;
  }
  char terminated[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof terminated || text.contains('\0')) return std::nullopt;
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  if (!text.contains(':')) {
    std::array<std::uint8_t, 4> octets{};
    if (inet_pton(AF_INET, terminated, octets.data()) != 1) return std::nullopt;
    return Address::ipv4(octets, port);
  }
  Address address;
  if (inet_pton(AF_INET6, terminated, address.ip.data()) != 1) return std::nullopt;
  address.port = port;
  address.family = Address::Family::ipv6;
  return address;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(0, colon);
  if (host.contains(':') && host.front() != '[') return std::nullopt;
  const auto port = parse_number(text.substr(colon + 1), 65535);
  if (!port) return std::nullopt;
  return parse_ip(host, static_cast<std::uint16_t>(*port));
}

void write_host(ByteBuffer& out, const Address& address) {
  char text[INET6_ADDRSTRLEN];
  if (address.is_ipv4()) {
    for (std::size_t i = 12; i < 16; ++i) {
      if (i > 12) out.append('.');
      out.append_number(address.ip[i]);
    }
    return;
  }
  inet_ntop(AF_INET6, address.ip.data(), text, sizeof text);
  out.append('[');
  out.append(text);
  out.append(']');
}

std::string host_text(const Address& address) {
  ByteBuffer out;
  write_host(out, address);
  return std::string(out.view());
}

void write_address(ByteBuffer& out, const Address& address) {
  write_host(out, address);
  out.append(':');
  out.append_number(address.port);
}

std::string address_text(const Address& address) {
  ByteBuffer out;
  write_address(out, address);
  return std::string(out.view());
}

bool Network::contains(const Address& address) const {
  const std::size_t whole = prefix_bits / 8;
  if (!std::equal(base.ip.begin(), base.ip.begin() + whole, address.ip.begin())) return false;
  const unsigned rest = prefix_bits % 8;
  return rest == 0 || ((base.ip[whole] ^ address.ip[whole]) >> (8 - rest)) == 0;
}

std::string endpoint_text(const Endpoint& endpoint) {
  const std::string_view transport = endpoint.transport == Transport::udp ? "udp:" : "tcp:";
  return std::string(transport) + address_text(endpoint.address);
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = parse_ip(text.substr(0, slash));
  if (!base) return std::nullopt;
  const std::uint64_t longest = base->is_ipv4() ? 32 : 128;
  std::uint64_t bits = longest;
  if (slash != std::string_view::npos) {
    const auto given = parse_number(text.substr(slash + 1), longest);
    if (!given) return std::nullopt;
    bits = *given;
  }
  Network network{*base, static_cast<std::uint8_t>(bits + 128 - longest)};
  // Host bits are cleared, so that 10.1.2.3/8 and 10.0.0.0/8 are one network.
  for (std::size_t bit = network.prefix_bits; bit < 128; ++bit) {
    network.base.ip[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  }
  return network;
}

}  // namespace imcd
