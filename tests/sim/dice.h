// Dice: all chance of a simulated run, from one seed (xoshiro256++ by Blackman and Vigna). It is
// cheap, as each datagram asks it several times. Each part of the simulator has dice of its own, so
// that a part that asks once more does not change what the others do.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/time.h"

namespace imcd::sim {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = split_mix(seed);
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // In [0, bound); bound must not be 0.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }
  // Both ends included.
  std::size_t between(std::size_t least, std::size_t most) {
    return least + below(most - least + 1);
  }
  Duration between(Duration least, Duration most) {
    return least + Duration(static_cast<Duration::rep>(
                       next() % static_cast<std::uint64_t>((most - least).count() + 1)));
  }
  double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  bool chance(double probability) { return probability > 0 && fraction() < probability; }

  template <class T, std::size_t size>
  const T& pick(const T (&choices)[size]) {
    return choices[below(size)];
  }
  template <class Container>
  const auto& pick(const Container& choices) {
    return choices[below(choices.size())];
  }

  Dice fork() { return Dice(next()); }

 private:
  static std::uint64_t split_mix(std::uint64_t& seed) {
    std::uint64_t z = seed += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
  }

  std::uint64_t state_[4];
};

}  // namespace imcd::sim
