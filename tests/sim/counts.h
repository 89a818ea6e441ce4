// Counts: what a run did and which faults it met, as plain numbers that add up over seeds and
// processes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace imcd::sim {

// Kinds of faults; each is counted when it happens, not when it is planned.
enum class Fault : std::uint8_t {
  lost,
  repeated,
  reordered,
  damaged,
  cut_short,
  junk,
  link_down,
  buffer_overrun,
  member_slow,
  member_busy,
  member_silent,
  member_leaves,
  forged_response,
  stale_response,
  second_answer,
  provisional_answer,
  moved_response,
  broken_response,
  proxy_busy,
  store_slow,
  store_failed,
  store_hung,
  store_answer_lost,
  store_died,
  store_refused,
  store_not_open,
  load_failed,
  applied_after_death,
  process_died,
  died_while_sending,
  orderly_stop,
  second_stop,
  count,
};
std::string_view fault_name(Fault fault);

// Other things worth counting.
enum class Tally : std::uint8_t {
  seeds,
  datagrams,
  steps,
  virtual_seconds,
  restarts,
  requests,
  request_copies,
  chat_accepted,
  deliveries,
  delivery_copies,
  heard,
  notices_heard,
  batches,
  checks_of_all_rooms,
  // Of the run without other faults, whose loss is fixed.
  expected,
  count,
};
std::string_view tally_name(Tally tally);

// Requests by what they were and what became of them.
enum class RequestKind : std::uint8_t {
  create,
  join,
  invite,
  accept,
  deny,
  add,
  remove,
  modify,
  exit,
  destroy,
  list,
  rooms,
  help,
  bad_command,
  chat,
  other_method,
  malformed,
  count,
};
std::string_view request_kind_name(RequestKind kind);
enum class Result : std::uint8_t { ok, client_error, server_error, silence, count };

struct Counts {
  std::array<std::uint64_t, static_cast<std::size_t>(Fault::count)> faults{};
  std::array<std::uint64_t, static_cast<std::size_t>(Tally::count)> tallies{};
  using ByResult = std::array<std::uint64_t, static_cast<std::size_t>(Result::count)>;
  std::array<ByResult, static_cast<std::size_t>(RequestKind::count)> requests{};

  // From acceptance to first hearing: sixteen bins to each doubling, from 1 µs on.
  static constexpr std::size_t latency_bins = 16 * 40;
  std::array<std::uint64_t, latency_bins> latency{};

  void add(Fault fault) { ++faults[static_cast<std::size_t>(fault)]; }
  void add(Tally tally, std::uint64_t by = 1) { tallies[static_cast<std::size_t>(tally)] += by; }
  void add(RequestKind kind, Result result) {
    ++requests[static_cast<std::size_t>(kind)][static_cast<std::size_t>(result)];
  }
  void add_latency(Duration latency);
  [[nodiscard]] std::uint64_t of(Tally tally) const {
    return tallies[static_cast<std::size_t>(tally)];
  }
  [[nodiscard]] std::uint64_t all_faults() const;
  // The latency that this share of all stays at or below, to the width of a bin.
  [[nodiscard]] Duration latency_at(double share) const;

  Counts& operator+=(const Counts& other);

  void print_table() const;
  void print_latency() const;
};

}  // namespace imcd::sim
