// sim: runs seeds of the simulator, in as many processes as asked for, and tells which one failed.
// See docs/SIMULATOR.md.

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fmt/core.h>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "sim/simulator.h"
#include "sim/workers.h"

namespace {

using namespace imcd;
using namespace imcd::sim;

constexpr const char* usage =
    "sim [OPTION...]\n"
    "  --seeds N       so many seeds (1000; with --minutes as many as there is time for)\n"
    "  --first SEED    from this one on (1)\n"
    "  --fresh N       and after them so many that follow from the time of day\n"
    "  --jobs N        so many at a time (1)\n"
    "  --minutes N     no new seed after that time\n"
    "  --latency       without other faults, at losses of 1 % and 10 %: how late messages are "
    "heard\n"
    "  --loss SHARE    so many of the datagrams are lost, 0 to 1, instead of what the seed says\n"
    "  --bad-user      each seed with one bad user beside good ones\n"
    "  --quiet         no progress and no table\n"
    "  --trace SEED    one seed, step by step\n";

struct Arguments {
  Run run;
  std::optional<std::uint64_t> seeds;
  std::optional<std::uint64_t> trace;
  std::uint64_t fresh = 0;
};

[[noreturn]] void refuse(std::string_view what) {
  fmt::print(stderr, "sim: {}\n{}", what, usage);
  std::exit(2);
}

std::uint64_t number(std::string_view option, std::string_view text, std::uint64_t least,
                     std::uint64_t most) {
  const auto value = parse_number(text, most);
  if (value && *value >= least) return *value;
  refuse(fmt::format("{} needs a number from {} to {}, and \"{}\" is none", option, least, most,
                     text));
}

double share(std::string_view option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const bool is_number = !text.empty() && *end == 0 && std::isfinite(value);
  if (is_number && value >= 0 && value <= 1) return value;
  refuse(fmt::format("{} needs a number from 0 to 1, and \"{}\" is none", option, text));
}

Arguments read_arguments(int count, char** words) {
  constexpr std::uint64_t seed_most = 1'000'000'000'000'000;
  Arguments arguments;
  Run& run = arguments.run;
  for (int i = 1; i < count; ++i) {
    const std::string_view option = words[i];
    const auto value = [&] {
      if (++i == count) refuse(fmt::format("{} needs a value", option));
      return std::string(words[i]);
    };
    if (option == "--seeds") {
      arguments.seeds = number(option, value(), 1, seed_most);
    } else if (option == "--first") {
      run.first = number(option, value(), 0, seed_most);
    } else if (option == "--fresh") {
      arguments.fresh = number(option, value(), 1, seed_most);
    } else if (option == "--jobs") {
      run.jobs = number(option, value(), 1, 256);
    } else if (option == "--minutes") {
      run.at_most = std::chrono::minutes(number(option, value(), 1, 100'000));
    } else if (option == "--loss") {
      run.options.loss = share(option, value());
    } else if (option == "--latency") {
      run.options.measures_latency = true;
    } else if (option == "--bad-user") {
      run.options.is_one_bad_user = true;
    } else if (option == "--quiet") {
      run.is_quiet = true;
    } else if (option == "--trace") {
      arguments.trace = number(option, value(), 0, seed_most);
    } else if (option == "--help" || option == "-h") {
      fmt::print("{}", usage);
      std::exit(0);
    } else {
      refuse(fmt::format("{} is not known", option));
    }
  }
  const bool has_time = run.at_most.count() > 0;
  run.seeds = arguments.seeds.value_or(has_time ? seed_most : 1000);
  return arguments;
}

int trace(std::uint64_t seed, const PlanOptions& options) {
  Counts counts;
  const Trace trace(true);
  try {
    run_seed(seed, options, counts, trace);
  } catch (const Violation& violation) {
    trace.show_input();
    fmt::print("seed {}: \"{}\" is broken: {}\n", seed, violation.check, violation.what());
    return 1;
  }
  fmt::print("seed {} holds\n", seed);
  return 0;
}

int exit_code(End end) {
  switch (end) {
    case End::held:
      return 0;
    case End::failed:
      return 1;
    case End::interrupted:
      return 128 + SIGINT;
  }
  return 1;
}

// The two that docs/SIMULATOR.md has.
End measure_latency(Run run) {
  if (run.options.loss) return run_seeds(run);
  for (const double loss : {0.01, 0.1}) {
    run.options.loss = loss;
    if (const End end = run_seeds(run); end != End::held) return end;
  }
  return End::held;
}

End run_fresh(Run run, std::uint64_t seeds) {
  run.seeds = seeds;
  run.first = static_cast<std::uint64_t>(std::time(nullptr)) * 1000;
  fmt::print("fresh seeds from {} on\n", run.first);
  return run_seeds(run);
}

}  // namespace

int main(int count, char** words) {
  const Arguments arguments = read_arguments(count, words);
  const Run& run = arguments.run;
  if (arguments.trace) return trace(*arguments.trace, run.options);
  if (run.options.measures_latency) return exit_code(measure_latency(run));
  End end = run_seeds(run);
  if (end == End::held && arguments.fresh > 0) end = run_fresh(run, arguments.fresh);
  return exit_code(end);
}
