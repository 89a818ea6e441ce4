#include "db/sqlite_store.h"

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sqlite3.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "db/in_quotes.h"
#include "db/sqlite_connection.h"

namespace imcd::db {

namespace fs = std::filesystem;

namespace {

SqlError gone() { return {0, "its file is gone"}; }

// One that is there already stays as it is.
void make_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (file >= 0) ::close(file);
}

}  // namespace

SqliteStore::SqliteStore(std::string path, SqliteOptions options)
    : SqlStore(options.tables, options.reads_only),
      path_(std::move(path)),
      options_(std::move(options)) {}

Result<void> SqliteStore::find_file() {
  std::error_code error;
  const fs::path path = fs::weakly_canonical(fs::absolute(path_, error), error);
  if (path_.empty() || error) {
    return fail(fmt::format("{} is no path of a database", in_quotes(path_)));
  }
  if (!fs::is_directory(path.parent_path(), error)) {
    return fail(fmt::format("cannot open database {}: there is no directory {}", path.string(),
                            path.parent_path().string()));
  }
  if (fs::is_directory(path, error)) {
    return fail(fmt::format("cannot open database {}: it is a directory", path.string()));
  }
  path_ = path.string();
  if (is_in_use()) {
    const auto same = find_same_file();
    return same ? Result<void>{} : failure(same.error());
  }
  if (was_open() && !fs::exists(path, error)) return failure(gone());
  return {};
}

SqlResult<void> SqliteStore::find_same_file() const {
  switch (file_.look(path_)) {
    case KnownFile::Found::same:
      return {};
    case KnownFile::Found::none:
      return std::unexpected(gone());
    case KnownFile::Found::other:
      return std::unexpected(SqlError{0, "its file was replaced by another one"});
  }
  std::unreachable();
}

bool SqliteStore::is_replaced() const {
  return is_in_use() && file_.look(path_) == KnownFile::Found::other;
}

SqlResult<void> SqliteStore::confirm_place() {
  if (auto same = find_same_file(); !same) return same;
  if (!lock_.is_found()) {
    return std::unexpected(SqlError{0, "its lock file is gone", SqlVerdict::lost});
  }
  for (const char* suffix : {"-wal", "-shm"}) {
    const std::string name = path_ + suffix;
    KnownFile& known = companions_[name];
    if (!known.is_known()) known = KnownFile(name);
    if (known.is_known() && known.look(name) != KnownFile::Found::same) {
      return std::unexpected(SqlError{0, fmt::format("{} is gone", name), SqlVerdict::lost});
    }
  }
  return {};
}

Result<void> SqliteStore::lock() {
  if (lock_.is_found() || options_.reads_only) return {};
  Result<LockFile> lock = LockFile::acquire(
      path_ + "-imcd.lock", options_.shared ? LockMode::shared : LockMode::exclusive);
  if (!lock) return fail(fmt::format("cannot open database {}: {}", path_, lock.error().text));
  lock_ = std::move(*lock);
  return {};
}

Result<std::unique_ptr<SqlConnection>> SqliteStore::connect() {
  if (Result<void> found = find_file(); !found) return std::unexpected(found.error());
  if (Result<void> locked = lock(); !locked) return std::unexpected(locked.error());
  if (!was_open() && !reads_only()) make_file(path_);
  // Without NOMUTEX SQLite would lock itself against other threads in each call; only one is here.
  const int access = reads_only() ? SQLITE_OPEN_READONLY
                     : was_open() ? SQLITE_OPEN_READWRITE
                                  : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  auto connection = SqliteConnection::open(path_, access | SQLITE_OPEN_NOMUTEX, options_.vfs);
  if (!connection) return failure(connection.error());
  if (!is_in_use()) file_ = KnownFile(path_);
  if (!file_.is_known()) return failure(gone());
  if (reads_only()) return *std::move(connection);
  // SQLite opens what it may not write for reading alone.
  if ((*connection)->is_read_only()) return fail(fmt::format("database {} is read-only", path_));
  using std::chrono::ceil;
  using std::chrono::milliseconds;
  (*connection)
      ->set_busy_timeout(static_cast<int>(ceil<milliseconds>(options_.busy_timeout).count()));
  return *std::move(connection);
}

SqlResult<void> SqliteStore::configure(SqlConnection& connection) {
  auto mode = connection.prepare("PRAGMA journal_mode = WAL");
  if (!mode) return std::unexpected(mode.error());
  if (auto done = (*mode)->execute(); !done) return done;
  if (const auto row = (*mode)->fetch(); !row) return std::unexpected(row.error());
  if ((*mode)->text(0) != "wal") {
    return std::unexpected(SqlError{SQLITE_ERROR, "its file system cannot hold a write-ahead log"});
  }
  (*mode)->reset();

  // With foreign keys a record could be refused as late as by COMMIT, and nobody could tell which
  // record it was.
  std::string pragmas =
      fmt::format("PRAGMA synchronous = {}; PRAGMA foreign_keys = OFF;", options_.synchronous);
  if (options_.pages_max != 0) {
    pragmas += fmt::format("PRAGMA max_page_count = {};", options_.pages_max);
  }
  return connection.execute(pragmas);
}

}  // namespace imcd::db
