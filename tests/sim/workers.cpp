#include "sim/workers.h"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <fmt/core.h>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/simulator.h"

namespace imcd::sim {
namespace {

using Clock = std::chrono::steady_clock;

// A seed takes a fraction of a second; one that takes so long never ends.
constexpr auto seed_at_most = std::chrono::minutes(5);
constexpr auto look_every = std::chrono::milliseconds(50);
constexpr auto report_every = std::chrono::seconds(2);

// What a worker tells the parent, in memory that both see. Only the worker writes.
struct Shared {
  std::atomic<std::uint64_t> seed{0};
  std::atomic<std::uint64_t> seeds_done{0};
  std::atomic<std::uint64_t> datagrams{0};
  std::atomic<std::uint64_t> faults{0};
  Counts counts;  // Complete when the worker has ended.
  char failed_check[64] = {};
  char story[2048] = {};
};

void copy(char* to, std::size_t size, std::string_view text) {
  text = text.substr(0, size - 1);
  std::memcpy(to, text.data(), text.size());
  to[text.size()] = 0;
}

class Workers {
 public:
  explicit Workers(const Run& run) : run_(run), workers_(run.jobs), began_(Clock::now()) {
    const std::size_t bytes = sizeof(Shared) * run.jobs;
    void* const memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    shared_ = static_cast<Shared*>(memory);
    for (std::size_t i = 0; i < run.jobs; ++i) new (shared_ + i) Shared;
  }
  ~Workers() { munmap(shared_, sizeof(Shared) * workers_.size()); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  bool run() {
    std::fflush(stdout);
    for (std::size_t i = 0; i < workers_.size(); ++i) start(i);
    while (has_running() && !failed_) look();
    for (std::size_t i = 0; i < workers_.size(); ++i) stop(i);
    report(true);
    return !failed_;
  }

  [[nodiscard]] Counts counts() const {
    Counts all;
    for (std::size_t i = 0; i < workers_.size(); ++i) all += shared_[i].counts;
    return all;
  }

 private:
  struct Worker {
    pid_t process = 0;  // 0: it has ended.
    std::uint64_t seed = 0;
    Clock::time_point seed_since;
  };

  [[nodiscard]] bool has_running() const {
    for (const Worker& worker : workers_) {
      if (worker.process != 0) return true;
    }
    return false;
  }

  void start(std::size_t index) {
    workers_[index].seed_since = Clock::now();
    const pid_t process = fork();
    if (process == 0) {
      work(index);
      std::fflush(stdout);
      _exit(shared_[index].failed_check[0] != 0 ? 1 : 0);
    }
    workers_[index].process = process;
  }

  [[nodiscard]] std::uint64_t seed_at(std::uint64_t position) const {
    return position < run_.named.size() ? run_.named[position]
                                        : run_.first + position - run_.named.size();
  }

  // In the worker's process.
  void work(std::size_t index) {
    Shared& shared = shared_[index];
    const std::uint64_t all = run_.named.size() + run_.seeds;
    for (std::uint64_t position = index; position < all; position += run_.jobs) {
      if (run_.at_most.count() > 0 && Clock::now() - began_ > run_.at_most) return;
      const std::uint64_t seed = seed_at(position);
      shared.seed.store(seed, std::memory_order_relaxed);
      try {
        run_seed(seed, run_.options, shared.counts, Trace(false));
      } catch (const Violation& violation) {
        copy(shared.failed_check, sizeof shared.failed_check, violation.check);
        copy(shared.story, sizeof shared.story, violation.what());
        return;
      }
      shared.seeds_done.fetch_add(1, std::memory_order_relaxed);
      shared.datagrams.store(shared.counts.of(Tally::datagrams), std::memory_order_relaxed);
      shared.faults.store(shared.counts.all_faults(), std::memory_order_relaxed);
    }
  }

  void look() {
    usleep(static_cast<useconds_t>(std::chrono::microseconds(look_every).count()));
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      Worker& worker = workers_[i];
      if (worker.process == 0) continue;
      int status = 0;
      if (waitpid(worker.process, &status, WNOHANG) == worker.process) {
        worker.process = 0;
        if (status != 0) tell_failure(i, status);
        continue;
      }
      const std::uint64_t seed = shared_[i].seed.load(std::memory_order_relaxed);
      if (seed != worker.seed) {
        worker.seed = seed;
        worker.seed_since = Clock::now();
      } else if (Clock::now() - worker.seed_since > seed_at_most) {
        fmt::print("seed {} does not end\n", seed);
        failed_ = true;
      }
    }
    report(false);
  }

  void tell_failure(std::size_t index, int status) {
    failed_ = true;
    const Shared& shared = shared_[index];
    const std::uint64_t seed = shared.seed.load(std::memory_order_relaxed);
    if (shared.failed_check[0] != 0) {
      fmt::print("seed {}: \"{}\" is broken: {}\n", seed, shared.failed_check, shared.story);
    } else {
      fmt::print("seed {}: \"the server lives\" is broken: its process ended with status {:#x}\n",
                 seed, status);
    }
    fmt::print("replay it with: tools/sim --trace {}\n", seed);
  }

  void stop(std::size_t index) {
    Worker& worker = workers_[index];
    if (worker.process == 0) return;
    kill(worker.process, SIGKILL);
    waitpid(worker.process, nullptr, 0);
    worker.process = 0;
  }

  void report(bool is_last) {
    if (run_.is_quiet && !is_last) return;
    const auto now = Clock::now();
    if (!is_last && now - reported_ < report_every) return;
    reported_ = now;
    std::uint64_t seeds = 0;
    std::uint64_t datagrams = 0;
    std::uint64_t faults = 0;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      seeds += shared_[i].seeds_done.load(std::memory_order_relaxed);
      datagrams += shared_[i].datagrams.load(std::memory_order_relaxed);
      faults += shared_[i].faults.load(std::memory_order_relaxed);
    }
    const double seconds = std::chrono::duration<double>(now - began_).count();
    fmt::print("{} seeds, {} datagrams, {:.0f}/s, {} faults, {:.0f} s\n", seeds, datagrams,
               static_cast<double>(datagrams) / seconds, faults, seconds);
    std::fflush(stdout);
  }

  const Run& run_;
  std::vector<Worker> workers_;
  Shared* shared_ = nullptr;
  bool failed_ = false;
  Clock::time_point began_;
  Clock::time_point reported_{};
};

}  // namespace

bool run_seeds(const Run& run) {
  Workers workers(run);
  const bool held = workers.run();
  const Counts counts = workers.counts();
  if (run.options.measures_latency) {
    counts.print_latency();
  } else if (!run.is_quiet) {
    counts.print_table();
  }
  return held;
}

}  // namespace imcd::sim
