// Findings: what a command found, before a codec makes a reply of it. The status is known at once;
// the facts come in pieces, as a list of all rooms may be far larger than what a client's FIFO
// takes at a time.
#pragma once

#include <functional>

#include "mi/control.h"
#include "mi/fact.h"
#include "mi/status.h"

namespace imcd::mi {

// Takes one fact. False: the piece is full, the next fact waits for the next one.
using TakeFact = std::function<bool(const Fact&)>;

struct Findings {
  Status status;
  // Gives facts, from where the last call stopped; true once all are given. Empty: there are none.
  std::move_only_function<bool(Control&, const TakeFact&)> give_facts;
};

}  // namespace imcd::mi
