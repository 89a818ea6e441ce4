// parser-bench: Google Benchmark cases for each reader and message. With `--count READER MESSAGE N`
// it reads the message N times and does nothing else, for a tool that counts instructions; with
// `--list` it names what there is.

#include <array>
#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <string>

#include "messages.h"
#include "reader.h"

namespace imcd::bench {
namespace {

constexpr std::array readers = {
    Reader{"imcd", read_with_imcd},       Reader{"imcd-match", match_with_imcd, true},
#ifdef HAVE_OSIP
    Reader{"libosip2", read_with_osip},
#endif
#ifdef HAVE_RE
    Reader{"libre", read_with_re},
#endif
#ifdef HAVE_SOFIA
    Reader{"sofia-sip", read_with_sofia},
#endif
};

bool takes(const Reader& reader, const Message& message) {
  return !reader.is_for_answers_only || message.bytes.starts_with("SIP/2.0 ");
}

// A parser that skips what others read would win unfairly, so nothing is measured before all agree.
bool all_agree() {
  bool agree = true;
  for (const Message& message : messages()) {
    const std::uint64_t expected = read_with_imcd(message.bytes);
    for (const Reader& reader : readers) {
      if (!takes(reader, message)) continue;
      const std::uint64_t got = reader.read(message.bytes);
      const bool is_same = reader.is_for_answers_only ? got != 0 : got == expected;
      if (expected != 0 && is_same) continue;
      fmt::print(stderr, "{} reads {} differently\n", reader.name, message.name);
      agree = false;
    }
  }
  return agree;
}

int list() {
  for (const Message& message : messages()) {
    for (const Reader& reader : readers) {
      if (!takes(reader, message)) continue;
      fmt::print("{} {} {}\n", reader.name, message.name, message.bytes.size());
    }
  }
  return 0;
}

int count(std::string_view reader_name, std::string_view message_name, int times) {
  const Message* const message = find_message(message_name);
  for (const Reader& reader : readers) {
    if (message == nullptr || reader.name != reader_name) continue;
    for (int i = 0; i < times; ++i) benchmark::DoNotOptimize(reader.read(message->bytes));
    return 0;
  }
  fmt::print(stderr, "there is no such reader or message\n");
  return 1;
}

void measure(benchmark::State& state, const Reader& reader, const Message& message) {
  for (auto step : state) benchmark::DoNotOptimize(reader.read(message.bytes));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(message.bytes.size()));
}

void add_cases() {
  for (const Message& message : messages()) {
    for (const Reader& reader : readers) {
      if (!takes(reader, message)) continue;
      const std::string name = fmt::format("{}/{}", reader.name, message.name);
      benchmark::RegisterBenchmark(
          name.c_str(), [&](benchmark::State& state) { measure(state, reader, message); });
    }
  }
}

}  // namespace
}  // namespace imcd::bench

int main(int argc, char** argv) {
  using namespace imcd::bench;
  const auto is = [&](std::string_view word, int words) {
    return argc == words && argv[1] == word;
  };
  if (!all_agree()) return 1;
  if (is("--list", 2)) return list();
  if (is("--count", 5)) return count(argv[2], argv[3], std::atoi(argv[4]));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  add_cases();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
