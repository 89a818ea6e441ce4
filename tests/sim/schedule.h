// Schedule: what will happen and when, as a flat four-way heap of small events. Events of the same
// time happen in the order in which they were made, so a run follows from its seed alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace imcd::sim {

enum class EventKind : std::uint8_t {
  arrival,        // a: datagram. It reaches the server or a peer, whoever has the address.
  served,         // a: datagram. A proxy has worked its way through its receive buffer to it.
  peer_sends,     // a: datagram, written before: a late answer.
  retransmit,     // a: request, b: how often it was sent.
  act,            // The workload's next action.
  weather,        // A link goes down for a while, a user changes manners.
  store_open,     // b: life of the process, for all events of the store.
  store_load,     // The next piece of the rows.
  store_apply,    // The database carries out the batch.
  store_answer,   // The loop learns of it.
  process_dies,   // b: life.
  process_stops,  // b: life. An orderly stop.
  process_starts,
  mi,    // b: life. The next event of a management reply.
  calm,  // All faults end.
  count,
};

struct Event {
  MonoTime at{};
  std::uint64_t number = 0;  // Of its making.
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  EventKind kind = EventKind::act;
};

class Schedule {
 public:
  void add(MonoTime at, EventKind kind, std::uint32_t a = 0, std::uint32_t b = 0) {
    heap_.push_back({at, ++made_, a, b, kind});
    rise(heap_.size() - 1);
  }

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] const Event& first() const { return heap_.front(); }

  Event take() {
    const Event first = heap_.front();
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(last);
    return first;
  }

 private:
  static constexpr std::size_t ways = 4;

  static bool earlier(const Event& a, const Event& b) {
    return a.at != b.at ? a.at < b.at : a.number < b.number;
  }

  void rise(std::size_t at) {
    const Event event = heap_[at];
    while (at > 0) {
      const std::size_t parent = (at - 1) / ways;
      if (!earlier(event, heap_[parent])) break;
      heap_[at] = heap_[parent];
      at = parent;
    }
    heap_[at] = event;
  }

  // Finds a place for `event` from the top on.
  void sink(const Event& event) {
    std::size_t at = 0;
    for (;;) {
      const std::size_t first_child = at * ways + 1;
      if (first_child >= heap_.size()) break;
      const std::size_t end = std::min(first_child + ways, heap_.size());
      std::size_t least = first_child;
      for (std::size_t child = first_child + 1; child < end; ++child) {
        if (earlier(heap_[child], heap_[least])) least = child;
      }
      if (!earlier(heap_[least], event)) break;
      heap_[at] = heap_[least];
      at = least;
    }
    heap_[at] = event;
  }

  std::vector<Event> heap_;
  std::uint64_t made_ = 0;
};

}  // namespace imcd::sim
