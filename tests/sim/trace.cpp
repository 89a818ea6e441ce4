#include "sim/trace.h"

#include <fmt/core.h>

#include "base/siphash.h"
#include "sim/plan.h"

namespace imcd::sim {
namespace {

constexpr std::size_t text_shown_max = 100;

double seconds(Instant now) {
  return std::chrono::duration<double>(now.mono.time_since_epoch()).count();
}

// Without what would disturb a terminal, and not too long.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, text_shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  if (text.size() > text_shown_max) out += "...";
  return out;
}

std::string_view first_line(std::string_view bytes) { return bytes.substr(0, bytes.find("\r\n")); }

std::string_view body(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view{} : bytes.substr(end + 4);
}

// The token that tells transactions apart.
std::string_view branch(std::string_view bytes) {
  const std::size_t at = bytes.find("branch=z9hG4bK");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = bytes.substr(at + 14);
  return rest.substr(0, rest.find_first_of(";,\r\n >"));
}

std::string_view bytes_of(const Address& address) {
  return {reinterpret_cast<const char*>(address.ip.data()), address.ip.size()};
}

std::uint64_t digest(std::uint64_t before, Instant now, const Address& from, const Address& to,
                     std::string_view bytes) {
  SipHash hash({before, 0});
  hash.update(static_cast<std::uint64_t>(now.mono.time_since_epoch().count()));
  for (const Address& address : {from, to}) {
    hash.update(bytes_of(address));
    hash.update(std::uint64_t{address.port});
  }
  hash.update(bytes);
  return hash.digest();
}

}  // namespace

std::string party_name(const Address& address) {
  if (address == server_address()) return "imcd";
  for (std::size_t user = 0; user < users_max; ++user) {
    if (address == user_address(user)) return fmt::format("u{}", user);
  }
  for (std::size_t proxy = 0; proxy < 4; ++proxy) {
    if (address == proxy_address(proxy)) return fmt::format("proxy {}", proxy);
  }
  return address_text(address);
}

void Trace::datagram(Instant now, const Address& from, const Address& to, std::string_view bytes,
                     std::string_view fate) const {
  if (digest_ != nullptr) *digest_ = digest(*digest_, now, from, to, bytes);
  if (!on_) return;
  fmt::print("{:14.6f}  {:>8} > {:8}  {}", seconds(now), party_name(from), party_name(to),
             printable(first_line(bytes)));
  if (const auto token = branch(bytes); !token.empty()) fmt::print("  [{}]", printable(token));
  if (const auto text = body(bytes); !text.empty()) fmt::print("  | {}", printable(text));
  if (!fate.empty()) fmt::print("  -- {}", fate);
  fmt::print("\n");
}

void Trace::note(Instant now, std::string_view text) const {
  if (on_) fmt::print("{:14.6f}  == {}\n", seconds(now), text);
}

void Trace::input(Instant now, const Address& from, std::string_view bytes) const {
  if (on_) input_ = fmt::format("{:.6f} from {}:\n{}", seconds(now), party_name(from), bytes);
}

void Trace::show_input() const { fmt::print("the server's newest input, {}\n", input_); }

}  // namespace imcd::sim
