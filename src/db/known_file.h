// KnownFile: a file that was found under a name, to tell later whether the name still leads to it.
// It is held meanwhile, so that no other file gets its number, but not opened: to close a file that
// SQLite has open would end SQLite's locks on it.
#pragma once

#include <cstdint>
#include <string>

namespace imcd::db {

class KnownFile {
 public:
  KnownFile() = default;  // None.
  // None where no file has that name, or it cannot be seen.
  explicit KnownFile(const std::string& path);
  KnownFile(KnownFile&& other) noexcept;
  KnownFile& operator=(KnownFile&& other) noexcept;
  KnownFile(const KnownFile&) = delete;
  KnownFile& operator=(const KnownFile&) = delete;
  ~KnownFile();

  [[nodiscard]] bool is_known() const { return file_ >= 0; }
  // What has the name now: this one, none, or another one. It must be known.
  enum class Found : std::uint8_t { same, none, other };
  [[nodiscard]] Found look(const std::string& path) const;

 private:
  int file_ = -1;
};

}  // namespace imcd::db
