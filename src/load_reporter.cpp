#include "load_reporter.h"

#include <cstdio>
#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

namespace imcd {
namespace {

constexpr Duration log_interval = 5s;
constexpr Duration terminal_interval = 200ms;

}  // namespace

LoadReporter::LoadReporter() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}

void LoadReporter::begin(std::uint64_t rows_expected, Instant now) {
  logged_.emplace(rows_expected, now.mono);
  shown_.emplace(rows_expected, now.mono);
}

void LoadReporter::add(std::uint64_t rows, Instant now, Outbox& out) {
  if (!logged_ || !shown_) return;
  logged_->add(rows);
  shown_->add(rows);
  if (logged_->is_due(now.mono, log_interval)) {
    const std::string text = "loading the database: " + logged_->text(now.mono);
    // Time for the next line and some more.
    sd_notify(0, ("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=" + text).c_str());
    out.log({LogLevel::info, text, {}});
  }
  if (on_terminal_ && (!is_shown_ || shown_->is_due(now.mono, terminal_interval))) {
    fmt::print(stderr, "\rloading the database: {}\x1b[K", shown_->text(now.mono));
    is_shown_ = true;
  }
}

void LoadReporter::end() {
  clear_line();
  logged_.reset();
  shown_.reset();
}

void LoadReporter::clear_line() {
  if (is_shown_) fmt::print(stderr, "\r\x1b[K");
  is_shown_ = false;
}

}  // namespace imcd
