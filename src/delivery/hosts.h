// Hosts: the addresses of members' hosts, where no outbound proxy is set: what the DNS said, for as
// long as it holds, and the users who wait for it to say something.
//
//   find ──new──▶ queued ──ask──▶ asked ──answer──▶ found | unknown ──its time is over──▶ queued
//                    └──────────────┴──name_wait_max──▶ unknown, or found as it was before
//
// Peers choose the names, so all of it is bounded: names kept, questions at once, time in line; the
// latter two for each user whose messages ask. A host that one has in line and another needs stands
// in the other's line as well. One that was never asked for is put in line again by the next
// message. What is answered stays until its place is needed, oldest answer first; no timer forgets
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/figures.h"
#include "base/limits.h"
#include "base/names.h"
#include "base/outbox.h"
#include "base/siphash.h"
#include "base/slot_pool.h"
#include "base/time.h"
#include "base/timer_lane.h"
#include "delivery/mailbox.h"
#include "delivery/question_line.h"

namespace imcd::delivery {

struct Host {
  enum class State : std::uint8_t { queued, asked, found, unknown };

  std::string name;                   // In lower case.
  QuestionLine::Speaker speaker = 0;  // Whose turn it was first, then whose question it is.
  State state = State::unknown;
  Address address;     // Port 0. Empty: never found.
  MonoTime expires{};  // What was found, or that nothing was.
  WaitingLine line;    // Users, while queued or asked.
  TimerNode timer;

  [[nodiscard]] bool is_awaited() const { return state == State::queued || state == State::asked; }
};

class Hosts {
 public:
  // `use_ipv4`, `use_ipv6`: the families that we have a socket for.
  Hosts(HashKey key, bool use_ipv4, bool use_ipv6, Figures& figures,
        std::size_t hosts_max = limits::hosts_max)
      : use_ipv4_(use_ipv4),
        use_ipv6_(use_ipv6),
        figures_(figures),
        hosts_(hosts_max),
        by_name_(0, NameHash{key}) {}

  // What is known of this host; when that is nothing, or too old, it is put in line to be asked
  // for, since this user's message needs it. Nothing: there is no room for one more.
  std::optional<std::uint32_t> find(std::string_view name, MonoTime now,
                                    QuestionLine::Speaker speaker = 0);
  // A message of this user needs it as well, should it be in line.
  void hasten(std::string_view name, QuestionLine::Speaker speaker);
  Host& operator[](std::uint32_t slot) { return hosts_[slot]; }

  // Asks for those in line, as many as may be under way.
  void ask(Outbox& out);
  // The host that this answers, whose users need not wait any longer.
  std::optional<std::uint32_t> on_answer(const NameQuestion& question, const NameAnswer& answer,
                                         MonoTime now);
  // A host for which the wait is over; called until it gives nothing.
  std::optional<std::uint32_t> next_overdue(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const {
    return awaited_.next_deadline(hosts_);
  }

  // All that are awaited, one at a time, the longest awaited first: for the end.
  std::optional<std::uint32_t> give_up_first(MonoTime now);

  [[nodiscard]] std::size_t size() const { return hosts_.in_use(); }

 private:
  struct Pool : SlotPool<Host, 64> {
    using SlotPool::SlotPool;
    TimerNode& timer(std::uint32_t slot) { return (*this)[slot].timer; }
  };
  struct NameHash {
    std::size_t operator()(std::string_view name) const { return siphash(key, name); }
    HashKey key;
  };

  std::optional<std::uint32_t> make(std::string_view name);
  [[nodiscard]] bool admit(QuestionLine::Speaker speaker);
  void put_in_line(std::uint32_t slot, MonoTime now, QuestionLine::Speaker speaker);
  void stand_in_line(std::uint32_t slot, QuestionLine::Speaker speaker);
  void settle(std::uint32_t slot, const NameAnswer& answer, MonoTime now);
  [[nodiscard]] Address choose(const NameAnswer& answer) const;

  bool use_ipv4_;
  bool use_ipv6_;
  Figures& figures_;
  mutable Pool hosts_;
  std::unordered_map<std::string_view, std::uint32_t, NameHash> by_name_;  // Views of Host::name.
  QuestionLine to_ask_;
  TimerLane awaited_{limits::name_wait_max};
  TimerLane answered_{Duration::zero()};  // By the time of the answer.
};

}  // namespace imcd::delivery
