// A file system layer for SQLite over its own one, which fails on command and counts what is
// synced. It is registered under its name for as long as it lives; SqliteOptions::vfs takes that
// name.
#pragma once

#include <cstddef>
#include <sqlite3.h>
#include <string>

namespace imcd::db {

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

  std::size_t log_syncs = 0;  // Of write-ahead logs.
  std::size_t opens = 0;      // Of databases.

 private:
  std::string name_;
  sqlite3_vfs vfs_;
};

}  // namespace imcd::db
