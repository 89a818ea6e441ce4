#include "progress.h"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace imcd::bench {

namespace {

// Back to the first column, with the rest of the line erased.
constexpr std::string_view fresh_line = "\r\x1b[K";

}  // namespace

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::say(std::string_view text) {
  if (!terminal_) return;
  fmt::print(stderr, "{}{}", fresh_line, text);
  std::fflush(stderr);
}

void Progress::show(MonoTime now, MonoTime start, const Result& result, std::uint64_t unfinished) {
  if (!terminal_ || now < next_) return;
  next_ = now + 1s;
  const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - start).count();
  if (result.seconds.size() < 2) {
    return say(fmt::format("{} s  warming up, {} messages under way", elapsed, unfinished));
  }
  const Second& second = result.seconds[result.seconds.size() - 2];
  const double p99 = std::chrono::duration<double, std::milli>(latencies_.percentile(0.99)).count();
  say(fmt::format(
      "{} s  {}/s offered  {}/s accepted  {}/s refused  {}/s deliveries  {} retransmissions  "
      "p99 {:.2f} ms  {} under way",
      elapsed, second.offered, second.accepted, second.refused, second.deliveries,
      second.retransmissions, p99, unfinished));
  latencies_.clear();
}

void Progress::clear() { say(""); }

}  // namespace imcd::bench
