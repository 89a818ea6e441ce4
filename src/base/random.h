// The seeded generator: the only source of chance in the core. Its stream is SipHash in counter
// mode under the seed, so a peer who sees some of its output cannot tell the rest; equal seeds give
// equal streams, which is what makes a simulated run repeatable.
#pragma once

#include <cstdint>

#include "base/siphash.h"

namespace imcd {

class Random {
 public:
  explicit Random(HashKey seed) : seed_(seed) {}

  std::uint64_t next() { return siphash(seed_, counter_++); }

  // Uniform in [0, bound); bound must not be 0. The bias of the modulus is below bound / 2^64.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  HashKey next_key() {
    const std::uint64_t low = next();
    return {low, next()};
  }

 private:
  HashKey seed_;
  std::uint64_t counter_ = 0;
};

}  // namespace imcd
