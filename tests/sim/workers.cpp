#include "sim/workers.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fmt/core.h>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/simulator.h"

namespace imcd::sim {
namespace {

using Clock = std::chrono::steady_clock;

// A seed takes a fraction of a second; one that takes so long never ends.
constexpr auto seed_at_most = std::chrono::minutes(5);
constexpr auto look_every = std::chrono::milliseconds(50);
// A line that stays, and one that is written over.
constexpr auto report_every = std::chrono::seconds(5);
constexpr auto rewrite_every = std::chrono::milliseconds(200);

volatile std::sig_atomic_t is_interrupted = 0;
void on_interrupt(int) { is_interrupted = 1; }

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
    struct sigaction action{};
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
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

  End run() {
    std::fflush(stdout);
    for (std::size_t i = 0; i < workers_.size(); ++i) start(i);
    while (has_running() && !failed_ && is_interrupted == 0) look();
    for (std::size_t i = 0; i < workers_.size(); ++i) stop(i);
    report(true);
    if (failed_) return End::failed;
    return is_interrupted != 0 ? End::interrupted : End::held;
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
    if (process < 0) {
      say("a process can't be started");
      failed_ = true;
      return;
    }
    if (process == 0) {
      // The parent decides when to stop, and takes its workers along whatever ends it.
      std::signal(SIGINT, SIG_IGN);
      std::signal(SIGTERM, SIG_IGN);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      work(index);
      std::fflush(stdout);
      _exit(shared_[index].failed_check[0] != 0 ? 1 : 0);
    }
    workers_[index].process = process;
  }

  // In the worker's process.
  void work(std::size_t index) {
    Shared& shared = shared_[index];
    for (std::uint64_t position = index; position < run_.seeds; position += run_.jobs) {
      if (run_.at_most.count() > 0 && Clock::now() - began_ > run_.at_most) return;
      const std::uint64_t seed = run_.first + position;
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
        say(fmt::format("seed {}: \"everything comes to rest\" is broken: it does not end", seed));
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
      say(fmt::format("seed {}: \"{}\" is broken: {}", seed, shared.failed_check, shared.story));
    } else {
      say(fmt::format(
          "seed {}: \"the server lives\" is broken: its process ended with status {:#x}", seed,
          status));
    }
    say(fmt::format("replay it with: tools/sim --trace {}", seed));
  }

  // A line that stays, in place of the one that shows the progress.
  void say(std::string_view line) const {
    fmt::print("{}{}\n", is_terminal_ ? "\r\x1b[K" : "", line);
    std::fflush(stdout);
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
    const Clock::duration every = is_terminal_ ? Clock::duration(rewrite_every) : report_every;
    if (!is_last && now - reported_ < every) return;
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
    const std::string line =
        fmt::format("{} seeds, {} datagrams, {:.0f}/s, {} faults, {:.0f} s", seeds, datagrams,
                    static_cast<double>(datagrams) / seconds, faults, seconds);
    if (is_last || !is_terminal_) return say(line);
    fmt::print("\r{}\x1b[K", line);
    std::fflush(stdout);
  }

  const Run& run_;
  std::vector<Worker> workers_;
  Shared* shared_ = nullptr;
  const bool is_terminal_ = isatty(STDOUT_FILENO) != 0;
  bool failed_ = false;
  Clock::time_point began_;
  Clock::time_point reported_{};
};

}  // namespace

End run_seeds(const Run& run) {
  Workers workers(run);
  const End end = workers.run();
  const Counts counts = workers.counts();
  if (run.options.measures_latency) {
    fmt::print("loss {} %: ", 100 * run.options.loss.value_or(0));
    counts.print_latency();
  } else if (!run.is_quiet) {
    counts.print_table();
  }
  return end;
}

}  // namespace imcd::sim
