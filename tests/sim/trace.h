// Trace: a run as a person can read it, one line an event: virtual time, who, to whom, what. Off
// for all but the seed that is replayed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/time.h"

namespace imcd::sim {

class Trace {
 public:
  // `digest`, where given, follows from the times, ways and bytes of all datagrams so far.
  explicit Trace(bool on, std::uint64_t* digest = nullptr) : on_(on), digest_(digest) {}

  [[nodiscard]] bool on() const { return on_; }

  // `fate` says what the network does to it; empty: nothing.
  void datagram(Instant now, const Address& from, const Address& to, std::string_view bytes,
                std::string_view fate) const;
  void note(Instant now, std::string_view text) const;
  // What the server is about to read. The newest one is shown whole when a check fails.
  void input(Instant now, const Address& from, std::string_view bytes) const;
  void show_input() const;

 private:
  bool on_;
  std::uint64_t* digest_;
  mutable std::string input_;
};

// "u7", "proxy 1", "imcd", or the address.
std::string party_name(const Address& address);

}  // namespace imcd::sim
