// A file system layer for SQLite over its own one, which fails on command and counts what is
// synced. It is registered under its name for as long as it lives; SqliteOptions::vfs takes that
// name.
#pragma once

#include <cstddef>
#include <sqlite3.h>
#include <string>
#include <string_view>

namespace imcd::db {

// Who is asked before the file system is: any code but SQLITE_OK is the call's answer.
class DiskWatcher {
 public:
  virtual ~DiskWatcher() = default;
  virtual int on_open(const std::string& path) = 0;
  virtual int on_write(const std::string& path, std::string_view bytes, std::size_t offset) = 0;
  virtual int on_truncate(const std::string& path, std::size_t size) = 0;
  virtual int on_synced(const std::string& path) = 0;
  virtual int on_delete(const std::string& path) = 0;
};

class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  // What the calls return instead of doing anything, while it is not SQLITE_OK.
  int open_code = SQLITE_OK;
  int write_code = SQLITE_OK;
  int sync_code = SQLITE_OK;
  int read_code = SQLITE_OK;
  // New files have no shared memory, as on some network file systems: no write-ahead log is
  // possible.
  bool lacks_shared_memory = false;

  DiskWatcher* watcher = nullptr;  // Set before the first open.

  std::size_t log_syncs = 0;  // Of write-ahead logs.
  std::size_t opens = 0;      // Of databases.

 private:
  std::string name_;
  sqlite3_vfs vfs_;
};

}  // namespace imcd::db
