// SteadyRoom: the whole core with one room behind one proxy, in memory: no kernel, no clock. It
// plays the proxy, which answers everything with 200. What it does between the core's calls is kept
// apart, so that only the core is measured and only the core's allocations are counted.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_buffer.h"
#include "base/figures.h"
#include "base/outbox.h"
#include "server/server.h"

namespace imcd::bench {

class SteadyRoom {
 public:
  // `body_bytes`: of a chat text.
  explicit SteadyRoom(int members, std::size_t body_bytes = 64);

  // One chat message, delivered to everybody else and answered by all.
  void round();

  // Time spent in the core since the last call.
  std::chrono::nanoseconds take_core_time() { return std::exchange(core_time_, {}); }
  [[nodiscard]] std::uint64_t deliveries() const {
    return at(figures_.deliveries, DeliveryResult::accepted).value();
  }
  // Bytes of the last delivery.
  [[nodiscard]] std::size_t delivery_bytes() const { return delivery_bytes_; }

 private:
  // Never inlined: a tool that counts instructions finds the core by this name.
  template <class Call>
  [[gnu::noinline]] void call_core(Call&& call);
  void write_answers();

  const Address proxy_ = Address::ipv4({127, 0, 0, 1}, 6000);
  Instant now_{MonoTime(1h), WallTime(1h)};
  Figures figures_;
  std::unique_ptr<server::Server> server_;
  Outbox out_;
  std::string request_;
  std::size_t number_at_ = 0;  // In the request's branch.
  int number_ = 0;
  std::string answers_;
  std::vector<std::size_t> answer_ends_;
  std::size_t delivery_bytes_ = 0;
  std::chrono::nanoseconds core_time_{};
};

}  // namespace imcd::bench
