// ManyHops: the whole core without a proxy, and a room whose members are each at a host of its own:
// what an input costs that has nothing to do with all those next hops, and what one costs that
// needs another one.
#pragma once

#include <memory>
#include <string>

#include "base/figures.h"
#include "base/outbox.h"
#include "server/server.h"

namespace imcd::bench {

class ManyHops {
 public:
  enum class State {
    refused,  // All have answered 503 with Retry-After, and what they are to get waits.
    silent,   // All have a delivery under way.
  };
  ManyHops(int hops, State state);

  // An OPTIONS of somebody's, and its answer.
  void ask();
  // A notice to somebody at a host that nobody has been at, which it then answers.
  void go_elsewhere();

 private:
  void say(const std::string& text);
  void answer_all(std::string_view status, std::string_view headers);

  Instant now_{MonoTime(1h), WallTime(1h)};
  Figures figures_;
  std::unique_ptr<server::Server> server_;
  Outbox out_;
  std::string options_;
  std::uint32_t elsewhere_ = 0;
};

}  // namespace imcd::bench
