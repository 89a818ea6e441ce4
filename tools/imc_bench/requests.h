// Requests: all that the senders have sent, by number. The number is in branch and body, so a
// response and a delivery find their request by array index. Requests that are not answered are
// sent again as RFC 3261 17.1.2.2 says, because overload must not be measured with senders who give
// up.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/byte_buffer.h"
#include "base/time.h"
#include "crowd.h"
#include "options.h"
#include "port.h"

namespace imcd::bench {

enum class Kind : std::uint8_t { create, join, exit, chat, destroy };

struct Request {
  MonoTime scheduled{};  // What its latency is counted from.
  Seat sender;
  std::uint32_t undelivered = 0;  // Chat: answering members who lack it.
  std::uint16_t status = 0;       // 0: not answered yet.
  Kind kind = Kind::chat;
  bool counted = false;  // Scheduled while the run is counted.
  bool is_load = false;  // Chat, and with --changes joins and exits: what is measured.
  bool done = false;     // Nothing more is waited for.
  // By member, a hash of the branch that the first copy came with; 0: none has come.
  std::unique_ptr<std::uint32_t[]> seen;

  [[nodiscard]] bool is_accepted() const { return status >= 200 && status < 300; }
};

class Requests {
 public:
  Requests(const Options& options, const Crowd& crowd, std::uint32_t run);

  // Writes the request to the port; it is sent with the port's next flush.
  std::uint32_t send(Request request, MonoTime now, Port& port);
  [[nodiscard]] Request& operator[](std::uint32_t number) { return requests_[number]; }
  [[nodiscard]] std::size_t size() const { return requests_.size(); }

  [[nodiscard]] std::optional<std::uint32_t> find_by_branch(std::string_view branch) const;
  // By the mark in a text; notices have none.
  [[nodiscard]] std::optional<std::uint32_t> find_by_text(std::string_view text) const;

  void send_again(MonoTime now, Port& port);
  [[nodiscard]] MonoTime next_deadline() const;
  [[nodiscard]] std::uint64_t resent() const { return resent_; }

 private:
  struct Unanswered {
    MonoTime due;
    std::uint32_t number;
    std::uint32_t tries;
  };

  void write(std::uint32_t number, ByteBuffer& out);
  void write_text(std::uint32_t number, const Request& request);

  const Options& options_;
  const Crowd& crowd_;
  std::string via_;     // Up to the number in the branch.
  std::string branch_;  // Up to the number, without the cookie before it.
  std::string call_id_;
  std::vector<Request> requests_;
  ByteBuffer text_;
  // Timer E: the interval doubles from lane to lane, and the last one, T2, repeats.
  static constexpr std::array intervals = {500ms, 1000ms, 2000ms, 4000ms};
  // Timer F: 64*T1 have passed after so many repetitions.
  static constexpr std::uint32_t tries_max = 10;
  std::array<std::deque<Unanswered>, intervals.size()> lanes_;
  std::uint64_t resent_ = 0;
};

}  // namespace imcd::bench
