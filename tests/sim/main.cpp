// sim: runs seeds of the simulator, in as many processes as asked for, and tells which one failed.
// See docs/SIMULATOR.md.

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
    "sim [--seeds N] [--first SEED] [--fresh N] [--jobs N] [--minutes N] [--loss SHARE]\n"
    "    [--seed-file FILE] [--latency] [--quiet] | --trace SEED\n";

struct Arguments {
  Run run;
  std::optional<std::uint64_t> trace;
  std::uint64_t fresh = 0;
  std::string seed_file;
};

[[noreturn]] void refuse(std::string_view what) {
  fmt::print(stderr, "sim: {}\n{}", what, usage);
  std::exit(2);
}

std::uint64_t number(std::string_view text) {
  const auto value = parse_number(text, UINT64_MAX - 1);
  if (!value) refuse(fmt::format("{} is no number", text));
  return *value;
}

Arguments read_arguments(int count, char** words) {
  Arguments arguments;
  Run& run = arguments.run;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto value = [&] {
      if (++i == count) refuse(fmt::format("{} needs a value", word));
      return std::string_view(words[i]);
    };
    if (word == "--seeds") {
      run.seeds = number(value());
    } else if (word == "--first") {
      run.first = number(value());
    } else if (word == "--fresh") {
      arguments.fresh = number(value());
    } else if (word == "--jobs") {
      run.jobs = number(value());
    } else if (word == "--minutes") {
      run.at_most = std::chrono::minutes(number(value()));
    } else if (word == "--loss") {
      run.options.loss = std::strtod(std::string(value()).c_str(), nullptr);
    } else if (word == "--seed-file") {
      arguments.seed_file = value();
    } else if (word == "--latency") {
      run.options.measures_latency = true;
    } else if (word == "--quiet") {
      run.is_quiet = true;
    } else if (word == "--trace") {
      arguments.trace = number(value());
    } else {
      refuse(fmt::format("{} is not known", word));
    }
  }
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

// Seeds that failed once, a line each: the seed and a sentence.
std::vector<std::uint64_t> read_seeds(const std::string& file) {
  std::vector<std::uint64_t> seeds;
  std::FILE* const in = std::fopen(file.c_str(), "r");
  if (in == nullptr) refuse(fmt::format("{} can't be read", file));
  char line[1024];
  while (std::fgets(line, sizeof line, in) != nullptr) {
    const std::string_view text(line);
    if (text.starts_with('#') || text.starts_with('\n')) continue;
    seeds.push_back(number(text.substr(0, text.find_first_of(" \n"))));
  }
  std::fclose(in);
  return seeds;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments = read_arguments(count, words);
  if (arguments.trace) return trace(*arguments.trace, arguments.run.options);
  if (!arguments.seed_file.empty()) arguments.run.named = read_seeds(arguments.seed_file);
  const bool held = run_seeds(arguments.run);
  if (!held || arguments.fresh == 0) return held ? 0 : 1;
  Run fresh = arguments.run;
  fresh.named.clear();
  fresh.seeds = arguments.fresh;
  fresh.first = static_cast<std::uint64_t>(std::time(nullptr)) * 1000;
  fmt::print("fresh seeds from {} on\n", fresh.first);
  return run_seeds(fresh) ? 0 : 1;
}
