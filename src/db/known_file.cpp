#include "db/known_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace imcd::db {

KnownFile::KnownFile(const std::string& path) : file_(::open(path.c_str(), O_PATH | O_CLOEXEC)) {}

KnownFile::KnownFile(KnownFile&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

KnownFile& KnownFile::operator=(KnownFile&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

KnownFile::~KnownFile() {
  if (file_ >= 0) ::close(file_);
}

KnownFile::Found KnownFile::look(const std::string& path) const {
  struct stat known{};
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return Found::none;
  const bool is_same =
      ::fstat(file_, &known) == 0 && known.st_dev == found.st_dev && known.st_ino == found.st_ino;
  return is_same ? Found::same : Found::other;
}

}  // namespace imcd::db
