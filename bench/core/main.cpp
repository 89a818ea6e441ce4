// core-bench: Google Benchmark cases for what a room message costs without the kernel, whole and in
// parts. With `--count ROUNDS` it sends that many messages into a room of 1,000 and does nothing
// else, for a tool that counts instructions.

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "bench/core/many_hops.h"
#include "bench/core/steady_room.h"
#include "db/journal.h"
#include "delivery/delivery_writer.h"
#include "imc/room_table.h"
#include "tm/client_transactions.h"
#include "tm/server_transactions.h"

namespace imcd::bench {
namespace {

constexpr HashKey key{1, 2};

// --- The whole core

void deliver(benchmark::State& state) {
  SteadyRoom room(static_cast<int>(state.range(0)));
  for (int i = 0; i < 3; ++i) room.round();
  room.take_core_time();
  const std::uint64_t before = room.deliveries();
  for (auto step : state) {
    room.round();
    state.SetIterationTime(std::chrono::duration<double>(room.take_core_time()).count());
  }
  const auto deliveries = static_cast<double>(room.deliveries() - before);
  state.counters["per_delivery"] =
      benchmark::Counter(deliveries, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes"] = static_cast<double>(room.delivery_bytes());
}
BENCHMARK(deliver)->Arg(10)->Arg(100)->Arg(1000)->UseManualTime();

// --- Inputs beside many next hops

void ask_beside_hops(benchmark::State& state, ManyHops::State hops_state) {
  ManyHops hops(static_cast<int>(state.range(0)), hops_state);
  for (auto step : state) hops.ask();
}
BENCHMARK_CAPTURE(ask_beside_hops, refused, ManyHops::State::refused)
    ->RangeMultiplier(10)
    ->Range(100, 100'000);
BENCHMARK_CAPTURE(ask_beside_hops, silent, ManyHops::State::silent)
    ->RangeMultiplier(10)
    ->Range(100, 100'000);

void go_to_another_hop(benchmark::State& state) {
  ManyHops hops(static_cast<int>(state.range(0)), ManyHops::State::silent);
  for (auto step : state) hops.go_elsewhere();
}
BENCHMARK(go_to_another_hop)->RangeMultiplier(10)->Range(100, 100'000);

// --- The room table

struct Rooms {
  explicit Rooms(std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      names.push_back(fmt::format("sip:room{}@example.org", i));
      const auto uri = parser::parse_uri(names.back());
      table.create(table.key(*uri), uri->user, uri->host, false);
      table.grow_slice();
    }
  }
  Epochs epochs;
  IdentityTable identities{key, epochs};
  imc::RoomTable table{key, 4, identities, epochs};
  std::vector<std::string> names;
};

void find_room(benchmark::State& state) {
  Rooms rooms(state.range(0));
  imc::RoomKey scratch;
  std::size_t at = 0;
  for (auto step : state) {
    // A stride that touches all of them in no order that a cache would know.
    at = (at + 7919) % rooms.names.size();
    rooms.table.write_key(scratch, *parser::parse_uri(rooms.names[at]));
    benchmark::DoNotOptimize(rooms.table.find(scratch));
  }
}
BENCHMARK(find_room)->Arg(1000)->Arg(1000000);

void create_and_destroy_room(benchmark::State& state) {
  Rooms rooms(1000);
  const auto uri = parser::parse_uri("sip:another@example.org");
  for (auto step : state) {
    imc::Room& room = rooms.table.create(rooms.table.key(*uri), uri->user, uri->host, false);
    rooms.table.destroy(room);
    rooms.epochs.collect();
  }
}
BENCHMARK(create_and_destroy_room);

// --- Transactions and timers

void client_transaction(benchmark::State& state) {
  tm::ClientTransactions<std::uint64_t> transactions(key);
  std::vector<tm::ClientTransactionId> under_way;
  const MonoTime now(1h);
  for (int i = 0; i < 1000; ++i) under_way.push_back(transactions.start(0, now));
  std::size_t at = 0;
  ByteBuffer branch;
  for (auto step : state) {
    tm::ClientTransactionId& id = under_way[at = (at + 37) % under_way.size()];
    branch.clear();
    branch.append(tm::BranchCodec::cookie);
    transactions.codec().write_token(branch, id);
    const auto found = transactions.find(branch.view());
    transactions.end(*found);
    id = transactions.start(0, now);
  }
}
BENCHMARK(client_transaction);

void server_transaction(benchmark::State& state) {
  tm::ServerTransactions transactions(key);
  MonoTime now(1h);
  std::uint64_t number = 0;
  for (auto step : state) {
    ++number;
    const std::uint64_t hash =
        siphash(key, std::string_view(reinterpret_cast<const char*>(&number), sizeof(number)));
    const Hash128 request{hash, number};
    benchmark::DoNotOptimize(transactions.find(request));
    const auto id = transactions.start(request, hash, now);
    transactions.complete(*id, {}, now);
    now += 1ms;  // 32,000 of them are kept.
    transactions.on_deadline(now);
  }
}
BENCHMARK(server_transaction);

struct Timers {
  TimerNode& timer(std::uint32_t slot) { return nodes[slot]; }
  std::vector<TimerNode> nodes = std::vector<TimerNode>(1000);
};

void timer_lane(benchmark::State& state) {
  Timers timers;
  TimerLane lane(500ms);
  const MonoTime now(1h);
  for (std::uint32_t slot = 0; slot < 1000; ++slot) lane.arm(timers, slot, now);
  std::uint32_t slot = 0;
  for (auto step : state) {
    slot = (slot + 37) % 1000;
    lane.cancel(timers, slot);
    lane.arm(timers, slot, now);
  }
}
BENCHMARK(timer_lane);

// --- The writer

void write_delivery(benchmark::State& state) {
  const tm::BranchCodec codec(key);
  ByteBuffer common;
  delivery::write_common_fields(common, {.display = "user0@example.org",
                                         .from_uri = "sip:chat@example.org",
                                         .from_tag = 1,
                                         .max_forwards = 69,
                                         .instance = "0123456789abcdef",
                                         .in_reply_to = {},
                                         .extra_headers = {}});
  common.append("Content-Type: text/plain\r\n");
  delivery::write_body(common, "<user0@example.org>: ", std::string(64, 'x'));
  ByteBuffer out;
  for (auto step : state) {
    out.clear();
    delivery::write_delivery_head(out, "sip:user1@example.org", {Transport::udp, "127.0.0.1:5070"},
                                  codec.token({1, 1}), true);
    out.append(common.view());
    benchmark::DoNotOptimize(out.view().data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(write_delivery);

// --- The journal

// Joins, committed 100 at a time.
void journal_change(benchmark::State& state) {
  db::Journal<int> journal({});
  const records::Record record =
      records::Put<records::MemberRow>{{{"sip:chat@example.org", "user1", "example.org"}, 0}};
  MonoTime now(1h);
  Outbox out;
  int waiting = 0;
  for (auto step : state) {
    journal.append({record}, 0, now);
    if (++waiting < 100) continue;
    waiting = 0;
    now += 10ms;
    journal.on_deadline(now, out);
    const BatchId batch = out.batches().back();
    out.clear();
    db::Batch taken = journal.take_batch(batch);
    benchmark::DoNotOptimize(taken);
    db::CommitResult result{.batch = batch, .committed = true, .bundles = std::move(taken.bundles)};
    journal.on_commit(result, now);
    benchmark::DoNotOptimize(journal.take_committed());
  }
}
BENCHMARK(journal_change);

int count(int rounds) {
  SteadyRoom room(1000);
  for (int i = 0; i < rounds; ++i) room.round();
  fmt::print("{}\n", room.deliveries());
  return 0;
}

}  // namespace
}  // namespace imcd::bench

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--count") {
    return imcd::bench::count(std::atoi(argv[2]));
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
