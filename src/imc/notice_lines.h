// NoticeLines: a list for the sender of a command in as many notices as it takes, at most
// limits::list_lines_max lines, and no more notices than may still wait for him. A notice holds so
// much text beside its headers and first line; more goes into another one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "imc/command_run.h"

namespace imcd::imc {

class NoticeLines {
 public:
  NoticeLines(CommandRun& run, std::string first_line) : run_(run), text_(std::move(first_line)) {}

  // Then there is place left for the last line only.
  [[nodiscard]] bool full() const;
  void add(std::string_view line);
  // `hidden`: lines that were left out.
  void end(std::size_t hidden);

 private:
  void flush(std::string_view next_first_line);

  CommandRun& run_;
  std::string text_;
  std::size_t count_ = 0;
  std::uint32_t notices_ = 0;
};

}  // namespace imcd::imc
