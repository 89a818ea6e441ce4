#include "process_tree.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace imcd::bench {

namespace {

struct Stat {
  pid_t parent = 0;
  std::uint64_t ticks = 0;
  std::uint64_t resident_pages = 0;
};

std::string read_proc(pid_t pid, const char* name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// proc(5): fields are counted from the state, which follows the name in parentheses.
Stat read_stat(pid_t pid) {
  const std::string text = read_proc(pid, "stat");
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  std::vector<std::string> values;
  for (std::string value; fields >> value;) values.push_back(value);
  if (values.size() < 22) return {};
  Stat stat;
  stat.parent = static_cast<pid_t>(std::stol(values[1]));
  stat.ticks = std::stoull(values[11]) + std::stoull(values[12]);
  stat.resident_pages = std::stoull(values[21]);
  return stat;
}

std::map<pid_t, Stat> all_processes() {
  std::map<pid_t, Stat> processes;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    processes.emplace(pid, read_stat(pid));
  }
  return processes;
}

bool descends_from(pid_t pid, pid_t root, const std::map<pid_t, Stat>& processes) {
  // A chain longer than there are processes would be one that changed while it was read.
  for (std::size_t steps = 0; pid > 0 && steps <= processes.size(); ++steps) {
    if (pid == root) return true;
    const auto found = processes.find(pid);
    if (found == processes.end()) return false;
    pid = found->second.parent;
  }
  return false;
}

// The proportional set, or the resident one where the kernel does not tell.
std::uint64_t memory_of(pid_t pid, const Stat& stat) {
  std::istringstream lines(read_proc(pid, "smaps_rollup"));
  for (std::string word; lines >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "Pss:" && lines >> kilobytes) return kilobytes * 1024;
  }
  return stat.resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

Duration of_timeval(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

ProcessUse measure_process_tree(pid_t root) {
  ProcessUse use;
  if (root <= 0) return use;
  const auto processes = all_processes();
  if (!processes.contains(root)) return use;
  const auto tick = Duration(1s) / sysconf(_SC_CLK_TCK);
  for (const auto& [pid, stat] : processes) {
    if (!descends_from(pid, root, processes)) continue;
    use.cpu += tick * static_cast<Duration::rep>(stat.ticks);
    use.memory_bytes += memory_of(pid, stat);
    ++use.processes;
  }
  return use;
}

Duration own_cpu() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return of_timeval(use.ru_utime) + of_timeval(use.ru_stime);
}

}  // namespace imcd::bench
