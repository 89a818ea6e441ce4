#include "sim/counts.h"

#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <numeric>

namespace imcd::sim {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Fault::count)> fault_names = {
    "datagram lost",
    "datagram repeated",
    "datagram reordered",
    "datagram damaged",
    "datagram cut short",
    "junk sent",
    "lost, as a link was down",
    "lost, as a buffer was full",
    "member answers slowly",
    "member refuses",
    "member is silent",
    "member leaves or returns",
    "forged response",
    "stale response",
    "second, other answer",
    "100 before the answer",
    "answer from elsewhere",
    "broken response",
    "proxy answers 503",
    "store is slow",
    "store fails",
    "store hangs",
    "store's answer lost",
    "store dies in a batch",
    "store refuses a record",
    "store does not open",
    "load fails",
    "batch applied after death",
    "process dies",
    "dies half-way through sending",
    "orderly stop",
    "stopped a second time",
};

constexpr std::array<std::string_view, static_cast<std::size_t>(Tally::count)> tally_names = {
    "seeds",
    "datagrams",
    "steps",
    "virtual seconds",
    "restarts",
    "requests",
    "copies of requests",
    "chat messages accepted",
    "deliveries",
    "copies of deliveries",
    "chat messages heard",
    "notices heard",
    "batches stored",
    "comparisons of all rooms",
    "chat messages to be heard",
};

constexpr std::array<std::string_view, static_cast<std::size_t>(RequestKind::count)> kind_names = {
    "create",  "join", "invite", "accept", "deny",        "add",  "remove",      "modify",   "exit",
    "destroy", "list", "rooms",  "help",   "bad command", "chat", "not MESSAGE", "malformed"};

template <class Array>
void add_all(Array& to, const Array& from) {
  std::ranges::transform(to, from, to.begin(), std::plus<>());
}

}  // namespace

std::string_view fault_name(Fault fault) { return fault_names[static_cast<std::size_t>(fault)]; }
std::string_view tally_name(Tally tally) { return tally_names[static_cast<std::size_t>(tally)]; }
std::string_view request_kind_name(RequestKind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

void Counts::add_latency(Duration after) {
  const double microseconds = std::chrono::duration<double, std::micro>(after).count();
  const double bin = microseconds <= 1 ? 0 : 16 * std::log2(microseconds);
  ++latency[std::min(static_cast<std::size_t>(bin), latency_bins - 1)];
}

std::uint64_t Counts::all_faults() const {
  return std::accumulate(faults.begin(), faults.end(), std::uint64_t{0});
}

Duration Counts::latency_at(double share) const {
  const auto all = std::accumulate(latency.begin(), latency.end(), std::uint64_t{0});
  const double wanted = share * static_cast<double>(all);
  std::uint64_t seen = 0;
  for (std::size_t bin = 0; bin < latency_bins; ++bin) {
    seen += latency[bin];
    if (static_cast<double>(seen) < wanted) continue;
    const double microseconds = std::exp2(static_cast<double>(bin + 1) / 16);
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::micro>(microseconds));
  }
  return {};
}

Counts& Counts::operator+=(const Counts& other) {
  add_all(faults, other.faults);
  add_all(tallies, other.tallies);
  for (std::size_t kind = 0; kind < requests.size(); ++kind) {
    add_all(requests[kind], other.requests[kind]);
  }
  add_all(latency, other.latency);
  return *this;
}

void Counts::print_table() const {
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    if (static_cast<Tally>(i) != Tally::expected) {
      fmt::print("{:32}{:>14}\n", tally_names[i], tallies[i]);
    }
  }
  fmt::print("\n{:32}{:>14}\n", "fault", "times");
  for (std::size_t i = 0; i < faults.size(); ++i) {
    fmt::print("{:32}{:>14}\n", fault_names[i], faults[i]);
  }
  fmt::print("\n{:16}{:>12}{:>12}{:>12}{:>12}\n", "request", "2xx", "4xx", "5xx", "silence");
  for (std::size_t i = 0; i < requests.size(); ++i) {
    fmt::print("{:16}{:>12}{:>12}{:>12}{:>12}\n", kind_names[i], requests[i][0], requests[i][1],
               requests[i][2], requests[i][3]);
  }
}

void Counts::print_latency() const {
  const auto heard = std::accumulate(latency.begin(), latency.end(), std::uint64_t{0});
  const std::uint64_t expected = of(Tally::expected);
  const auto ms = [this](double share) {
    return std::chrono::duration<double, std::milli>(latency_at(share)).count();
  };
  fmt::print("to be heard {}, heard {}, ratio {:.6f}; ", expected, heard,
             expected == 0 ? 1.0 : static_cast<double>(heard) / static_cast<double>(expected));
  fmt::print("from acceptance to hearing, ms: p50 {:.1f}  p90 {:.1f}  p99 {:.1f}  p99.9 {:.1f}\n",
             ms(0.5), ms(0.9), ms(0.99), ms(0.999));
}

}  // namespace imcd::sim
