// Result: what a run has counted, second by second and in all.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/time.h"
#include "histogram.h"
#include "port.h"
#include "process_tree.h"

namespace imcd::bench {

// What happened in one second.
struct Second {
  std::uint64_t offered = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t deliveries = 0;       // First copies.
  std::uint64_t retransmissions = 0;  // Further copies with the same branch.

  Second& operator+=(const Second& other) {
    offered += other.offered;
    accepted += other.accepted;
    refused += other.refused;
    deliveries += other.deliveries;
    retransmissions += other.retransmissions;
    return *this;
  }
};

struct Result {
  // The counted time, by when things happened; `window` is how long it was.
  std::vector<Second> seconds;
  Duration window{};

  // The counted messages, by what became of them, also after the counted time.
  std::uint64_t offered = 0;
  std::uint64_t accepted = 0;
  std::map<int, std::uint64_t> refused_by_code;
  std::uint64_t unanswered = 0;
  std::uint64_t lost = 0;               // Deliveries that answering members should have had.
  std::uint64_t lost_to_failing = 0;    // Likewise for members who refuse or are silent.
  std::uint64_t delivered_refused = 0;  // Deliveries of messages that had been refused.
  Histogram delivery_latency;           // From the scheduled time to each first copy.
  Histogram answer_latency;             // From the scheduled time to the final response.

  // The whole run.
  std::uint64_t duplicates = 0;  // Copies of a delivery under another branch.
  std::uint64_t strays = 0;      // Requests for nobody here.
  std::uint64_t notices = 0;     // Texts of the server itself.
  std::uint64_t resent = 0;      // Requests that were not answered in time and sent again.
  std::uint64_t given_up = 0;    // Closed loop: messages no longer waited for.

  ProcessUse server_before;
  ProcessUse server_after;
  Duration own_cpu{};         // Of this tool, within the window.
  Duration behind_longest{};  // Open loop: how late a message left at the worst.
  Port::Losses port;
  int receive_buffer = 0;
  bool interrupted = false;

  [[nodiscard]] Second sum() const {
    Second total;
    for (const Second& second : seconds) total += second;
    return total;
  }
  [[nodiscard]] double window_s() const { return std::chrono::duration<double>(window).count(); }
  [[nodiscard]] double per_second(std::uint64_t number) const {
    return window > Duration::zero() ? static_cast<double>(number) / window_s() : 0;
  }
  [[nodiscard]] double own_share() const {
    return window > Duration::zero() ? std::chrono::duration<double>(own_cpu).count() / window_s()
                                     : 0;
  }
  // Beyond this the figures say more about the tool than about the server.
  [[nodiscard]] bool is_bottleneck() const { return own_share() > 0.9; }
};

}  // namespace imcd::bench
