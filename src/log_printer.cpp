#include "log_printer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace imcd {
namespace {

// Lines that wait for standard error; beyond, the oldest are lost.
constexpr std::size_t waiting_lines_max = 8192;

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

struct LogPrinter::Writer {
  std::shared_ptr<spdlog::details::thread_pool> thread =
      std::make_shared<spdlog::details::thread_pool>(waiting_lines_max, 1);
  std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::async_logger>(
      "imcd", std::make_shared<spdlog::sinks::stderr_sink_mt>(), thread,
      spdlog::async_overflow_policy::overrun_oldest);
};

LogPrinter::LogPrinter(const LogSettings& settings, bool for_journal)
    : for_journal_(for_journal), writer_(std::make_unique<Writer>()) {
  apply(settings);
  writer_->logger->set_pattern("%v");
  writer_->logger->set_level(spdlog::level::trace);
}

LogPrinter::~LogPrinter() { writer_->logger->flush(); }

void LogPrinter::print(const LogLine& line, WallTime now) {
  if (line.level < settings_.log_level) return;
  writer_->logger->info("{}", format_log_line(line, now, settings_.log_format, for_journal_));
}

}  // namespace imcd
