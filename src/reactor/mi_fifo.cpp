#include "reactor/mi_fifo.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "reactor/budget.h"
#include "reactor/system_failure.h"

namespace imcd::reactor {
namespace {

std::unexpected<Error> cannot_use(const std::string& path, std::string_view why) {
  return fail("cannot use the management FIFO " + path + ": " + std::string(why));
}

bool same_file(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

Result<std::unique_ptr<MiFifo>> MiFifo::open(const std::string& path, std::uint32_t mode) {
  std::unique_ptr<MiFifo> fifo(new MiFifo(path));
  if (Result<void> made = fifo->create(mode); !made) return std::unexpected(made.error());
  if (Result<void> taken = fifo->take_over(mode); !taken) return std::unexpected(taken.error());
  fifo->bytes_ = std::make_unique_for_overwrite<char[]>(budget::mi_read_bytes);
  return fifo;
}

Result<void> MiFifo::create(std::uint32_t mode) {
  if (::mkfifo(path_.c_str(), mode) == 0) {
    made_ = true;
    return {};
  }
  if (errno == EEXIST) return {};
  return fail_as("cannot create the management FIFO " + path_);
}

// Looks before it opens, as opening another kind of file may have effects of its own, and again
// after it, as the file may have been exchanged in between.
Result<void> MiFifo::take_over(std::uint32_t mode) {
  if (::lstat(path_.c_str(), &file_) != 0) return cannot_use(path_, error_text(errno));
  if (!S_ISFIFO(file_.st_mode)) return cannot_use(path_, "it is another kind of file");
  if (file_.st_uid != ::geteuid()) return cannot_use(path_, "it belongs to another user");
  fd_ = Fd(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  struct stat opened{};
  if (!fd_ || ::fstat(fd_.get(), &opened) != 0) return cannot_use(path_, error_text(errno));
  if (!same_file(opened, file_)) return cannot_use(path_, "it was exchanged meanwhile");
  // Two readers would tear each other's requests apart.
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    return cannot_use(path_,
                      errno == EWOULDBLOCK ? "another process serves it" : error_text(errno));
  }
  // The umask has taken its part of what mkfifo was given.
  if (::fchmod(fd_.get(), mode) != 0) return cannot_use(path_, error_text(errno));
  return {};
}

MiFifo::~MiFifo() {
  if (made_ && is_in_place()) ::unlink(path_.c_str());
}

// The file is open, so its number can't be another's by now.
bool MiFifo::is_in_place() const {
  struct stat present{};
  return ::lstat(path_.c_str(), &present) == 0 && same_file(present, file_);
}

std::optional<std::string_view> MiFifo::read() {
  ssize_t count = 0;
  do {
    count = ::read(fd_.get(), bytes_.get(), budget::mi_read_bytes);
  } while (count < 0 && errno == EINTR);
  if (count > 0) return std::string_view(bytes_.get(), static_cast<std::size_t>(count));
  return std::nullopt;
}

}  // namespace imcd::reactor
