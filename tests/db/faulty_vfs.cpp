#include "faulty_vfs.h"

#include <new>

namespace imcd::db {
namespace {

// SQLite allocates szOsFile bytes for this and the real file behind it.
struct FaultyFile : sqlite3_file {
  FaultyVfs* faults = nullptr;
  bool is_log = false;
  const char* path = nullptr;  // SQLite keeps it for as long as the file is open.

  // Temporary files have no path and nobody looks at them.
  [[nodiscard]] DiskWatcher* watcher() const { return path == nullptr ? nullptr : faults->watcher; }
};

FaultyFile& faulty(sqlite3_file* file) { return *static_cast<FaultyFile*>(file); }
sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(static_cast<FaultyFile*>(file) + 1);
}
const sqlite3_io_methods& methods(sqlite3_file* file) { return *real(file)->pMethods; }

int close_file(sqlite3_file* file) { return methods(file).xClose(real(file)); }
int read_file(sqlite3_file* file, void* to, int bytes, sqlite3_int64 offset) {
  if (const int code = faulty(file).faults->read_code; code != SQLITE_OK) return code;
  return methods(file).xRead(real(file), to, bytes, offset);
}
int write_file(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 offset) {
  if (const int code = faulty(file).faults->write_code; code != SQLITE_OK) return code;
  if (DiskWatcher* const watcher = faulty(file).watcher()) {
    const std::string_view written(static_cast<const char*>(from), static_cast<std::size_t>(bytes));
    const int code =
        watcher->on_write(faulty(file).path, written, static_cast<std::size_t>(offset));
    if (code != SQLITE_OK) return code;
  }
  return methods(file).xWrite(real(file), from, bytes, offset);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 bytes) {
  if (const int code = faulty(file).faults->write_code; code != SQLITE_OK) return code;
  if (DiskWatcher* const watcher = faulty(file).watcher()) {
    const int code = watcher->on_truncate(faulty(file).path, static_cast<std::size_t>(bytes));
    if (code != SQLITE_OK) return code;
  }
  return methods(file).xTruncate(real(file), bytes);
}
int sync_file(sqlite3_file* file, int flags) {
  if (const int code = faulty(file).faults->sync_code; code != SQLITE_OK) return code;
  if (faulty(file).is_log) ++faulty(file).faults->log_syncs;
  // Where somebody plays the disk, the real one need not be waited for.
  if (DiskWatcher* const watcher = faulty(file).watcher()) {
    return watcher->on_synced(faulty(file).path);
  }
  return methods(file).xSync(real(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* bytes) {
  return methods(file).xFileSize(real(file), bytes);
}
int lock_file(sqlite3_file* file, int level) { return methods(file).xLock(real(file), level); }
int unlock_file(sqlite3_file* file, int level) { return methods(file).xUnlock(real(file), level); }
int check_reserved_lock(sqlite3_file* file, int* is_locked) {
  return methods(file).xCheckReservedLock(real(file), is_locked);
}
int file_control(sqlite3_file* file, int operation, void* argument) {
  return methods(file).xFileControl(real(file), operation, argument);
}
int sector_size(sqlite3_file* file) { return methods(file).xSectorSize(real(file)); }
int device_characteristics(sqlite3_file* file) {
  return methods(file).xDeviceCharacteristics(real(file));
}
int shared_memory_map(sqlite3_file* file, int region, int bytes, int extend, void volatile** at) {
  return methods(file).xShmMap(real(file), region, bytes, extend, at);
}
int shared_memory_lock(sqlite3_file* file, int offset, int count, int flags) {
  return methods(file).xShmLock(real(file), offset, count, flags);
}
void shared_memory_barrier(sqlite3_file* file) { methods(file).xShmBarrier(real(file)); }
int shared_memory_unmap(sqlite3_file* file, int remove) {
  return methods(file).xShmUnmap(real(file), remove);
}

constexpr sqlite3_io_methods make_methods(int version) {
  return {
      .iVersion = version,
      .xClose = close_file,
      .xRead = read_file,
      .xWrite = write_file,
      .xTruncate = truncate_file,
      .xSync = sync_file,
      .xFileSize = file_size,
      .xLock = lock_file,
      .xUnlock = unlock_file,
      .xCheckReservedLock = check_reserved_lock,
      .xFileControl = file_control,
      .xSectorSize = sector_size,
      .xDeviceCharacteristics = device_characteristics,
      .xShmMap = shared_memory_map,
      .xShmLock = shared_memory_lock,
      .xShmBarrier = shared_memory_barrier,
      .xShmUnmap = shared_memory_unmap,
  };
}
// Version 1 of the interface has no shared memory; version 3 would add memory-mapped reads.
constexpr sqlite3_io_methods without_shared_memory = make_methods(1);
constexpr sqlite3_io_methods with_shared_memory = make_methods(2);

sqlite3_vfs* real_vfs() { return sqlite3_vfs_find("unix"); }

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  auto& faults = *static_cast<FaultyVfs*>(vfs->pAppData);
  auto* opened = new (file) FaultyFile{{nullptr}, &faults, (flags & SQLITE_OPEN_WAL) != 0, name};
  if (faults.open_code != SQLITE_OK) return faults.open_code;
  if (DiskWatcher* const watcher = opened->watcher()) {
    if (const int code = watcher->on_open(name); code != SQLITE_OK) return code;
  }
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) ++faults.opens;
  const int code = real_vfs()->xOpen(real_vfs(), name, real(file), flags, flags_out);
  if (real(file)->pMethods != nullptr) {
    opened->pMethods = faults.lacks_shared_memory ? &without_shared_memory : &with_shared_memory;
  }
  return code;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  if (DiskWatcher* const watcher = static_cast<FaultyVfs*>(vfs->pAppData)->watcher) {
    if (const int code = watcher->on_delete(name); code != SQLITE_OK) return code;
  }
  return real_vfs()->xDelete(real_vfs(), name, sync_directory);
}
int access_file(sqlite3_vfs* /*vfs*/, const char* name, int flags, int* result) {
  return real_vfs()->xAccess(real_vfs(), name, flags, result);
}
int full_path_name(sqlite3_vfs* /*vfs*/, const char* name, int bytes, char* out) {
  return real_vfs()->xFullPathname(real_vfs(), name, bytes, out);
}

}  // namespace

FaultyVfs::FaultyVfs() : name_("faulty"), vfs_(*real_vfs()) {
  vfs_.szOsFile = static_cast<int>(sizeof(FaultyFile)) + real_vfs()->szOsFile;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.pNext = nullptr;
  vfs_.xOpen = open_file;
  vfs_.xDelete = delete_file;
  vfs_.xAccess = access_file;
  vfs_.xFullPathname = full_path_name;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultyVfs::~FaultyVfs() { sqlite3_vfs_unregister(&vfs_); }

}  // namespace imcd::db
