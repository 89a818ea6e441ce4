// Mailbox: what is pending for one address of record, across all rooms: its queue, how much of it
// is under way, and whether somebody is there. All of it is data; Mailboxes keeps it.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "base/timer_lane.h"
#include "delivery/presence.h"
#include "identity/identity.h"

namespace imcd::delivery {

// By which the caller knows a delivery again that is watched; 0: none.
using WatchToken = std::uint32_t;

// A message in one user's queue.
struct QueuedMessage {
  std::uint32_t message = 0;  // Its text, among the SharedMessages.
  WatchToken watch = 0;
  std::uint32_t next = no_slot;  // Behind it in the queue.
  std::uint8_t tries = 0;
  bool is_notice = false;
};
static_assert(sizeof(QueuedMessage) == 16);

// Users that wait for something, in the order they came, linked by Mailbox::next_waiting; each is
// in one line at most.
struct WaitingLine {
  std::uint32_t first = no_slot;
  std::uint32_t last = no_slot;
  std::uint32_t users = 0;
  [[nodiscard]] bool empty() const { return first == no_slot; }
};

struct Mailbox {
  IdentityRef who;
  std::uint32_t first = no_slot;  // Queue.
  std::uint32_t last = no_slot;
  std::uint32_t queued = 0;
  std::uint32_t notices = 0;  // Of those queued, and their bytes.
  std::size_t notice_bytes = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t next_waiting = no_slot;
  bool waiting = false;  // In a hop's line, or in one for its address.
  MonoTime waiting_since{};
  Presence presence;
  MonoTime spared_until{};  // Somebody there said 503; none: MonoTime{}.
  bool resting = false;     // Nothing is pending, but the user's absence is remembered.
  TimerNode rest;           // While resting.
  bool is_absent = false;   // Timeouts, absence or missed messages are remembered.
  TimerNode absence;        // While absent.
  std::uint32_t generation = 0;
  // Where what is under way was sent to, when the user has moved since; else empty. It is repeated
  // as it was, and nothing new starts before it has ended.
  std::string former_uri;
  // Messages that were dropped, for one word when the user is back, and where the first of them
  // came from.
  std::uint32_t missed = 0;
  std::string missed_from;
};

}  // namespace imcd::delivery
