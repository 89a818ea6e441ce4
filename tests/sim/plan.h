// Plan: what one seed decides before anything happens: who takes part, how the server is set up,
// what goes wrong and how often. What happens then follows from the plan and the dice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/address.h"
#include "base/settings.h"
#include "base/time.h"
#include "server/setup.h"
#include "sim/dice.h"

namespace imcd::sim {

// How many of the members behave so; the rest answers promptly with 200.
struct Manners {
  double slow = 0;
  double busy = 0;    // Refuses now and then.
  double gone = 0;    // Silent for good, or until the weather changes.
  double fickle = 0;  // Silent now and then.
  double hostile = 0;
};

struct Weather {
  // For each datagram.
  double loss = 0;
  double repeat = 0;
  double reorder = 0;
  double damage = 0;
  double cut_short = 0;
  Duration delay_least{};
  Duration delay_most{};
  Duration late_most{};  // Of one that is reordered, in addition.
  // On the average; zero: never.
  Duration change_every{};  // A user leaves or comes back.
  Duration link_down_every{};
  Duration link_down_most{};
};

struct StoreFaults {
  // For each batch.
  double slow = 0;
  double fails = 0;
  double hangs = 0;
  double loses_answer = 0;
  double dies = 0;
  double refuses = 0;  // For each record of a member; the same one is refused again.
  // For each start.
  double not_open = 0;
  double load_fails = 0;
};

struct Plan {
  std::uint64_t seed = 0;
  Settings settings;
  server::Setup setup;

  std::size_t users = 2;  // At most users_max.
  std::size_t rooms = 1;
  std::size_t proxies = 0;  // 0: all come straight to the server.
  std::size_t actions = 0;  // Of the workload.
  Duration action_every{};
  bool strange_requests = true;  // Malformed, looping, anonymous, foreign and so on.
  bool old_rows = false;         // The database was written by another module.

  Manners manners;
  Weather weather;
  StoreFaults store;
  double proxy_busy = 0;
  double proxy_busy_retry_after = 0;
  // A proxy needs so long for one datagram and holds so many; zero: no time.
  Duration proxy_service{};
  std::size_t proxy_buffer = 92;

  Duration die_every{};  // On the average; zero: never.
  Duration stop_every{};
  double die_while_sending = 0;  // Of the deaths.

  // Nothing is lost, everybody answers: each message must be heard exactly once.
  bool is_calm = false;
  // One room, whose members join one after the other and then only talk.
  bool is_one_talk = false;
  // User 0 does whatever a user can, as fast as it goes, beside others who only talk.
  bool is_one_bad_user = false;
  // For measuring: one talk, a fixed loss and no other fault.
  bool measures_latency = false;
};

// As many as a set of users has bits.
constexpr std::size_t users_max = 60;

// Beside one bad user: who only talks, in room 0. The others answer nothing, and are in room 1.
inline bool is_good(std::size_t user) { return user != 0 && user % 2 == 0; }

struct PlanOptions {
  bool is_one_bad_user = false;  // Whatever the seed says.
  std::optional<double> loss;    // Instead of the seed's.
  bool measures_latency = false;
};

Plan make_plan(std::uint64_t seed, const PlanOptions& options);

// Who is where.
inline Address server_address() { return Address::ipv4({127, 0, 0, 1}, 5070); }
inline Address user_address(std::size_t user) {
  return Address::ipv4({127, 0, 1, static_cast<std::uint8_t>(user)},
                       static_cast<std::uint16_t>(5060 + user % 3));
}
// Some are known by their address, with or without a port.
std::string user_uri(std::size_t user);
inline Address proxy_address(std::size_t proxy) {
  return Address::ipv4({127, 0, 2, static_cast<std::uint8_t>(proxy)}, 5060);
}
inline bool is_trusted(const Address& from) { return from.ip[12] == 127; }
// Of somebody who is not trusted.
inline Address foreign_address() { return Address::ipv4({10, 9, 8, 7}, 5060); }

}  // namespace imcd::sim
