// SqliteStore: rooms in a SQLite file, in the older modules' tables. The file is kept in WAL mode
// with synchronous=FULL, so a commit that succeeded survives a power cut, and others (the sqlite3
// command line, Kamailio) can read while imcd writes.
//
// From the first successful open() on, neither file nor tables are made any more, and once the file
// is in use another one in its place is not written to: it would take changes of rooms that it does
// not hold.
// A commit counts only if the file has its name still. Where the log or the index of SQLite have
// lost theirs, what they hold is brought into the database by closing it, and the batch is applied
// once more: a crash would leave the next start nothing of them.
//
// What is made is for its user and group alone; SQLite gives log and index the database's mode.
//
// A lock file beside the database (its path with `-imcd.lock`) keeps a second imcd out for as long
// as the store lives; where it was removed it is made anew before anything else is committed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/time.h"
#include "db/known_file.h"
#include "db/lock_file.h"
#include "db/sql_store.h"
#include "db/table.h"

namespace imcd::db {

struct SqliteOptions {
  TableNames tables;
  // Whether other imcds that say so too may use the database at the same time.
  bool shared = false;
  // Nothing is made, changed or locked; commits fail.
  bool reads_only = false;
  // How long one call waits for another writer before it gives up (and the batch is tried again).
  Duration busy_timeout = 1s;
  // The file grows to so many of its pages at most; beyond, it is full. 0: no such bound.
  std::uint32_t pages_max = 0;
  // When SQLite waits for the disk. With less than FULL a power cut takes back what was
  // acknowledged: there are tests that show it.
  std::string synchronous = "FULL";
  // SQLite's name of the file system layer; empty: its own.
  std::string vfs;
};

class SqliteStore final : public SqlStore {
 public:
  explicit SqliteStore(std::string path, SqliteOptions options = {});
  ~SqliteStore() override { disconnect(); }

 private:
  [[nodiscard]] const std::string& name() const override { return path_; }
  Result<std::unique_ptr<SqlConnection>> connect() override;
  SqlResult<void> configure(SqlConnection& connection) override;
  void on_disconnect() override { companions_.clear(); }
  SqlResult<void> confirm_place() override;
  [[nodiscard]] bool is_replaced() const override;

  Result<void> find_file();
  [[nodiscard]] SqlResult<void> find_same_file() const;
  Result<void> lock();

  std::string path_;  // Absolute and without symbolic links once find_file() has seen it.
  SqliteOptions options_;
  KnownFile file_;  // The database that is in use, or would be.
  // What SQLite keeps beside it while it is connected: name by name.
  std::map<std::string, KnownFile> companions_;
  LockFile lock_;
};

}  // namespace imcd::db
