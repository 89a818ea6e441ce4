// MiFifo: the named pipe on which management clients write their requests. It is open for writing
// too, so that the last client's close never looks like an end of file. A FIFO that a former run
// left behind is used again; one that we made goes away with us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>

#include "base/result.h"
#include "reactor/fd.h"

namespace imcd::reactor {

class MiFifo {
 public:
  // An error names the path: "cannot create the management FIFO /x/y: No such file or directory".
  static Result<std::unique_ptr<MiFifo>> open(const std::string& path, std::uint32_t mode);
  ~MiFifo();
  MiFifo(const MiFifo&) = delete;
  MiFifo& operator=(const MiFifo&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  // Whether clients who open the path get this one.
  [[nodiscard]] bool is_in_place() const;

  // What is in the pipe, up to the budget of a turn; nothing when it is empty. Valid until the next
  // read.
  std::optional<std::string_view> read();

 private:
  explicit MiFifo(std::string path) : path_(std::move(path)) {}
  Result<void> create(std::uint32_t mode);
  Result<void> take_over(std::uint32_t mode);

  std::string path_;
  Fd fd_;
  struct stat file_{};  // Which file it is, so that no other is ever removed.
  bool made_ = false;   // By us, not by a former run.
  std::unique_ptr<char[]> bytes_;
};

}  // namespace imcd::reactor
