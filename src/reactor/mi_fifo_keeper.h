// MiFifoKeeper: keeps the management FIFO in its place. Somebody who tidies up /tmp or /run takes
// it away, and then clients would talk to nobody, or write a plain file, until the next start. So
// its path is looked at now and then (one lstat), and where another file or none is there, the FIFO
// is made again or the one that is there is taken over, by the rules of MiFifo. A file of another
// kind stays: it may be somebody's. Then the operator is told, and it is tried again at the next
// look.
//
// Timer: that look, every budget::mi_fifo_look.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "reactor/epoll.h"
#include "reactor/mi_fifo.h"

namespace imcd::reactor {

class MiFifoKeeper {
 public:
  explicit MiFifoKeeper(Epoll& epoll) : epoll_(epoll) {}

  // Without it there is none to keep.
  Result<void> open(const std::string& path, std::uint32_t mode);
  // What is in the pipe, as MiFifo gives it.
  std::optional<std::string_view> read() { return fifo_->read(); }

  // What the operator should know, told once.
  std::optional<LogLine> on_deadline(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const {
    return fifo_ ? std::optional(look_at_) : std::nullopt;
  }

 private:
  Result<void> make();
  std::optional<LogLine> tell(std::string text);

  Epoll& epoll_;
  std::string path_;
  std::uint32_t mode_ = 0;
  std::unique_ptr<MiFifo> fifo_;
  MonoTime look_at_{};  // At first in the past: in the first turn.
  std::string told_;    // Of a trouble that lasts.
};

}  // namespace imcd::reactor
