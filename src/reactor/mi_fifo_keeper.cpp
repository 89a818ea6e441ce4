#include "reactor/mi_fifo_keeper.h"

#include <utility>

#include "reactor/budget.h"

namespace imcd::reactor {

Result<void> MiFifoKeeper::open(const std::string& path, std::uint32_t mode) {
  path_ = path;
  mode_ = mode;
  return make();
}

// One that is still there is let go of once another is in its place.
Result<void> MiFifoKeeper::make() {
  auto made = MiFifo::open(path_, mode_);
  if (!made) return std::unexpected(made.error());
  if (auto done = epoll_.watch((*made)->fd(), {SourceKind::mi_fifo}); !done) return done;
  fifo_ = std::move(*made);
  return {};
}

std::optional<LogLine> MiFifoKeeper::on_deadline(MonoTime now) {
  if (!fifo_ || now < look_at_) return std::nullopt;
  look_at_ = now + budget::mi_fifo_look;
  if (fifo_->is_in_place()) {
    told_.clear();
    return std::nullopt;
  }
  if (const auto made = make(); !made) return tell(made.error().text);
  told_.clear();
  return LogLine{LogLevel::warning,
                 "the management FIFO " + path_ + " was gone or another file: it is there again",
                 {}};
}

std::optional<LogLine> MiFifoKeeper::tell(std::string text) {
  if (text == told_) return std::nullopt;
  told_ = std::move(text);
  return LogLine{LogLevel::warning, told_, {}};
}

}  // namespace imcd::reactor
