#include "log_printer.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <spdlog/async.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

namespace imcd {
namespace {

// Lines that wait for standard error; beyond, the oldest are lost.
constexpr std::size_t waiting_lines_max = 8192;
// So long the last lines may take when imcd ends; what nobody has read by then is dropped.
constexpr Duration last_lines_time = 1s;

struct LevelText {
  const char* name;
  int priority;  // Of syslog(3), as the journal reads it.
};

LevelText level_text(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return {"debug", 7};
    case LogLevel::info:
      return {"info", 6};
    case LogLevel::warning:
      return {"warning", 4};
    case LogLevel::error:
      return {"error", 3};
  }
  return {"error", 3};
}

std::string time_text(WallTime now) {
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds.time_since_epoch().count()),
                     (now - seconds).count());
}

// A value with blanks or quotes is quoted, so that a line splits into its fields again; control
// characters, which a peer may have sent, never reach the terminal.
std::string value_text(const std::string& value) {
  const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string::npos;
  std::string text = plain ? "" : "\"";
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return plain ? text : text + '"';
}

std::string json_line(const LogLine& line, WallTime now) {
  nlohmann::ordered_json json{
      {"ts", time_text(now)}, {"level", level_text(line.level).name}, {"msg", line.text}};
  for (const auto& [name, value] : line.fields) json[name] = value;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string text_line(const LogLine& line, WallTime now, bool for_journal) {
  std::string text = for_journal
                         ? std::string()
                         : fmt::format("{} {} ", time_text(now), level_text(line.level).name);
  text += line.text;
  for (const auto& [name, value] : line.fields) {
    text += fmt::format(" {}={}", name, value_text(value));
  }
  return text;
}

}  // namespace

std::string format_log_line(const LogLine& line, WallTime now, LogFormat format, bool for_journal) {
  const std::string body =
      format == LogFormat::json ? json_line(line, now) : text_line(line, now, for_journal);
  return for_journal ? fmt::format("<{}>{}", level_text(line.level).priority, body) : body;
}

namespace {

// Standard error, written to only when it has room: a pipe that nobody reads would keep the thread
// in write() for ever, and the process with it. Used by that thread alone, but for end_soon().
class StderrSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  // From now on it waits for its reader no longer than last_lines_time in all.
  void end_soon() { ends_at_.store(read_clock() + last_lines_time, std::memory_order_relaxed); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write(std::string_view(line.data(), line.size()));
  }
  void flush_() override {}

 private:
  static MonoTime read_clock() {
    return MonoTime(std::chrono::steady_clock::now().time_since_epoch());
  }

  void write(std::string_view rest) {
    while (!rest.empty() && wait_for_room()) {
      // A pipe that has room takes so much at once (pipe(7)).
      const std::size_t size = std::min<std::size_t>(rest.size(), PIPE_BUF);
      const ssize_t count = ::write(STDERR_FILENO, rest.data(), size);
      if (count < 0 && errno != EINTR && errno != EAGAIN) return;
      if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  // False: the time is up.
  bool wait_for_room() {
    constexpr Duration look_again = 100ms;
    for (;;) {
      const Duration left = ends_at_.load(std::memory_order_relaxed) - read_clock();
      const Duration wait = std::clamp<Duration>(left, 0ns, look_again);
      pollfd file{STDERR_FILENO, POLLOUT, 0};
      const int ready = ::poll(
          &file, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count()));
      if (ready > 0) return true;
      if (left <= 0ns) return false;
    }
  }

  std::atomic<MonoTime> ends_at_ = MonoTime::max();
};

}  // namespace

struct LogPrinter::Writer {
  std::shared_ptr<StderrSink> sink = std::make_shared<StderrSink>();
  std::shared_ptr<spdlog::details::thread_pool> thread =
      std::make_shared<spdlog::details::thread_pool>(waiting_lines_max, 1);
  std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::async_logger>(
      "imcd", sink, thread, spdlog::async_overflow_policy::overrun_oldest);
};

LogPrinter::LogPrinter(const LogSettings& settings, bool for_journal)
    : for_journal_(for_journal), writer_(std::make_unique<Writer>()) {
  apply(settings);
  writer_->logger->set_pattern("%v");
  writer_->logger->set_level(spdlog::level::trace);
}

// The thread ends once it has written what waits, or dropped it.
LogPrinter::~LogPrinter() { writer_->sink->end_soon(); }

void LogPrinter::print(const LogLine& line, WallTime now) {
  if (line.level < settings_.log_level) return;
  writer_->logger->info("{}", format_log_line(line, now, settings_.log_format, for_journal_));
}

}  // namespace imcd
