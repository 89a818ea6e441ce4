// Knocks: strangers who ask to enter private rooms, as far as owner and admins were told of them,
// so that nobody can ring without end: a stranger is told of once in limits::knock_again, and
// limits::knocks_an_hour of them in all. What is remembered is of the last hour, and bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "base/figures.h"
#include "base/time.h"
#include "identity/identity.h"

namespace imcd::imc {

class Knocks {
 public:
  explicit Knocks(Figures& figures) : figures_(figures) {}

  // Whether those who may let the stranger into the room are to be told now.
  bool admit(std::uint64_t room_serial, const Identity& stranger, MonoTime now);

  [[nodiscard]] std::size_t remembered() const { return rooms_.size(); }

 private:
  struct Knock {
    std::uint64_t stranger = 0;  // The hash of the identity, which may be gone by then.
    MonoTime at{};
  };
  void forget_until(MonoTime time);
  void forget_oldest();

  Figures& figures_;
  std::unordered_map<std::uint64_t, std::vector<Knock>> told_;  // By room, the oldest first.
  std::deque<std::uint64_t> rooms_;  // The rooms of all of them, the oldest first.
};

}  // namespace imcd::imc
