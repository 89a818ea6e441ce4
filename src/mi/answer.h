// Answer: what a command found. The status is known at once; the facts come in pieces, as a list of
// all rooms may be far larger than what a client's FIFO takes at a time.
#pragma once

#include <functional>
#include <string>

#include "mi/control.h"
#include "mi/fact.h"

namespace imcd::mi {

struct Status {
  int code = 200;
  std::string reason = "OK";

  [[nodiscard]] bool ok() const { return code < 300; }
};

// Takes one fact. False: the piece is full, the next fact waits for the next one.
using TakeFact = std::function<bool(const Fact&)>;

struct Answer {
  Status status;
  // Gives facts, from where the last call stopped; true once all are given. Empty: there are none.
  std::move_only_function<bool(Control&, const TakeFact&)> give_facts;
};

}  // namespace imcd::mi
