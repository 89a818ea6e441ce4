// imc-bench: plays proxy, senders and members against a message conference server, and counts.

#include <csignal>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <memory>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "stream_port.h"
#include "udp_port.h"

namespace {

volatile std::sig_atomic_t stop = 0;

// The first signal ends the run in order, the second one at once.
void stop_on_signals() {
  struct sigaction action{};
  action.sa_handler = [](int) { stop = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// Different for each run on this machine, so that no server mixes up the users of two.
std::uint32_t run_number() {
  const auto now = imcd::bench::mono_now().time_since_epoch().count();
  return static_cast<std::uint32_t>(now >> 20) ^ static_cast<std::uint32_t>(getpid() << 4);
}

std::unique_ptr<imcd::bench::Port> open_port(const imcd::bench::Options& options) {
  using namespace imcd::bench;
  if (options.tcp) return std::make_unique<StreamPort>(options.listen, options.server);
  return std::make_unique<UdpPort>(options.listen, options.server, options.receive_buffer,
                                   options.runs);
}

int measure(const imcd::bench::Options& options) {
  using namespace imcd::bench;
  const std::unique_ptr<Port> port = open_port(options);
  Run run(options, *port, run_number(), stop);
  run.set_up();
  if (stop == 0) run.load();
  run.drain();
  if (stop == 0) run.clean_up();
  const Result result = run.finish();
  fmt::print("{}", options.json ? report_json(options, result) : report_text(options, result));
  return result.interrupted ? 130 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = imcd::bench::read_options(argc, argv, exit_code);
  if (!options) return exit_code;
  stop_on_signals();
  // Sleeps end when they should, not 50 us later.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  try {
    return measure(*options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "imc-bench: {}\n", error.what());
    return 1;
  }
}
