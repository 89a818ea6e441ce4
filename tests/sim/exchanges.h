// Exchanges: the requests that the server must remember (RFC 3261 17.2.2), each with what it was
// answered, as the wire shows it. An exchange lives until Timer J after its final response.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/limits.h"
#include "base/time.h"
#include "sim/counts.h"

namespace imcd::sim {

struct Exchange {
  std::uint64_t transaction = 0;
  std::uint64_t answer = 0;  // What its responses are known by.
  std::uint64_t fork = 0;
  std::uint64_t request = 0;   // Hash of the bytes and the source that were executed.
  std::uint64_t response = 0;  // Hash of the final response's bytes.
  std::uint16_t code = 0;      // 0: no final response yet.
  // The one code that may come, as the command is stored, or refused by the store; 0: none may.
  std::uint16_t allowed_code = 0;
  std::uint64_t command = 0;  // Its number, while the answer waits for the store.
  RequestKind kind = RequestKind::chat;
  MonoTime started{};
  std::optional<Address> answer_to;
};

class Exchanges {
 public:
  [[nodiscard]] std::size_t size() const { return by_transaction_.size(); }

  std::optional<std::uint32_t> find(std::uint64_t transaction) const {
    const auto found = by_transaction_.find(transaction);
    if (found == by_transaction_.end()) return std::nullopt;
    return found->second;
  }
  [[nodiscard]] std::optional<std::uint32_t> find_answered(std::uint64_t answer) const {
    const auto found = by_answer_.find(answer);
    if (found == by_answer_.end()) return std::nullopt;
    return found->second;
  }
  [[nodiscard]] bool has_fork(std::uint64_t fork) const { return by_fork_.contains(fork); }

  std::uint32_t start(const Exchange& exchange) {
    const auto number = static_cast<std::uint32_t>(exchanges_.size());
    exchanges_.push_back(exchange);
    by_transaction_[exchange.transaction] = number;
    by_answer_[exchange.answer] = number;
    by_fork_[exchange.fork] = number;
    return number;
  }
  Exchange& operator[](std::uint32_t number) { return exchanges_[number]; }

  void answer(std::uint32_t number, std::uint16_t code, std::uint64_t response, MonoTime now) {
    exchanges_[number].code = code;
    exchanges_[number].response = response;
    ends_.push_back({now + limits::timer_j, number});
  }

  // Forgets those whose Timer J has fired.
  void forget_until(MonoTime now) {
    for (; !ends_.empty() && ends_.front().at <= now; ends_.pop_front()) {
      const Exchange& exchange = exchanges_[ends_.front().number];
      by_transaction_.erase(exchange.transaction);
      by_answer_.erase(exchange.answer);
      by_fork_.erase(exchange.fork);
    }
  }
  void clear() { *this = Exchanges{}; }

 private:
  struct End {
    MonoTime at;
    std::uint32_t number;
  };
  std::vector<Exchange> exchanges_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_transaction_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_answer_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_fork_;
  std::deque<End> ends_;  // In the order of time.
};

}  // namespace imcd::sim
