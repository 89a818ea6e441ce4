// LockFile: keeps a second imcd from a database. The lock is on the open file (flock), so it goes
// with the process however that ends; the file itself stays, since removing it would race with
// another process that has just opened it.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace imcd::db {

enum class LockMode {
  exclusive,
  shared,  // Beside others that lock it so, but not beside an exclusive one.
};

class LockFile {
 public:
  LockFile() = default;
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();

  // Makes the file where it lacks. Never waits for another holder.
  static Result<LockFile> acquire(const std::string& path, LockMode mode);

  [[nodiscard]] bool is_held() const { return file_ >= 0; }
  // Whether whoever opens the path finds this lock. One whose file was removed keeps nobody out.
  [[nodiscard]] bool is_found() const;

 private:
  LockFile(std::string path, int file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  int file_ = -1;
};

}  // namespace imcd::db
