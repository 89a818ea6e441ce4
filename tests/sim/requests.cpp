#include "sim/requests.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace imcd::sim {

void Requests::start(const Address& from, std::string bytes, bool repeats) {
  const std::uint32_t number = next_number();
  network_.send(from, server_address(), bytes);
  if (repeats) world_.at(limits::timer_t1, EventKind::retransmit, number, 1);
  requests_.push_back({from, repeats ? std::move(bytes) : std::string{}});
}

void Requests::on_timer(std::uint32_t number, std::uint32_t copies) {
  const Request& request = requests_[number];
  constexpr std::uint32_t copies_max = 11;  // RFC 3261 17.1.2.2: then Timer F fires.
  if (request.bytes.empty() || copies >= copies_max) return;
  network_.send(request.from, server_address(), request.bytes);
  const Duration pause =
      std::min<Duration>(limits::timer_t1 * (1 << std::min(copies, 4U)), limits::timer_t2);
  world_.at(pause, EventKind::retransmit, number, copies + 1);
}

void Requests::on_response(std::string_view branch, std::uint16_t status) {
  const std::size_t mark = branch.rfind(branch_mark);
  if (status < 200 || mark == std::string_view::npos) return;
  const auto number = parse_number(branch.substr(mark + branch_mark.size()), 0xffffffff);
  if (number && *number < requests_.size()) requests_[*number].bytes.clear();
}

}  // namespace imcd::sim
