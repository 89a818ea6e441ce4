#include "db/lock_file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace imcd::db {
namespace {

std::string error_words(int error) { return std::generic_category().message(error); }

}  // namespace

LockFile::LockFile(LockFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  return *this;
}

LockFile::~LockFile() {
  if (file_ >= 0) ::close(file_);
}

bool LockFile::is_found() const {
  struct stat held{};
  struct stat found{};
  return is_held() && ::fstat(file_, &held) == 0 && ::stat(path_.c_str(), &found) == 0 &&
         held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

Result<LockFile> LockFile::acquire(const std::string& path, LockMode mode) {
  LockFile lock(path, ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!lock.is_held()) {
    return fail(fmt::format("cannot open the lock file {}: {}", path, error_words(errno)));
  }
  const int operation = mode == LockMode::exclusive ? LOCK_EX : LOCK_SH;
  if (::flock(lock.file_, operation | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) {
    return fail(fmt::format("another imcd uses this database: it holds the lock file {}", path));
  }
  return fail(fmt::format("cannot lock {}: {}", path, error_words(errno)));
}

}  // namespace imcd::db
